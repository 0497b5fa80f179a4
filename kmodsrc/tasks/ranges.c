// SPDX-License-Identifier: GPL-2.0-only
/*
 * ranges.c - the pieces of code that no task may be in
 *
 * Each word of many stacks is looked up, so an address outside of all of them
 * is recognized by two comparisons, and the rest by bisection.
 */
#include <linux/mm.h>
#include <linux/sort.h>
#include "tasks/ranges.h"

void ksplice_ranges_release(struct ksplice_ranges *ranges)
{
	kvfree(ranges->list);
}

static int grow(struct ksplice_ranges *ranges)
{
	unsigned int max = max(2 * ranges->max, 16U);
	struct ksplice_range *list;

	list = kvcalloc(max, sizeof(*list), GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	if (ranges->n)
		memcpy(list, ranges->list, ranges->n * sizeof(*list));
	kvfree(ranges->list);
	ranges->list = list;
	ranges->max = max;
	return 0;
}

static void add(struct ksplice_ranges *ranges, struct ksplice_range range)
{
	if (ranges->n == ranges->max && grow(ranges)) {
		ranges->is_short = true;
		return;
	}
	ranges->list[ranges->n++] = range;
}

void ksplice_ranges_add(struct ksplice_ranges *ranges, unsigned long start,
			unsigned long size, const char *name)
{
	add(ranges, (struct ksplice_range) {
		.start = start,
		.end = start + size,
		.name = name,
		.body = start,
	});
}

void ksplice_ranges_add_inner(struct ksplice_ranges *ranges,
			      unsigned long start, unsigned long size,
			      unsigned long body, const char *name)
{
	add(ranges, (struct ksplice_range) {
		.start = start,
		.end = start + size,
		.name = name,
		.body = body,
		.is_inner = true,
	});
}

static int compare_starts(const void *a, const void *b)
{
	unsigned long left = ((const struct ksplice_range *)a)->start;
	unsigned long right = ((const struct ksplice_range *)b)->start;

	return left < right ? -1 : left > right;
}

/* Several updates may know an old body.  The list is sorted. */
static void drop_doubles(struct ksplice_ranges *ranges)
{
	const struct ksplice_range *range, *last;
	unsigned int i, n = 0;

	for (i = 0; i < ranges->n; i++) {
		range = &ranges->list[i];
		last = n ? &ranges->list[n - 1] : NULL;
		if (!last || last->start != range->start ||
		    last->end != range->end ||
		    last->is_inner != range->is_inner)
			ranges->list[n++] = *range;
	}
	ranges->n = n;
}

int ksplice_ranges_seal(struct ksplice_ranges *ranges)
{
	unsigned long highest = 0;
	unsigned int i;

	if (ranges->is_short)
		return -ENOMEM;
	sort(ranges->list, ranges->n, sizeof(*ranges->list), compare_starts,
	     NULL);
	drop_doubles(ranges);
	ranges->lowest = ULONG_MAX;
	for (i = 0; i < ranges->n; i++) {
		ranges->lowest = min(ranges->lowest, ranges->list[i].start);
		highest = max(highest, ranges->list[i].end);
	}
	ranges->size = highest - ranges->lowest;
	return 0;
}

static bool range_has(const struct ksplice_range *range, unsigned long addr,
		      enum ksplice_addr_kind kind)
{
	if (range->is_inner)
		return addr > range->start && addr < range->end;
	if (kind == KSPLICE_RETURN_ADDRESS)
		return addr > range->start && addr <= range->end;
	return addr >= range->start && addr < range->end;
}

const struct ksplice_range *
ksplice_ranges_find(const struct ksplice_ranges *ranges, unsigned long addr,
		    enum ksplice_addr_kind kind)
{
	unsigned int low = 0, high = ranges->n, middle;

	if (!ksplice_ranges_may_have(ranges, addr))
		return NULL;
	/* Find the last one that starts at addr or before. */
	while (low < high) {
		middle = low + (high - low) / 2;
		if (ranges->list[middle].start <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low && range_has(&ranges->list[low - 1], addr, kind))
		return &ranges->list[low - 1];
	/* The end of one may be the start of the next. */
	if (low > 1 && range_has(&ranges->list[low - 2], addr, kind))
		return &ranges->list[low - 2];
	return NULL;
}
