// SPDX-License-Identifier: GPL-2.0-only
/*
 * branch.c - does old code lead back to the bytes that the redirect overwrites?
 *
 * If tasks may end in the old body of a function, the body must be usable
 * without the overwritten bytes, and no task in it may get to them: in their
 * middle it would run half an instruction; at their start the new function
 * would begin with the registers of the middle of the old one.  What may lead
 * there:
 *
 * - a jump, in the function or in a part (.cold) of it: the running code of
 *   both is decoded.  A call does not count: it is a call of the function;
 * - a jump label that is off now: where it leads is in the pre image;
 * - a table of jumps: the references to the function are in the pre image;
 * - an exception: its fixup is in the kernel's tables.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/extable.h>
#include <linux/string.h>
#include "arch/insn.h"
#include "compare/run.h"
#include "compare/state.h"
#include "kernel/compat.h"
#include "match/branch.h"

struct back {
	const struct ksplice_match *m;
	const struct ksplice_function *function;
	u32 span;			/* of the function */
};

static bool is_overwritten(const struct back *back, unsigned long addr)
{
	return addr >= back->function->redirect &&
	       addr < back->function->redirect + back->function->redirect_len;
}

/* An offset in pre: is what runs there overwritten? */
static bool is_pre_overwritten(const struct back *back, s64 offset)
{
	const struct ksplice_run_span *run = &back->m->spans[back->span];

	if (offset < 0 || offset >= back->m->pre.spans[back->span].size)
		return false;
	return is_overwritten(back, run->body +
			      ksplice_run_offset(run, offset));
}

static bool is_part(const struct back *back, u32 span)
{
	return span == back->span ||
	       back->m->pre.spans[span].parent == back->span;
}

static const char *find_jump(const struct back *back, u32 span)
{
	const struct ksplice_run_span *run = &back->m->spans[span];
	u8 *code = back->m->run;
	u32 offset = 0, len;
	bool probed;
	s64 to;

	if (ksplice_run_read(code, run->body, run->size, run->size,
			     &probed) != run->size)
		return "its code cannot be read";
	while (offset < run->size) {
		if (ksplice_insn_jump(code, run->size, offset, &len, &to) &&
		    is_overwritten(back, run->body + offset + to))
			return "it jumps back to code that the redirect overwrites";
		if (!len)
			return "its code cannot be decoded";
		offset += len;
	}
	return NULL;
}

static bool is_fixed_up(const struct back *back, unsigned long addr)
{
	const struct exception_table_entry *entry =
		ksplice_call(search_exception_tables)(addr);

	return entry && is_overwritten(back, (unsigned long)&entry->fixup +
					     entry->fixup);
}

static const char *find_site(const struct back *back, u32 span)
{
	const struct ksplice_pre *pre = &back->m->pre;
	const struct ksplice_run_span *run = &back->m->spans[span];
	u32 first = pre->spans[span].first_site;
	u32 i;

	for (i = first; i < first + pre->spans[span].n_sites; i++) {
		const struct ksplice_site *site = &pre->sites[i];

		if (site->kind == KSPLICE_SITE_JUMP_LABEL &&
		    site->label != KSPLICE_NONE &&
		    pre->labels[site->label].span == back->span &&
		    is_pre_overwritten(back, site->addend))
			return "a jump label of it leads to code that the redirect overwrites";
		if (site->kind == KSPLICE_SITE_EXTABLE &&
		    is_fixed_up(back, run->body +
				      ksplice_run_offset(run, site->offset)))
			return "an exception in it leads to code that the redirect overwrites";
	}
	return NULL;
}

/*
 * In a table of distances the addend has the distance to the table in it, too:
 * nothing is known of the place but that there is one.
 */
static bool is_reference(const struct back *back,
			 const struct ksplice_reloc *reloc)
{
	switch (reloc->howto) {
	case KSPLICE_ABS64:
	case KSPLICE_ABS32:
	case KSPLICE_ABS32S:
		return reloc->addend &&
		       is_pre_overwritten(back, reloc->addend);
	default:
		return reloc->addend;
	}
}

static const char *find_table(const struct back *back)
{
	const struct ksplice_pre *pre = &back->m->pre;
	u32 i, j;

	for (i = 0; i < pre->n_spans; i++) {
		const struct ksplice_span *span = &pre->spans[i];

		if (span->kind != KSPLICE_SPAN_RODATA)
			continue;
		for (j = span->first_reloc;
		     j < span->first_reloc + span->n_relocs; j++)
			if (pre->labels[pre->relocs[j].label].span ==
			    back->span && is_reference(back, &pre->relocs[j]))
				return "a table leads to code that the redirect overwrites";
	}
	return NULL;
}

const char *ksplice_branch_back(const struct ksplice_match *m,
				const struct ksplice_function *function)
{
	const struct back back = {
		.m = m,
		.function = function,
		.span = function->span,
	};
	const char *how = find_table(&back);
	u32 i;

	for (i = 0; i < m->pre.n_spans && !how; i++) {
		if (m->pre.spans[i].kind != KSPLICE_SPAN_TEXT ||
		    !is_part(&back, i))
			continue;
		how = find_jump(&back, i);
		if (!how)
			how = find_site(&back, i);
	}
	return how;
}
