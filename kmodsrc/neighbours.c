// SPDX-License-Identifier: GPL-2.0-only
/*
 * neighbours.c - which of several equal functions is the unit's own
 *
 * A static function of a header has a body in many units, and where nothing
 * else that was compared refers to it, they cannot be told apart.  But the
 * linker lays the .text of an object out in one piece, so what is between two
 * functions of a unit is of that unit.  That does not hold for other sections,
 * which may be sorted, nor if the whole kernel was compiled at once.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/string.h>
#include "neighbours.h"

/* With a section for each function, what would be in .text is in .text.NAME */
static bool is_plain_text(const struct ksplice_match *m, u32 span)
{
	static const char text[] = ".text.";
	const char *section = m->pre.strings + m->pre.spans[span].section;

	return !strncmp(section, text, sizeof(text) - 1) &&
	       !strcmp(section + sizeof(text) - 1,
		       ksplice_span_symbol(&m->pre, span));
}

/* The lowest and highest function of the unit, in [first, last). */
static void find_range(const struct ksplice_match *m, u32 first, u32 last,
		       unsigned long *low, unsigned long *high)
{
	u32 i;

	*low = ULONG_MAX;
	*high = 0;
	for (i = first; i < last; i++) {
		const struct ksplice_run_span *run = &m->spans[i];

		if (run->state != KSPLICE_SPAN_MATCHED ||
		    m->pre.spans[i].kind != KSPLICE_SPAN_TEXT ||
		    !is_plain_text(m, i))
			continue;
		*low = min(*low, run->addr);
		*high = max(*high, run->addr);
	}
}

bool ksplice_neighbours_find(const struct ksplice_match *m, u32 span,
			     unsigned long *addr)
{
	const struct ksplice_candidate *list = m->symbols.list;
	unsigned long low, high;
	unsigned int n = 0;
	u32 unit = 0;
	u32 i;

	if (IS_ENABLED(CONFIG_LTO) || !is_plain_text(m, span))
		return false;
	while (unit + 1 < m->pre.n_units &&
	       m->pre.units[unit + 1].first_span <= span)
		unit++;
	find_range(m, m->pre.units[unit].first_span,
		   m->pre.units[unit].first_span + m->pre.units[unit].n_spans,
		   &low, &high);

	for (i = m->symbols.first[m->pre.spans[span].label];
	     i != KSPLICE_NONE; i = list[i].next) {
		if (list[i].dead || list[i].addr <= low ||
		    list[i].addr >= high)
			continue;
		*addr = list[i].addr;
		n++;
	}
	return n == 1;
}
