// SPDX-License-Identifier: GPL-2.0-only
/*
 * search.c - what is compared with what, and when
 *
 * A flood fill over the spans of a pre image:
 *
 *	1. A span whose label has a learnt value is compared there and nowhere
 *	   else.  If it matches, the values that its references have are
 *	   learnt, and the spans that they are of come next.
 *	2. If there is none, the next span is compared at the address that
 *	   kallsyms has for its name, if it has just one.
 *	3. Spans with several candidates are compared at all of them.  One that
 *	   does not match is never looked at again: values do not change.  If
 *	   just one matches, go on as in 1.  What is learnt may tell others
 *	   apart, so they are tried until nothing is learnt.
 *	4. Of candidates that are equal in all this, the one that lies where
 *	   the functions of its unit are is taken.
 *	5. A weak function is compared only when it lies where the functions of
 *	   its unit do.  What overrides it may be equal to it, but is not what
 *	   was built, and its references are to another unit's statics.
 *
 * Read-only data is compared when its value is known.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>
#include "compare/compare.h"
#include "compare/labelval.h"
#include "compare/pre.h"
#include "compare/run.h"
#include "compare/span.h"
#include "compare/state.h"
#include "compare/symbols.h"
#include "match/difference.h"
#include "match/neighbours.h"
#include "match/search.h"
#include "model/debug.h"

/* In this order spans are looked for by their names. */
#define NAME_RANKS	4

/* Compare at one address; the candidates of the values are left in vals. */
static bool compare_at(struct ksplice_match *m, struct ksplice_compare *c,
		       u32 span, unsigned long addr)
{
	ksplice_compare_init(c, m, span, ksplice_run_body(addr));
	if (ksplice_compare_span(c))
		return true;
	ksplice_labelvals_rollback(&m->vals, 0);
	ksplice_difference_note(m, c);
	return false;
}

/* Returns how many there are; puts them into shifts if that is not NULL. */
static u32 find_shifts(const struct ksplice_compare *c,
		       struct ksplice_shift *shifts)
{
	s32 shift = 0;
	u32 n = 0;
	u32 i;

	for (i = 0; i <= c->span->size; i++) {
		if (c->map[i] == KSPLICE_NONE ||
		    (s32)(c->map[i] - i) == shift)
			continue;
		shift = c->map[i] - i;
		if (shifts)
			shifts[n] = (struct ksplice_shift) { i, shift };
		n++;
	}
	return n;
}

/* Where the offsets in pre and in the running code drift apart. */
static int set_shifts(struct ksplice_run_span *run,
		      const struct ksplice_compare *c)
{
	u32 n = c->walking ? find_shifts(c, NULL) : 0;

	if (!n)
		return 0;
	run->shifts = kvmalloc_array(n, sizeof(*run->shifts), GFP_KERNEL);
	if (!run->shifts)
		return -ENOMEM;
	run->n_shifts = find_shifts(c, run->shifts);
	return 0;
}

/* Values that are going to be learnt tell where these spans are. */
static void queue_spans(struct ksplice_match *m)
{
	u32 i;

	for (i = 0; i < m->vals.n_candidates; i++) {
		u32 label = m->vals.candidates[i];
		u32 span = m->pre.labels[label].span;

		if (span == KSPLICE_NONE || m->pre.spans[span].label != label ||
		    m->spans[span].state != KSPLICE_SPAN_WAITING ||
		    !ksplice_span_is_compared(m, span))
			continue;
		if (ksplice_span_is_part(m, span))
			m->parts[m->n_parts++] = span;
		else
			m->queue[m->n_queue++] = span;
	}
}

static int commit_span(struct ksplice_match *m,
		       const struct ksplice_compare *c, unsigned long addr)
{
	struct ksplice_run_span *run = &m->spans[c->span_index];
	int err;

	err = set_shifts(run, c);
	if (err)
		return err;
	run->state = KSPLICE_SPAN_MATCHED;
	run->addr = addr;
	run->body = c->addr;
	run->size = c->size;
	queue_spans(m);
	ksplice_labelvals_commit(&m->vals);
	if (run->n_shifts)
		ksplice_debug(m->change->update,
			      "%s: %s matches with other offsets",
			      ksplice_span_unit(&m->pre, c->span_index),
			      ksplice_span_title(&m->pre, c->span_index));
	return 0;
}

/*
 * The value is known: it matches there, or it does not match.  A weak one waits
 * for the functions beside it.
 */
static int try_address(struct ksplice_match *m, u32 span, unsigned long addr)
{
	struct ksplice_compare c;

	if (ksplice_is_weak(m, span) && !ksplice_neighbours_tell(m, span, addr))
		return 0;
	if (compare_at(m, &c, span, addr))
		return commit_span(m, &c, addr);
	m->spans[span].state = KSPLICE_SPAN_FAILED;
	return 0;
}

/* Compare at all of several candidates, drop those that do not match. */
static int try_candidates(struct ksplice_match *m, u32 span, u32 label)
{
	struct ksplice_candidate *list = m->symbols.list;
	struct ksplice_compare c;
	unsigned long addr = 0;
	unsigned int n = 0;
	u32 i;

	for (i = m->symbols.first[label]; i != KSPLICE_NONE;
	     i = list[i].next) {
		cond_resched();
		if (list[i].dead)
			continue;
		if (!compare_at(m, &c, span, list[i].addr)) {
			list[i].dead = true;
			continue;
		}
		ksplice_labelvals_rollback(&m->vals, 0);
		addr = list[i].addr;
		n++;
	}
	m->spans[span].n_matches = n;
	if (n == 1)
		return try_address(m, span, addr);
	if (!n)
		m->spans[span].state = KSPLICE_SPAN_FAILED;
	return 0;
}

/*
 * Try all spans whose values have been learnt, and those that are learnt from
 * them.  The parts of functions come after them: their jumps back need the
 * offsets.
 */
static int try_queue(struct ksplice_match *m)
{
	unsigned long addr;
	u32 span;
	int err = 0;

	while (!err && (m->n_queue || m->n_parts)) {
		cond_resched();
		if (m->n_queue)
			span = m->queue[--m->n_queue];
		else
			span = m->parts[--m->n_parts];
		if (m->spans[span].state != KSPLICE_SPAN_WAITING ||
		    (ksplice_span_is_part(m, span) &&
		     m->spans[m->pre.spans[span].parent].state ==
		     KSPLICE_SPAN_WAITING))
			continue;
		if (ksplice_labelval_get(&m->vals, m->pre.spans[span].label,
					 &addr))
			err = try_address(m, span, addr);
	}
	return err;
}

/* Where its name says, if there is just one. */
static int try_name(struct ksplice_match *m, u32 span)
{
	struct ksplice_run_span *run = &m->spans[span];
	u32 label = m->pre.spans[span].label;
	unsigned long addr;
	unsigned int n;

	if (run->state != KSPLICE_SPAN_WAITING)
		return 0;
	if (ksplice_labelval_get(&m->vals, label, &addr))
		return try_address(m, span, addr);
	n = ksplice_symbols_alive(&m->symbols, label, &addr);
	if (n == 1)
		return try_address(m, span, addr);
	run->is_ambiguous = n && (ksplice_span_is_text(m, span) ||
				  ksplice_span_is_needed(m, span));
	return 0;
}

/* Exports are quickly found, and lead to many of the others. */
static unsigned int name_rank(const struct ksplice_match *m, u32 span)
{
	if (!ksplice_span_is_text(m, span))
		return ksplice_span_is_rodata(m, span) ? 2 : NAME_RANKS;
	if (ksplice_span_is_part(m, span))
		return 3;
	return !(m->pre.labels[m->pre.spans[span].label].flags &
		 KSPLICE_LABEL_EXPORTED);
}

static int try_names(struct ksplice_match *m)
{
	unsigned int rank;
	u32 i;
	int err = 0;

	for (rank = 0; rank < NAME_RANKS; rank++) {
		for (i = 0; i < m->pre.n_spans && !err; i++) {
			if (name_rank(m, i) != rank)
				continue;
			cond_resched();
			err = try_name(m, i);
			if (!err)
				err = try_queue(m);
		}
	}
	return err;
}

/* Has a value been learnt since that these refer to? */
static bool relocs_have_news(const struct ksplice_match *m,
			     const struct ksplice_span *span, u32 since)
{
	u32 i;

	for (i = 0; i < span->n_relocs; i++) {
		u32 label = m->pre.relocs[span->first_reloc + i].label;

		/* What it refers to in turn is not looked at. */
		if (m->pre.labels[label].flags & KSPLICE_LABEL_CONTENT) {
			if (m->pre.spans[m->pre.labels[label].span].n_relocs)
				return true;
			continue;
		}
		label = ksplice_main_label(&m->pre, label);
		if (m->vals.vals[label].state == KSPLICE_VALUE_LEARNT &&
		    m->vals.vals[label].learnt_at > since)
			return true;
	}
	return false;
}

static bool has_news(const struct ksplice_match *m, u32 span)
{
	u32 since = m->spans[span].tried_at;
	const struct ksplice_span *s = &m->pre.spans[span];
	u32 i;

	if (!m->spans[span].n_matches || since == m->vals.n_learnt)
		return !m->spans[span].n_matches;
	if (relocs_have_news(m, s, since))
		return true;
	for (i = s->first_site; i < s->first_site + s->n_sites; i++) {
		/* They refer to keys and to replacements. */
		if (m->pre.sites[i].label != KSPLICE_NONE ||
		    m->pre.sites[i].span != KSPLICE_NONE)
			return true;
	}
	return false;
}

/* What has been learnt may tell candidates apart that are equal else. */
static int try_ambiguous(struct ksplice_match *m)
{
	u32 i;
	int err = 0;

	for (i = 0; i < m->pre.n_spans && !err; i++) {
		struct ksplice_run_span *run = &m->spans[i];

		cond_resched();
		if (!run->is_ambiguous || run->state != KSPLICE_SPAN_WAITING ||
		    !has_news(m, i))
			continue;
		run->tried_at = m->vals.n_learnt;
		err = try_candidates(m, i, m->pre.spans[i].label);
		if (!err)
			err = try_queue(m);
	}
	return err;
}

/* Those that the functions beside them tell to be the unit's own. */
static int try_weak(struct ksplice_match *m)
{
	bool has_news = true;
	u32 i;
	int err = 0;

	while (has_news) {
		has_news = false;
		for (i = 0; i < m->pre.n_spans && !err; i++) {
			if (m->spans[i].state != KSPLICE_SPAN_WAITING ||
			    !ksplice_span_is_compared(m, i) ||
			    !ksplice_is_weak(m, i))
				continue;
			err = try_name(m, i) ?: try_queue(m);
			has_news |= m->spans[i].state != KSPLICE_SPAN_WAITING;
		}
	}
	return err;
}

/* Several places match and nothing tells them apart but where they are. */
static int try_neighbours(struct ksplice_match *m)
{
	unsigned long addr;
	u32 i;
	int err = 0;

	for (i = 0; i < m->pre.n_spans && !err; i++) {
		if (m->spans[i].state != KSPLICE_SPAN_WAITING ||
		    !m->spans[i].n_matches ||
		    !ksplice_neighbours_find(m, i, &addr))
			continue;
		err = try_address(m, i, addr);
		if (!err)
			err = try_queue(m);
	}
	return err;
}

int ksplice_search(struct ksplice_match *m)
{
	u32 n_learnt;
	int err;

	err = try_names(m);
	do {
		n_learnt = m->vals.n_learnt;
		if (!err)
			err = try_ambiguous(m);
		if (!err)
			err = try_weak(m);
		if (!err && m->vals.n_learnt == n_learnt)
			err = try_neighbours(m);
	} while (!err && m->vals.n_learnt != n_learnt);
	return err ?: m->symbols.err;
}
