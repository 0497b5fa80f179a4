/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exports.h - export tables
 */
#ifndef KSPLICE_EXPORTS_H
#define KSPLICE_EXPORTS_H

#include <linux/export.h>
#include <linux/types.h>

struct module;

/* When the core is loaded. */
void ksplice_exports_init(void);

/* The entry of a symbol in a table, which the linker has sorted; or NULL. */
const struct kernel_symbol *
ksplice_export_find(const struct kernel_symbol *table, unsigned int n,
		    const char *name);

/*
 * The value that the loader gives a module that refers to an exported symbol:
 * from vmlinux, from the module target (if not NULL) or one that it uses.
 * Return: whether there is such a symbol.
 */
bool ksplice_export_value(const char *name, const struct module *target,
			  unsigned long *value);

/*
 * The distance that an entry holds for a value; a per-cpu offset wraps around.
 * Return: false if 32 bits are too few.
 */
bool ksplice_export_distance(const struct kernel_symbol *entry,
			     unsigned long value, s32 *distance);

#endif
