// SPDX-License-Identifier: GPL-2.0-only
/*
 * entry.c - where the redirect of a function goes
 *
 * It goes behind endbr64 and the ftrace site, so that tracers at the entry
 * keep working; without an ftrace site it is the entry itself.  It has five
 * bytes; the rest of the last instruction that it covers is overwritten, too.
 * Nobody else may rewrite any of that later: a jump label or the like there is
 * a conflict, which is named.  Alternatives, paravirtual calls,
 * retpolines and returns are no conflict: they are rewritten when the kernel
 * boots or the module is loaded, and never again.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cache.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/text-patching.h>
#include "branch.h"
#include "entry.h"
#include "insn.h"
#include "match/pre.h"
#include "match/run.h"
#include "match/state.h"
#include "probe.h"
#include "sites.h"

#define FUNCTION_ALIGN	16

/* What the kernel may rewrite at any time. */
static const char * const conflicts[] = {
	[KSPLICE_SITE_STATIC_CALL] = "a static call",
	[KSPLICE_SITE_JUMP_LABEL] = "a jump label",
	[KSPLICE_SITE_FTRACE] = "an ftrace site",
	[KSPLICE_SITE_SMP_LOCK] = "a lock prefix",
};

/*
 * A lock prefix is written when a second processor comes to a kernel that
 * booted with one; one that is there stays.
 */
static bool is_settled_lock(const struct ksplice_site *site,
			    unsigned long addr)
{
	static const u8 lock = 0xf0;
	u8 byte;

	return site->kind == KSPLICE_SITE_SMP_LOCK &&
	       ksplice_run_read(&byte, addr, 1, 1, NULL) == 1 && byte == lock;
}

/* Offset in pre behind what must stay at the entry. */
static u32 redirect_offset(const struct ksplice_pre *pre,
			   const struct ksplice_span *span)
{
	static const u8 endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	u32 offset = 0;
	u32 i;

	if (span->size >= sizeof(endbr64) &&
	    !memcmp(ksplice_span_bytes(pre, span), endbr64, sizeof(endbr64)))
		offset = sizeof(endbr64);
	for (i = span->first_site; i < span->first_site + span->n_sites; i++) {
		const struct ksplice_site *site = &pre->sites[i];

		if (site->kind == KSPLICE_SITE_FTRACE &&
		    site->offset <= offset)
			return site->offset + CALL_INSN_SIZE;
	}
	return offset;
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
		    site->kind < ARRAY_SIZE(conflicts) &&
		    conflicts[site->kind] && !is_settled_lock(site, addr))
			return conflicts[site->kind];
	}
	if (ksplice_probe_inside(function->redirect, function->redirect_len))
		return "a kprobe";
	return NULL;
}

/*
 * Bytes behind the function, up to the next aligned address, that are fill.
 * A nop there could be the ftrace site of the next function, if kallsyms did
 * not tell where that starts.
 */
static u32 padding_len(const struct ksplice_match *m, unsigned long start,
		       unsigned long end)
{
	u32 max = ALIGN(end, FUNCTION_ALIGN) - end;
	unsigned long size, offset;
	u8 fill[FUNCTION_ALIGN];
	u32 len = 0;
	u32 nop;

	if (!m->env.lookup_size_offset ||
	    !m->env.lookup_size_offset(start, &size, &offset) || offset ||
	    start + size <= end)
		return 0;
	max = min_t(unsigned long, max, start + size - end);
	if (!max || ksplice_run_read(fill, end, max, max, NULL) != max)
		return 0;
	while (len < max) {
		nop = ksplice_nop_len(fill + len, max - len);
		if (!nop && fill[len] == INT3_INSN_OPCODE)
			nop = 1;
		if (!nop)
			return 0;
		len += nop;
	}
	return len;
}

/*
 * The jump, to the end of the last instruction that it covers.  kprobes decodes
 * a function from its start to learn where its instructions begin; what is
 * left of one would make it accept a probe in the middle of another, which
 * undo would put back under the probe.
 */
static u32 overwritten_len(const u8 *code, u32 size)
{
	struct insn insn;
	u32 len = 0;

	while (len < JMP32_INSN_SIZE && ksplice_insn(&insn, code, size, len))
		len += insn.length;
	return max_t(u32, len, JMP32_INSN_SIZE);
}

void ksplice_entry_find(const struct ksplice_match *m,
			struct ksplice_function *function)
{
	const struct ksplice_span *span = &m->pre.spans[function->span];
	const struct ksplice_run_span *run = &m->spans[function->span];
	u32 offset = ksplice_run_offset(run, redirect_offset(&m->pre, span));
	u32 len;

	/* Then there is no room for the redirect. */
	offset = min_t(u32, offset, function->size);
	function->redirect = function->body + offset;
	function->redirect_room = function->size - offset +
				  padding_len(m, function->body,
					      function->body + function->size);
	len = ksplice_run_read(function->saved, function->redirect,
			       sizeof(function->saved), JMP32_INSN_SIZE, NULL);
	function->redirect_len =
		overwritten_len(function->saved,
				min(len, function->redirect_room));
	function->site_conflict = find_conflict(m, function);
	if (function->allow_running && !function->is_part)
		function->running_conflict = ksplice_branch_back(m, function);
}
