// SPDX-License-Identifier: GPL-2.0-only
/*
 * ranges.c - the pieces of code that no thread may be in
 *
 * They are asked for each word of many stacks, so what is outside of all of
 * them is told by two comparisons, and the rest by bisection.
 */
#include <linux/mm.h>
#include <linux/sort.h>
#include "ranges.h"

int ksplice_ranges_init(struct ksplice_ranges *ranges, unsigned int max)
{
	memset(ranges, 0, sizeof(*ranges));
	ranges->lowest = ULONG_MAX;
	ranges->max = max;
	ranges->list = kvcalloc(max, sizeof(*ranges->list), GFP_KERNEL);
	return ranges->list ? 0 : -ENOMEM;
}

void ksplice_ranges_release(struct ksplice_ranges *ranges)
{
	kvfree(ranges->list);
}

static void add(struct ksplice_ranges *ranges, struct ksplice_range range)
{
	if (WARN_ON_ONCE(ranges->n >= ranges->max))
		return;
	ranges->list[ranges->n++] = range;
	ranges->lowest = min(ranges->lowest, range.start);
	ranges->highest = max(ranges->highest, range.end);
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

void ksplice_ranges_seal(struct ksplice_ranges *ranges)
{
	sort(ranges->list, ranges->n, sizeof(*ranges->list), compare_starts,
	     NULL);
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

	if (addr < ranges->lowest || addr > ranges->highest)
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
