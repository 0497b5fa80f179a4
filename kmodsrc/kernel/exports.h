/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exports.h - export tables
 *
 * The kernel's struct kernel_symbol is private to its loader in later versions
 * (6.12), so the entries are described here.  The core verifies this with
 * its own table when it is loaded.
 */
#ifndef KSPLICE_EXPORTS_H
#define KSPLICE_EXPORTS_H

#include <linux/types.h>

struct module;

/* An entry: the distance from each of its fields to what that means */
struct ksplice_export {
	int value, name, namespace;
};

/*
 * When the core is loaded, with the name and value of a symbol that it exports.
 * Return: false if the entries are not as described.
 */
bool ksplice_exports_init(const char *name, unsigned long value);

/* The table of a module with what it exports to GPL modules, and its length */
const struct ksplice_export *ksplice_export_gpl(const struct module *module,
						unsigned int *n);

/* The entry of a symbol in a table, which the linker has sorted; or NULL. */
const struct ksplice_export *ksplice_export_find(const void *table,
						 unsigned int n,
						 const char *name);

/* The value that an entry holds */
unsigned long ksplice_export_addr(const struct ksplice_export *entry);

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
bool ksplice_export_distance(const struct ksplice_export *entry,
			     unsigned long value, s32 *distance);

#endif
