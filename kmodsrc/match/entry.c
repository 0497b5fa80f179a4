// SPDX-License-Identifier: GPL-2.0-only
/*
 * entry.c - where the redirect of a function goes
 *
 * The architecture says at which offset, and how many bytes it overwrites.
 * Nothing else may rewrite any of them later: a jump label or the like there is
 * a conflict, which is named.  What the kernel rewrites when it boots or the
 * module is loaded, and never again, is none.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/string.h>
#include "arch.h"
#include "arch/insn.h"
#include "arch/probe.h"
#include "arch/redirect.h"
#include "compare/run.h"
#include "compare/sites.h"
#include "compare/state.h"
#include "kernel/compat.h"
#include "match/branch.h"
#include "match/entry.h"

/* Is there what stays, once it is there? */
static bool is_settled(const struct ksplice_site_rule *rule,
		       unsigned long addr)
{
	const struct ksplice_bytes *settled = rule->settled;
	u8 bytes[KSPLICE_MAX_SITE_BYTES];

	return settled &&
	       ksplice_run_read(bytes, addr, settled->len, settled->len,
				NULL) == settled->len &&
	       !memcmp(bytes, settled->bytes, settled->len);
}

static const char *find_conflict(const struct ksplice_match *m,
				 const struct ksplice_function *function)
{
	const struct ksplice_pre *pre = &m->pre;
	const struct ksplice_span *span = &pre->spans[function->span];
	const struct ksplice_run_span *run = &m->spans[function->span];
	u32 i;

	for (i = span->first_site; i < span->first_site + span->n_sites; i++) {
		const struct ksplice_site *site = &pre->sites[i];
		unsigned long addr = run->body +
				     ksplice_run_offset(run, site->offset);
		u32 len = ksplice_site_len(pre, span, site);

		if (addr < function->redirect + function->redirect_len &&
		    addr + len > function->redirect &&
		    ksplice_site_rules[site->kind].conflict &&
		    !is_settled(&ksplice_site_rules[site->kind], addr))
			return ksplice_site_rules[site->kind].conflict;
	}
	if (ksplice_probe_inside(function->redirect, function->redirect_len))
		return "a kprobe";
	return NULL;
}

/*
 * Bytes after the function, up to the next aligned address, that are fill.
 * What looks like fill could be the ftrace site of the next function, if
 * kallsyms did not know where that starts.
 */
static u32 padding_len(unsigned long start, unsigned long end)
{
	u32 max = ALIGN(end, KSPLICE_FUNCTION_ALIGN) - end;
	unsigned long size, offset;
	u8 fill[KSPLICE_FUNCTION_ALIGN];
	u32 len = 0;
	u32 n;

	if (!ksplice_has(kallsyms_lookup_size_offset) ||
	    !ksplice_call(kallsyms_lookup_size_offset)(start, &size,
						       &offset) ||
	    offset || start + size <= end)
		return 0;
	max = min_t(unsigned long, max, start + size - end);
	if (!max || ksplice_run_read(fill, end, max, max, NULL) != max)
		return 0;
	while (len < max) {
		n = ksplice_fill_len(fill + len, max - len);
		if (!n)
			return 0;
		len += n;
	}
	return len;
}

void ksplice_entry_find(const struct ksplice_match *m,
			struct ksplice_function *function)
{
	const struct ksplice_span *span = &m->pre.spans[function->span];
	const struct ksplice_run_span *run = &m->spans[function->span];
	u32 offset = ksplice_run_offset(run,
					ksplice_redirect_offset(&m->pre, span));
	u32 len;

	/* The ftrace site of a wrong image may reach beyond the function. */
	offset = min_t(u32, offset, function->size);
	function->redirect = function->body + offset;
	function->redirect_room = function->size - offset +
				  padding_len(function->body,
					      function->body + function->size);
	len = ksplice_run_read(function->saved, function->redirect,
			       sizeof(function->saved), KSPLICE_MIN_REDIRECT,
			       NULL);
	function->redirect_len =
		ksplice_redirect_len(function->saved,
				     min(len, function->redirect_room));
	function->site_conflict = find_conflict(m, function);
	if (function->allow_running && !function->is_part)
		function->running_conflict = ksplice_branch_back(m, function);
}
