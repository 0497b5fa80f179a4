// SPDX-License-Identifier: GPL-2.0-only
/*
 * exports.c - export tables
 *
 * An entry holds distances of 32 bits, from each field to what it means.  The
 * tables of vmlinux are found by the linker's names for them, once, when the
 * core is loaded; __symbol_get() would refuse symbols that are not exported to
 * GPL modules only.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bsearch.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>
#include "kernel/compat.h"
#include "kernel/exports.h"

static int compare_name(const void *name, const void *entry)
{
	const struct ksplice_export *symbol = entry;

	return strcmp(name, offset_to_ptr(&symbol->name));
}

const struct ksplice_export *ksplice_export_find(const void *table,
						 unsigned int n,
						 const char *name)
{
	if (!table)
		return NULL;
	return bsearch(name, table, n, sizeof(struct ksplice_export),
		       compare_name);
}

unsigned long ksplice_export_addr(const struct ksplice_export *entry)
{
	return (unsigned long)offset_to_ptr(&entry->value);
}

static struct {
	const char *start_name, *stop_name;
	const struct ksplice_export *start, *stop;
} vmlinux_tables[] = {
	{ "__start___ksymtab", "__stop___ksymtab" },
	{ "__start___ksymtab_gpl", "__stop___ksymtab_gpl" },
};

static const struct ksplice_export *find_in_vmlinux(const char *name)
{
	const struct ksplice_export *found;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vmlinux_tables); i++) {
		typeof(vmlinux_tables[0]) *table = &vmlinux_tables[i];

		if (!table->start || table->stop <= table->start)
			continue;
		found = ksplice_export_find(table->start,
					    table->stop - table->start, name);
		if (found)
			return found;
	}
	return NULL;
}

const struct ksplice_export *ksplice_export_gpl(const struct module *module,
						unsigned int *n)
{
#ifdef KSPLICE_HAS_GPL_SYMS
	*n = module->num_gpl_syms;
	return (const void *)module->gpl_syms;
#else
	*n = module->num_syms;
	return (const void *)module->syms;
#endif
}

static const struct ksplice_export *find_in_module(const struct module *module,
						   const char *name)
{
	const struct ksplice_export *found, *table;
	unsigned int n;

	found = ksplice_export_find(module->syms, module->num_syms, name);
	if (found)
		return found;
	table = ksplice_export_gpl(module, &n);
	return ksplice_export_find(table, n, name);
}

bool ksplice_exports_init(const char *name, unsigned long value)
{
	const struct ksplice_export *own = find_in_module(THIS_MODULE, name);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vmlinux_tables); i++) {
		typeof(vmlinux_tables[0]) *table = &vmlinux_tables[i];

		table->start = (void *)
			ksplice_call(kallsyms_lookup_name)(table->start_name);
		table->stop = (void *)
			ksplice_call(kallsyms_lookup_name)(table->stop_name);
	}
	return own && ksplice_export_addr(own) == value;
}

bool ksplice_export_value(const char *name, const struct module *target,
			  unsigned long *value)
{
	const struct ksplice_export *found = find_in_vmlinux(name);
	const struct ksplice_module_use *use;

	if (!found && target) {
		found = find_in_module(target, name);
		/* The list changes only while the target is being loaded. */
		list_for_each_entry(use, &target->target_list, target_list) {
			if (found)
				break;
			found = find_in_module(use->target, name);
		}
	}
	if (found)
		*value = ksplice_export_addr(found);
	return found;
}

bool ksplice_export_distance(const struct ksplice_export *entry,
			     unsigned long value, s32 *distance)
{
	s64 d = value - (unsigned long)&entry->value;

	*distance = d;
	return *distance == d;
}
