/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dwarf-open.h - the debug information of an object, relocated
 */
#ifndef OBJMANIP_READ_DWARF_OPEN_H
#define OBJMANIP_READ_DWARF_OPEN_H

#include "model/object.h"

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

/* NULL if it has none.  *module, if wanted, knows where sections were put. */
Dwarf *dwarf_open_for(const struct object *object, Dwfl_Module **module);

/* The directory that the object was compiled in, or "" */
const char *dwarf_compile_dir(Dwarf *dwarf);

/* The file's name without that directory, if it begins so, and "./" */
const char *dwarf_plain_name(const char *file, const char *dir);

/* "cannot read the debug information of ..." */
void dwarf_die_for(const struct object *object, const char *error)
	__attribute__((noreturn));

#endif
