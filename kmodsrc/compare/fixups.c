// SPDX-License-Identifier: GPL-2.0-only
/*
 * fixups.c - where faults of a span go on
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/extable.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "compare/compare.h"
#include "compare/fixups.h"
#include "compare/refs.h"
#include "kernel/compat.h"

/* struct exception_table_entry: 32 bits each of place, fix-up and the rest */
static bool check_fixup(struct ksplice_compare *c,
			const struct ksplice_site *site, u32 run_off)
{
	const struct exception_table_entry *entry;
	unsigned long to;
	u32 rest;

	c->pre_off = site->offset;
	c->run_off = run_off;
	entry = ksplice_call(search_exception_tables)(c->addr + run_off);
	if (!entry) {
		ksplice_compare_why(c, 0, "a fault there is not caught");
		return false;
	}
	to = (unsigned long)&entry->fixup + entry->fixup;
	memcpy(&rest, (void *)entry + 8, sizeof(rest));
	if ((site->value && site->value != rest) ||
	    !ksplice_ref(c, site->label, to, site->addend)) {
		ksplice_compare_why(c, 0,
				    "a fault there is handled differently");
		return false;
	}
	return true;
}

bool ksplice_fixups_check(struct ksplice_compare *c)
{
	const struct ksplice_pre *pre = &c->m->pre;
	u32 i;

	BUILD_BUG_ON(sizeof(struct exception_table_entry) != 12);
	for (i = c->span->first_site;
	     i < c->span->first_site + c->span->n_sites; i++) {
		const struct ksplice_site *site = &pre->sites[i];
		u32 run_off = site->offset;

		if (site->kind != KSPLICE_SITE_EXTABLE ||
		    site->label == KSPLICE_NONE)
			continue;
		/* Inside of what the kernel rewrites, it stays where it was. */
		if (c->walking && c->map[site->offset] == KSPLICE_NONE)
			continue;
		if (c->walking)
			run_off = c->map[site->offset];
		if (!check_fixup(c, site, run_off))
			return false;
	}
	return true;
}
