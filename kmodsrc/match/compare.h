/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compare.h - one comparison of a span with the code at one address
 *
 *	ksplice_compare_init(&c, m, span, addr);
 *	if (ksplice_compare_text(&c))
 *		... c.size, m->vals has its candidates ...
 *
 * The fast way takes it that both have everything at the same offset.  Where
 * that fails, arch's walk.c goes through both instruction by instruction.
 */
#ifndef KSPLICE_COMPARE_H
#define KSPLICE_COMPARE_H

#include "match/match.h"

/* A jump inside the span, to be checked when all offsets are known. */
struct ksplice_jump {
	u32 pre_from;			/* of the instruction */
	u32 pre_to;			/* span offset */
	s64 run_to;			/* offset from the running body */
};

struct ksplice_compare {
	struct ksplice_match *m;
	u32 span_index;
	const struct ksplice_span *span;
	unsigned long addr;		/* of the running body */
	const u8 *run;			/* copy of it */
	u32 run_len;			/* bytes that were copied */
	unsigned int nops;		/* > 0: nops of any encoding will do */
	unsigned int depth;		/* of anonymous data in such data */
	unsigned int n_inner_contents;	/* looked at there */

	/* Used by walk.c: where each instruction of pre is in run. */
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

/* Both leave candidates in m->vals, whether it matched or not. */
bool ksplice_compare_text(struct ksplice_compare *c);
bool ksplice_compare_rodata(struct ksplice_compare *c);

/*
 * Compare bytes [from, to) of a span (the one compared, or a replacement that
 * may have been copied into it) with what is at run_off of the running body.
 */
bool ksplice_compare_range(struct ksplice_compare *c,
			   const struct ksplice_span *span, u32 from, u32 to,
			   u32 run_off, enum ksplice_range_sites sites);

#endif
