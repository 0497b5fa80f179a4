// SPDX-License-Identifier: GPL-2.0-only
/*
 * neighbours.c - which of several equal functions is the unit's own
 *
 * A static function of a header has a body in many units, and where nothing
 * else that was compared refers to it, they cannot be told apart.  The name of
 * a weak function is that of another unit's where that one has a better one,
 * and the two may be equal.  But the linker lays the .text of an object out in
 * one piece, in the order that the compiler gave it:
 *
 *	1. What is between two functions of a unit is of that unit.
 *	2. If the functions that matched lie in the order of pre, the one that
 *	   follows another in pre begins where that one ends.
 *
 * That does not hold for other sections, which may be sorted, nor if the whole
 * kernel was compiled at once.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/string.h>
#include "arch.h"
#include "compare/pre.h"
#include "match/neighbours.h"

/* With a section for each function, what would be in .text is in .text.NAME */
static bool is_plain_text(const struct ksplice_match *m, u32 span)
{
	static const char text[] = ".text.";
	const char *section = m->pre.strings + m->pre.spans[span].section;

	return !strncmp(section, text, sizeof(text) - 1) &&
	       !strcmp(section + sizeof(text) - 1,
		       ksplice_span_title(&m->pre, span));
}

static bool has_matched(const struct ksplice_match *m, u32 span)
{
	return m->spans[span].state == KSPLICE_SPAN_MATCHED &&
	       m->pre.spans[span].kind == KSPLICE_SPAN_TEXT &&
	       is_plain_text(m, span);
}

/* The lowest and highest function of the unit, in [first, last). */
static void find_range(const struct ksplice_match *m, u32 first, u32 last,
		       unsigned long *low, unsigned long *high)
{
	u32 i;

	*low = ULONG_MAX;
	*high = 0;
	for (i = first; i < last; i++) {
		if (!has_matched(m, i))
			continue;
		*low = min(*low, m->spans[i].addr);
		*high = max(*high, m->spans[i].addr);
	}
}

/* Do the functions of [first, last) that matched lie in this order? */
static bool is_in_order(const struct ksplice_match *m, u32 first, u32 last)
{
	unsigned long end = 0;
	u32 i;

	for (i = first; i < last; i++) {
		if (!has_matched(m, i))
			continue;
		if (m->spans[i].addr < end)
			return false;
		end = m->spans[i].addr + 1;
	}
	return true;
}

/* The function before or after the span in its unit, if it has matched. */
static bool find_next(const struct ksplice_match *m, u32 span, u32 first,
		      u32 last, int step, u32 *next)
{
	u32 i = span;

	while (i != (step < 0 ? first : last - 1)) {
		i += step;
		if (m->pre.spans[i].kind != KSPLICE_SPAN_TEXT ||
		    !is_plain_text(m, i))
			continue;
		*next = i;
		/* A body that was replaced lies elsewhere. */
		return has_matched(m, i) &&
		       m->spans[i].addr == m->spans[i].body;
	}
	return false;
}

/* Can a function be at addr if one ends at end? */
static bool follows(unsigned long addr, unsigned long end, u32 align)
{
	return addr == ALIGN(end, align) ||
	       addr == ALIGN(end, align) + KSPLICE_FUNCTION_PADDING;
}

/* Does the candidate begin where the one before it ends, or end likewise? */
static bool is_adjacent(const struct ksplice_match *m, u32 span, u32 first,
			u32 last, unsigned long addr)
{
	u32 align = m->pre.spans[span].align ?: 1;
	unsigned long end;
	u32 next;

	if (find_next(m, span, first, last, -1, &next)) {
		end = m->spans[next].addr + m->spans[next].size;
		if (follows(addr, end, align))
			return true;
	}
	if (find_next(m, span, first, last, 1, &next)) {
		align = m->pre.spans[next].align ?: 1;
		end = addr + m->pre.spans[span].size;
		if (follows(m->spans[next].addr, end, align))
			return true;
	}
	return false;
}

/* The spans [first, last) of the unit that the span is in. */
static void find_unit(const struct ksplice_match *m, u32 span, u32 *first,
		      u32 *last)
{
	u32 unit = 0;

	while (unit + 1 < m->pre.n_units &&
	       m->pre.units[unit + 1].first_span <= span)
		unit++;
	*first = m->pre.units[unit].first_span;
	*last = *first + m->pre.units[unit].n_spans;
}

bool ksplice_neighbours_tell(const struct ksplice_match *m, u32 span,
			     unsigned long addr)
{
	unsigned long low, high;
	u32 first, last;

	if (IS_ENABLED(CONFIG_LTO) || !is_plain_text(m, span))
		return false;
	find_unit(m, span, &first, &last);
	find_range(m, first, last, &low, &high);
	return (addr > low && addr < high) ||
	       (is_in_order(m, first, last) &&
		is_adjacent(m, span, first, last, addr));
}

bool ksplice_neighbours_find(const struct ksplice_match *m, u32 span,
			     unsigned long *addr)
{
	const struct ksplice_candidate *list = m->symbols.list;
	unsigned int n_between = 0, n_adjacent = 0;
	unsigned long low, high, adjacent = 0;
	bool in_order;
	u32 first, last;
	u32 i;

	if (IS_ENABLED(CONFIG_LTO) || !is_plain_text(m, span))
		return false;
	find_unit(m, span, &first, &last);
	find_range(m, first, last, &low, &high);
	in_order = is_in_order(m, first, last);

	for (i = m->symbols.first[m->pre.spans[span].label];
	     i != KSPLICE_NONE; i = list[i].next) {
		if (list[i].dead)
			continue;
		if (list[i].addr > low && list[i].addr < high) {
			*addr = list[i].addr;
			n_between++;
		}
		if (in_order &&
		    is_adjacent(m, span, first, last, list[i].addr)) {
			adjacent = list[i].addr;
			n_adjacent++;
		}
	}
	if (n_between == 1)
		return !n_adjacent || (n_adjacent == 1 && *addr == adjacent);
	if (n_between || n_adjacent != 1)
		return false;
	*addr = adjacent;
	return true;
}
