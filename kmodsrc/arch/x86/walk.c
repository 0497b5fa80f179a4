// SPDX-License-Identifier: GPL-2.0-only
/*
 * walk.c - x86: compare code whose offsets are not the same
 *
 * Pre is built with a section for each function, so a jump to another one has
 * a 32-bit distance; in the running kernel it may have 8 bits.  The code
 * after it is at other offsets there: jumps over it have other distances
 * (and sizes), and the nops that align loops are more or fewer.  So:
 *
 *	1. Go through both by instruction, note where each one of pre is in
 *	   run, and leave out nops on either side.  All else must be equal but
 *	   relative distances; relocations and sites are treated as ever.
 *	2. When all is known, check each jump inside the function: both sides
 *	   must go to the same instruction.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cache.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <asm/text-patching.h>
#include "arch/walk.h"
#include "arch/x86/rules.h"
#include "compare/compare.h"
#include "compare/fixups.h"
#include "compare/pre.h"
#include "compare/refs.h"
#include "compare/sites.h"
#include "decode.h"

struct walk {
	struct ksplice_compare *c;
	const u8 *pre;
	u32 size;
	u32 pre_off, run_off;
	u32 site, last_site;
};

static u32 pre_nop_len(const struct walk *w)
{
	const struct ksplice_pre *pre = &w->c->m->pre;
	u32 len = ksplice_nop_len(w->pre + w->pre_off, w->size - w->pre_off);
	u32 i = ksplice_span_reloc_from(pre, w->c->span, w->pre_off);

	if (i < w->c->span->first_reloc + w->c->span->n_relocs &&
	    pre->relocs[i].offset < w->pre_off + len)
		return 0;
	return len;
}

static u32 run_nop_len(const struct walk *w)
{
	const struct ksplice_compare *c = w->c;

	return ksplice_nop_len(c->run + w->run_off, c->run_len - w->run_off);
}

static bool add_jump(struct walk *w, s64 pre_to, s64 run_to)
{
	struct ksplice_compare *c = w->c;

	if (pre_to < 0 || pre_to > w->size || c->n_jumps == c->max_jumps)
		return false;
	c->jumps[c->n_jumps++] = (struct ksplice_jump) {
		.pre_from = w->pre_off,
		.pre_to = pre_to,
		.run_to = run_to,
	};
	return true;
}

/* The bytes [from, to) of an instruction; relocation fields are left out. */
static bool insn_bytes_equal(struct walk *w, u32 from, u32 to)
{
	return !memcmp(w->pre + w->pre_off + from,
		       w->c->run + w->run_off + from, to - from);
}

/* An instruction that is of the same length on both sides. */
static bool walk_plain(struct walk *w, const struct insn *insn,
		       const struct insn *run_insn)
{
	struct ksplice_compare *c = w->c;
	const struct ksplice_pre *pre = &c->m->pre;
	u32 i = ksplice_span_reloc_from(pre, c->span, w->pre_off);
	u32 last = c->span->first_reloc + c->span->n_relocs;
	u32 at = 0;
	s64 to, run_to;

	if (insn->length != run_insn->length)
		return false;

	/* A %rip-relative operand inside the function, without relocation. */
	if ((i == last || pre->relocs[i].offset >= w->pre_off + insn->length) &&
	    ksplice_insn_rip_relative(insn, &to) &&
	    ksplice_insn_rip_relative(run_insn, &run_to)) {
		at = insn_offset_displacement((struct insn *)insn);
		return insn_bytes_equal(w, 0, at) &&
		       insn_bytes_equal(w, at + 4, insn->length) &&
		       add_jump(w, w->pre_off + to, w->run_off + run_to);
	}

	for (; i < last; i++) {
		const struct ksplice_reloc *reloc = &pre->relocs[i];
		u32 size = ksplice_howto_size(reloc->howto);
		u32 field = reloc->offset - w->pre_off;

		if (field >= insn->length)
			break;
		if (field + size > insn->length ||
		    !insn_bytes_equal(w, at, field) ||
		    !ksplice_ref_reloc(c, c->span, reloc,
				       c->run + w->run_off + field,
				       c->addr + w->run_off + field))
			return false;
		at = field + size;
	}
	return insn_bytes_equal(w, at, insn->length);
}

/* A relative jump or call, whose distance may have another size. */
static bool walk_branch(struct walk *w, const struct insn *insn,
			const struct insn *run_insn)
{
	struct ksplice_compare *c = w->c;
	const struct ksplice_pre *pre = &c->m->pre;
	u32 i = ksplice_span_reloc_from(pre, c->span, w->pre_off);
	unsigned long target;
	s64 to, run_to;

	if (!ksplice_insn_branch(insn, &to) ||
	    !ksplice_insn_branch(run_insn, &run_to) ||
	    !ksplice_insn_same_branch(insn, run_insn))
		return false;
	target = c->addr + w->run_off + run_to;
	if (insn->opcode.bytes[0] == CALL_INSN_OPCODE)
		target = ksplice_callee(&c->m->env, target);
	if (i < c->span->first_reloc + c->span->n_relocs &&
	    pre->relocs[i].offset < w->pre_off + insn->length)
		return ksplice_ref(c, pre->relocs[i].label, target,
				   pre->relocs[i].addend + 4);
	return add_jump(w, w->pre_off + to, target - c->addr);
}

/* 1 if sites were done, 0 if there are none here, -1 if they differ */
static int walk_sites(struct walk *w)
{
	struct ksplice_compare *c = w->c;
	const struct ksplice_pre *pre = &c->m->pre;
	struct ksplice_site_lens lens;
	u32 nop;

	while (w->site < w->last_site &&
	       pre->sites[w->site].offset < w->pre_off)
		w->site++;
	if (w->site == w->last_site ||
	    pre->sites[w->site].offset != w->pre_off)
		return 0;

	for (;;) {
		switch (ksplice_site_check(c, c->span, w->site, 0, w->size,
					   w->run_off, KSPLICE_SITES_ALL,
					   &lens)) {
		case KSPLICE_SITE_PLAIN:
			return 0;
		case KSPLICE_SITE_EQUAL:
			c->map[w->pre_off] = w->run_off;
			w->pre_off += lens.pre;
			w->run_off += lens.run;
			return 1;
		case KSPLICE_SITE_DIFFERS:
			break;
		}
		nop = run_nop_len(w);
		if (!nop)
			return -1;
		w->run_off += nop;
	}
}

static bool walk_insn(struct walk *w)
{
	struct ksplice_compare *c = w->c;
	struct insn insn, run_insn;
	u32 nop;
	s64 to;

	nop = pre_nop_len(w);
	if (nop) {
		w->pre_off += nop;
		return true;
	}
	while ((nop = run_nop_len(w)))
		w->run_off += nop;
	c->map[w->pre_off] = w->run_off;

	if (!ksplice_insn(&insn, w->pre, w->size, w->pre_off) ||
	    !ksplice_insn(&run_insn, c->run, c->run_len, w->run_off))
		return false;
	if (ksplice_insn_branch(&insn, &to) ?
	    !walk_branch(w, &insn, &run_insn) :
	    !walk_plain(w, &insn, &run_insn))
		return false;
	w->pre_off += insn.length;
	w->run_off += run_insn.length;
	return true;
}

static bool walk_all(struct walk *w)
{
	struct ksplice_compare *c = w->c;
	int done;

	while (w->pre_off < w->size) {
		cond_resched();
		c->pre_off = w->pre_off;
		c->run_off = w->run_off;
		c->map[w->pre_off] = w->run_off;
		done = walk_sites(w);
		if (done < 0 || (!done && !walk_insn(w))) {
			c->pre_off = w->pre_off;
			c->run_off = w->run_off;
			return false;
		}
		if (w->run_off > c->run_len)
			return false;
	}
	c->size = w->run_off;
	c->map[w->size] = w->run_off;
	return true;
}

/*
 * Is it a nop that may be left out?  Not one that the kernel rewrites: a jump
 * to it and a jump to its end are not the same.
 */
static bool is_pre_site(const struct walk *w, u32 pre_off)
{
	const struct ksplice_pre *pre = &w->c->m->pre;
	u32 i = ksplice_span_site_from(pre, w->c->span, pre_off);

	return i < w->last_site && pre->sites[i].offset == pre_off;
}

static bool is_run_site(const struct walk *w, u32 run_off)
{
	const struct ksplice_pre *pre = &w->c->m->pre;
	u32 i;

	for (i = w->c->span->first_site; i < w->last_site; i++) {
		if (w->c->map[pre->sites[i].offset] == run_off)
			return true;
	}
	return false;
}

/* Both go to the same instruction, if one sees through nops. */
static bool same_destination(const struct walk *w,
			     const struct ksplice_jump *jump)
{
	struct walk at = *w;

	/* Into the middle of an instruction? */
	if (w->c->map[jump->pre_to] == KSPLICE_NONE || jump->run_to < 0 ||
	    jump->run_to > w->c->size)
		return false;

	/* A nop in pre may have been left out: see what follows it. */
	at.pre_off = jump->pre_to;
	while (at.pre_off < w->size && w->c->map[at.pre_off] != jump->run_to) {
		u32 nop = is_pre_site(&at, at.pre_off) ? 0 : pre_nop_len(&at);

		if (!nop)
			break;
		at.pre_off += nop;
	}
	if (w->c->map[at.pre_off] == KSPLICE_NONE)
		return false;

	at.run_off = jump->run_to;
	while (at.run_off < w->c->map[at.pre_off]) {
		u32 nop = is_run_site(&at, at.run_off) ? 0 : run_nop_len(&at);

		if (!nop)
			return false;
		at.run_off += nop;
	}
	return at.run_off == w->c->map[at.pre_off];
}

bool ksplice_walk(struct ksplice_compare *c)
{
	struct walk w = {
		.c = c,
		.pre = ksplice_span_bytes(&c->m->pre, c->span),
		.size = c->span->size,
		.site = c->span->first_site,
		.last_site = c->span->first_site + c->span->n_sites,
	};
	u32 i;

	c->walking = true;
	ksplice_compare_why(c, 0, "%s", "");
	c->n_jumps = 0;
	memset(c->map, 0xff, (w.size + 1) * sizeof(*c->map));
	if (!walk_all(&w) || !ksplice_fixups_check(c))
		return false;

	for (i = 0; i < c->n_jumps; i++) {
		cond_resched();
		if (same_destination(&w, &c->jumps[i]))
			continue;
		c->pre_off = c->jumps[i].pre_from;
		c->run_off = c->map[c->pre_off];
		return false;
	}
	return true;
}
