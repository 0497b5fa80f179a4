// SPDX-License-Identifier: GPL-2.0-only
/*
 * sites.c - what boot and the kernel may have made of a site
 *
 * Each kind of site has a rule of the architecture's, which says whether the
 * bytes that run there are something that the kernel could have written.
 *
 * Sites nest: an alternative may hold another site, which boot patches first.
 * So the original of an alternative is compared as a range of its own, with the
 * sites in it: this file and range.c call each other.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/string.h>
#include "arch/insn.h"
#include "arch/sites.h"
#include "compare/labelval.h"
#include "compare/pre.h"
#include "compare/range.h"
#include "compare/sites.h"

const struct ksplice_reloc *
ksplice_site_reloc_at(const struct ksplice_site_run *s, u32 offset)
{
	const struct ksplice_pre *pre = &s->c->m->pre;
	u32 i = ksplice_span_reloc_from(pre, s->span,
					s->site->offset + offset);

	if (i == s->span->first_reloc + s->span->n_relocs ||
	    pre->relocs[i].offset != s->site->offset + offset)
		return NULL;
	return &pre->relocs[i];
}

bool ksplice_site_as_built(struct ksplice_site_run *s,
			   enum ksplice_range_sites which)
{
	struct ksplice_labelvals *vals = &s->c->m->vals;
	u32 mark = ksplice_labelvals_mark(vals);
	u32 n_jumps = s->c->n_jumps;

	if (ksplice_compare_range(s->c, s->span, s->site->offset,
				  s->site->offset + s->len, s->run_off, which))
		return true;
	ksplice_labelvals_rollback(vals, mark);
	s->c->n_jumps = n_jumps;
	return false;
}

/* The original, or one of the replacements */
static bool check_alternative(struct ksplice_site_run *s, u32 first)
{
	const struct ksplice_pre *pre = &s->c->m->pre;
	struct ksplice_labelvals *vals = &s->c->m->vals;
	u32 mark = ksplice_labelvals_mark(vals);
	u32 n_jumps = s->c->n_jumps;
	bool equal;
	u32 i;

	s->c->in_alternative++;
	equal = ksplice_site_as_built(s, KSPLICE_SITES_INNER);
	for (i = first; !equal &&
	     i < s->span->first_site + s->span->n_sites &&
	     pre->sites[i].offset == s->site->offset; i++) {
		const struct ksplice_site *site = &pre->sites[i];

		if (site->kind != KSPLICE_SITE_ALTERNATIVE ||
		    site->length != s->len)
			continue;
		if (site->span == KSPLICE_NONE) {
			equal = ksplice_is_nops(s->run, s->len);
			continue;
		}
		equal = ksplice_replacement_check(s, site);
		if (!equal) {
			ksplice_labelvals_rollback(vals, mark);
			s->c->n_jumps = n_jumps;
		}
	}
	s->c->in_alternative--;
	return equal;
}

u32 ksplice_site_len(const struct ksplice_pre *pre,
		     const struct ksplice_span *span,
		     const struct ksplice_site *site)
{
	if (ksplice_site_rules[site->kind].len)
		return ksplice_site_rules[site->kind].len;
	if (site->length)
		return site->length;
	return ksplice_insn_len(ksplice_span_bytes(pre, span), span->size,
				site->offset);
}

/* The outer site first; an alternative is the longer the more it holds. */
static unsigned int site_rank(const struct ksplice_site *site, u32 from,
			      u32 to, enum ksplice_range_sites which)
{
	if (site->kind != KSPLICE_SITE_ALTERNATIVE)
		return ksplice_site_rules[site->kind].rank;
	if (which == KSPLICE_SITES_INNER && site->offset == from &&
	    site->length == to - from)
		return 0;
	return site->length ? 2 + site->length : 0;
}

static bool check(struct ksplice_site_run *s, u32 first)
{
	const struct ksplice_site_rule *rule =
		&ksplice_site_rules[s->site->kind];
	const struct ksplice_bytes *may_be = rule->written;

	if (s->site->kind == KSPLICE_SITE_ALTERNATIVE)
		return check_alternative(s, first);
	for (; may_be && may_be->len; may_be++)
		if (may_be->len == s->len &&
		    !memcmp(s->run, may_be->bytes, s->len))
			return true;
	return rule->check && rule->check(s);
}

enum ksplice_site_result
ksplice_site_check(struct ksplice_compare *c, const struct ksplice_span *span,
		   u32 first, u32 from, u32 to, u32 run_off,
		   enum ksplice_range_sites which,
		   struct ksplice_site_lens *lens)
{
	const struct ksplice_pre *pre = &c->m->pre;
	const struct ksplice_site *site = NULL;
	u32 offset = pre->sites[first].offset;
	unsigned int rank = 0;
	struct ksplice_site_run s;
	u32 i;

	for (i = first; i < span->first_site + span->n_sites &&
	     pre->sites[i].offset == offset; i++) {
		unsigned int r = site_rank(&pre->sites[i], from, to, which);

		if (r > rank) {
			rank = r;
			site = &pre->sites[i];
		}
	}
	if (!site)
		return KSPLICE_SITE_PLAIN;

	s = (struct ksplice_site_run) {
		.c = c,
		.span = span,
		.site = site,
		.pre = ksplice_span_bytes(pre, span) + offset,
		.run = c->run + run_off,
		.addr = c->addr + run_off,
		.run_off = run_off,
		.len = ksplice_site_len(pre, span, site),
		.run_left = c->run_len - run_off,
	};
	s.run_len = s.len;
	if (!s.len || s.len > to - offset || s.len > s.run_left ||
	    !check(&s, first))
		return KSPLICE_SITE_DIFFERS;
	*lens = (struct ksplice_site_lens) { .pre = s.len, .run = s.run_len };
	return KSPLICE_SITE_EQUAL;
}
