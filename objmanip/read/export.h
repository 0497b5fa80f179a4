/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * export.h - the symbols that an object exports to modules
 *
 * EXPORT_SYMBOL() makes a section for each of them, "___ksymtab+NAME" or
 * "___ksymtab_gpl+NAME"; the namespace is a string with the symbol
 * "__kstrtabns_NAME".  load.c splits the ".export_symbol" of newer kernels into
 * the same, with the namespace in the section itself.
 */
#ifndef OBJMANIP_READ_EXPORT_H
#define OBJMANIP_READ_EXPORT_H

#include "model/object.h"

/* The exported name; NULL if that is no section of an export. */
const char *export_name(const struct section *section);

bool export_is_gpl(const struct section *section);

/* Of the export that this is the section of; NULL: none. */
const char *export_namespace(const struct section *section);

/* The section that exports the name, or NULL */
struct section *export_find(struct object *object, const char *name);

/* What is exported: its symbol, or NULL if the object only refers to it */
struct symbol *export_symbol(const struct section *section);

#endif
