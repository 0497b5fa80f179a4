/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compare.h - one comparison of a span with the code at one address
 *
 *	ksplice_compare_init(&c, m, span, addr);
 *	if (ksplice_compare_span(&c))
 *		... c.size, m->vals has its candidates ...
 */
#ifndef KSPLICE_COMPARE_H
#define KSPLICE_COMPARE_H

#include "compare/state.h"

struct ksplice_compare {
	struct ksplice_match *m;
	u32 span_index;
	const struct ksplice_span *span;
	unsigned long addr;		/* of the running body */
	const u8 *run;			/* copy of it */
	u32 run_len;			/* bytes that were copied */
	unsigned int in_alternative;	/* > 0: in the original of one */
	unsigned int depth;		/* of anonymous data in such data */
	unsigned int n_inner_contents;	/* looked at there */

	/* Used by the walk: where each instruction of pre is in run. */
	bool walking;
	u32 *map;			/* by offset in pre; or KSPLICE_NONE */
	struct ksplice_jump *jumps;
	u32 n_jumps, max_jumps;

	/* When it matched. */
	u32 size;			/* bytes in the running code */

	/* When it did not: where the first difference is. */
	u32 pre_off, run_off;
	char why[88];			/* if it is not the bytes; or empty */
	unsigned long why_addr;		/* the place that it ends with, or 0 */
};

void ksplice_compare_init(struct ksplice_compare *c, struct ksplice_match *m,
			  u32 span, unsigned long addr);

/*
 * Set why, and the place that is named at its end if it is ever shown: most of
 * what is tried and fails is not.
 */
__printf(3, 4)
void ksplice_compare_why(struct ksplice_compare *c, unsigned long addr,
			 const char *fmt, ...);

#endif
