// SPDX-License-Identifier: GPL-2.0-only
/*
 * range.c - compare the bytes of a range
 *
 * The bytes between relocations and sites must be equal.  A relocation's field
 * is checked by refs.c, a site by the architecture, which knows what may be
 * there.
 *
 * The original of an alternative, and its replacement, are ranges with sites of
 * their own.  So this file, sites.c and the architecture's rule for
 * replacements call each other, the only files of the core that do; how deep
 * is limited by pre.c, which refuses alternatives that are nested deeper than
 * four.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/string.h>
#include "arch/insn.h"
#include "compare/pre.h"
#include "compare/range.h"
#include "compare/refs.h"
#include "compare/sites.h"

/* The bytes of a range that starts at from, from pos to next. */
static bool plain_equal(struct ksplice_compare *c, const u8 *pre, u32 from,
			u32 pos, u32 next, u32 run_off, u32 *equal)
{
	const u8 *run = c->run + run_off;

	*equal = next - pos;
	if (!memcmp(pre + pos, run, next - pos))
		return true;
	*equal = c->in_alternative ?
		 ksplice_equal_len_nops(pre, run, from, pos, next) :
		 ksplice_equal_len(pre + pos, run, next - pos);
	return *equal == next - pos;
}

/* A position in a range, in the span's relocations and in its sites. */
struct cursor {
	u32 pos;
	u32 reloc, last_reloc;
	u32 site, last_site;
};

/* The next offset where there is more than bytes. */
static u32 next_event(const struct ksplice_pre *pre, struct cursor *cur,
		      u32 to)
{
	u32 next = to;

	while (cur->reloc < cur->last_reloc &&
	       pre->relocs[cur->reloc].offset < cur->pos)
		cur->reloc++;
	while (cur->site < cur->last_site &&
	       pre->sites[cur->site].offset < cur->pos)
		cur->site++;
	if (cur->reloc < cur->last_reloc)
		next = min(next, pre->relocs[cur->reloc].offset);
	if (cur->site < cur->last_site)
		next = min(next, pre->sites[cur->site].offset);
	return next;
}

/* The relocation at the cursor, if there is one, ends in the range. */
static bool compare_reloc(struct ksplice_compare *c,
			  const struct ksplice_span *span, struct cursor *cur,
			  u32 from, u32 to, u32 run_off)
{
	const struct ksplice_reloc *reloc = &c->m->pre.relocs[cur->reloc];
	u32 size = ksplice_howto_size(reloc->howto);
	u32 at = run_off + cur->pos - from;

	if (cur->pos + size > to ||
	    !ksplice_ref_reloc(c, span, reloc, c->run + at, c->addr + at))
		return false;
	cur->pos += size;
	return true;
}

static bool is_reloc_here(const struct ksplice_compare *c,
			  const struct cursor *cur)
{
	return cur->reloc < cur->last_reloc &&
	       c->m->pre.relocs[cur->reloc].offset == cur->pos;
}

/* Sites at the cursor: false if what runs there cannot have come of them. */
static bool compare_sites(struct ksplice_compare *c,
			  const struct ksplice_span *span, struct cursor *cur,
			  u32 from, u32 to, u32 run_off,
			  enum ksplice_range_sites which, bool *done)
{
	struct ksplice_site_lens lens;

	*done = false;
	if (cur->site == cur->last_site ||
	    c->m->pre.sites[cur->site].offset != cur->pos)
		return true;

	switch (ksplice_site_check(c, span, cur->site, from, to,
				   run_off + cur->pos - from, which, &lens)) {
	case KSPLICE_SITE_DIFFERS:
		return false;
	case KSPLICE_SITE_EQUAL:
		if (lens.pre != lens.run || lens.pre > to - cur->pos)
			return false;
		cur->pos += lens.pre;
		*done = true;
		return true;
	case KSPLICE_SITE_PLAIN:
		break;
	}
	while (cur->site < cur->last_site &&
	       c->m->pre.sites[cur->site].offset == cur->pos)
		cur->site++;
	return true;
}

bool ksplice_compare_range(struct ksplice_compare *c,
			   const struct ksplice_span *span, u32 from, u32 to,
			   u32 run_off, enum ksplice_range_sites which)
{
	const struct ksplice_pre *pre = &c->m->pre;
	const u8 *bytes = ksplice_span_bytes(pre, span);
	struct cursor cur = {
		.pos = from,
		.reloc = ksplice_span_reloc_from(pre, span, from),
		.last_reloc = span->first_reloc + span->n_relocs,
		.site = ksplice_span_site_from(pre, span, from),
		.last_site = span->first_site + span->n_sites,
	};
	bool done;

	if (which == KSPLICE_SITES_NONE)
		cur.site = cur.last_site;
	if (run_off > c->run_len || to - from > c->run_len - run_off)
		goto differs;

	while (cur.pos < to) {
		u32 next = next_event(pre, &cur, to);
		u32 equal;

		if (!plain_equal(c, bytes, from, cur.pos, next,
				 run_off + cur.pos - from, &equal)) {
			cur.pos += equal;
			goto differs;
		}
		cur.pos = next;
		if (cur.pos == to)
			break;
		if (!compare_sites(c, span, &cur, from, to, run_off, which,
				   &done))
			goto differs;
		if (!done && is_reloc_here(c, &cur) &&
		    !compare_reloc(c, span, &cur, from, to, run_off))
			goto differs;
	}
	return true;

differs:
	c->pre_off = cur.pos;
	c->run_off = run_off + cur.pos - from;
	return false;
}
