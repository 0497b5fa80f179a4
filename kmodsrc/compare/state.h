/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * state.h - the state of matching one change
 *
 * Shared by search.c, which decides what is compared when, and by span.c and
 * what it calls, which compares.  It lives as long as one call of
 * __ksplice_match_change(), which holds ksplice_mutex.
 */
#ifndef KSPLICE_STATE_H
#define KSPLICE_STATE_H

#include "arch/sites.h"
#include "compare/labelval.h"
#include "compare/pre.h"
#include "compare/symbols.h"
#include "model/update.h"

/* Bytes of the running code that may be longer than pre's (alignment). */
#define KSPLICE_RUN_SLACK	128

enum ksplice_span_state {
	KSPLICE_SPAN_WAITING,		/* for a candidate, or for only one */
	KSPLICE_SPAN_MATCHED,
	KSPLICE_SPAN_FAILED,		/* no candidate is left */
};

/* From this offset in pre on, the running code is at pre + shift. */
struct ksplice_shift {
	u32 pre;
	s32 shift;
};

/* The candidate that matched longest, for the message. */
struct ksplice_difference {
	unsigned long addr;		/* of the candidate; 0: none yet */
	u32 pre_off, run_off;
	u8 pre_len, run_len;		/* bytes of the instructions below */
	u8 pre[16], run[16];
	char why[88];			/* not of the bytes; or empty */
	unsigned long why_addr;		/* the place that it ends with, or 0 */
};

struct ksplice_run_span {
	enum ksplice_span_state state;
	bool is_ambiguous;		/* had several candidates */
	u32 tried_at;			/* vals.n_learnt when last compared */
	unsigned int n_matches;		/* candidates that matched then */
	unsigned long addr;		/* original entry */
	unsigned long body;		/* what was compared */
	u32 size;			/* bytes at body */
	u32 n_shifts;			/* 0: the same offsets as in pre */
	struct ksplice_shift *shifts;
	struct ksplice_difference *difference;	/* or NULL */
};

/* A jump inside the span, to be checked when all offsets are known. */
struct ksplice_jump {
	u32 pre_from;			/* of the instruction */
	u32 pre_to;			/* span offset */
	s64 run_to;			/* offset from the running body */
};

struct ksplice_match {
	struct ksplice_change *change;
	struct ksplice_pre pre;
	struct ksplice_labelvals vals;
	struct ksplice_symbols symbols;
	struct ksplice_site_env env;
	struct ksplice_run_span *spans;	/* by index of the pre image */
	u32 *queue;			/* spans whose value has been learnt */
	u32 n_queue;
	u32 *parts;			/* the same of parts of functions */
	u32 n_parts;
	u8 *run;			/* room for the longest span + slack */
	u32 *map;			/* see struct ksplice_compare */
	struct ksplice_jump *jumps;
	u32 max_jumps;
};

/*
 * change and pre are set.  May sleep.  Return: 0 or -ENOMEM; release it in any
 * case.
 */
int ksplice_match_init(struct ksplice_match *m);
void ksplice_match_release(struct ksplice_match *m);

static inline bool
ksplice_span_is_text(const struct ksplice_match *m, u32 span)
{
	return m->pre.spans[span].kind == KSPLICE_SPAN_TEXT &&
	       !(m->pre.labels[m->pre.spans[span].label].flags &
		 KSPLICE_LABEL_IGNORED);
}

static inline bool
ksplice_span_is_rodata(const struct ksplice_match *m, u32 span)
{
	return m->pre.spans[span].kind == KSPLICE_SPAN_RODATA &&
	       !(m->pre.labels[m->pre.spans[span].label].flags &
		 KSPLICE_LABEL_IGNORED);
}

/* What is not, is data that is only referred to, or part of another span. */
static inline bool
ksplice_span_is_compared(const struct ksplice_match *m, u32 span)
{
	return ksplice_span_is_text(m, span) || ksplice_span_is_rodata(m, span);
}

static inline bool
ksplice_span_is_part(const struct ksplice_match *m, u32 span)
{
	return m->pre.spans[span].parent != KSPLICE_NONE;
}

static inline bool
ksplice_span_is_needed(const struct ksplice_match *m, u32 span)
{
	return ksplice_span_is_compared(m, span) &&
	       m->pre.spans[span].flags &
	       (KSPLICE_SPAN_REPLACED | KSPLICE_SPAN_PART);
}

/* Data, also writable data, of which nothing is compared. */
static inline bool
ksplice_span_is_overwritten(const struct ksplice_match *m, u32 span)
{
	return m->pre.spans[span].flags & KSPLICE_SPAN_REPLACED &&
	       m->pre.spans[span].kind != KSPLICE_SPAN_TEXT;
}

/*
 * Is the span of a weak symbol?  Another unit may have a better one, of this
 * image or not; then the symbol's value is that one's.
 */
bool ksplice_is_weak(const struct ksplice_match *m, u32 span);

/* Where the offset of a matched span is in the running code. */
u32 ksplice_run_offset(const struct ksplice_run_span *span, u32 pre_off);

#endif
