/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ranges.h - the pieces of code that no task may be in
 *
 * Calling sequence: zero it, _add for each piece, _seal, then _find; _release
 * in any case.
 */
#ifndef KSPLICE_RANGES_H
#define KSPLICE_RANGES_H

#include <linux/types.h>

struct ksplice_range {
	unsigned long start;		/* first byte */
	unsigned long end;		/* first byte after it */
	const char *name;		/* or NULL: kallsyms knows */
	unsigned long body;		/* of name: what offsets count from */
	bool is_inner;			/* see ksplice_ranges_add_inner() */
};

struct ksplice_ranges {
	struct ksplice_range *list;	/* sorted when sealed */
	unsigned int n;
	unsigned int max;
	bool is_short;			/* there was no memory for one */
	/*
	 * Over all of them.  The highest address is not kept: the task that
	 * stops the machine has this on its stack, which is checked, and it
	 * would look like a return address in the last of them.
	 */
	unsigned long lowest, size;
};

/* What an address is decides where in a range it counts. */
enum ksplice_addr_kind {
	KSPLICE_RETURN_ADDRESS,
	KSPLICE_INSTRUCTION,		/* interrupted, or a pointer to it */
};

void ksplice_ranges_release(struct ksplice_ranges *ranges);

/*
 * Code that no task may be in: a return address in (start, end], since a call
 * can be the last instruction, of a function that does not return; an
 * instruction in [start, end).  May sleep.
 */
void ksplice_ranges_add(struct ksplice_ranges *ranges, unsigned long start,
			unsigned long size, const char *name);

/*
 * Code that is overwritten by one instruction, in the function name at body:
 * no task may return to the middle of it.  Its first byte is fine: an
 * instruction starts there before and after.
 */
void ksplice_ranges_add_inner(struct ksplice_ranges *ranges,
			      unsigned long start, unsigned long size,
			      unsigned long body, const char *name);

/*
 * All have been added; they do not overlap, unless they are the same.
 * Return: 0 or -ENOMEM, also for adding.
 */
int ksplice_ranges_seal(struct ksplice_ranges *ranges);

/* Any context.  Return: false if it is in none of them. */
static inline bool ksplice_ranges_may_have(const struct ksplice_ranges *ranges,
					   unsigned long addr)
{
	return addr - ranges->lowest <= ranges->size;
}

/* Any context.  Return: the range that addr is in, or NULL. */
const struct ksplice_range *
ksplice_ranges_find(const struct ksplice_ranges *ranges, unsigned long addr,
		    enum ksplice_addr_kind kind);

#endif
