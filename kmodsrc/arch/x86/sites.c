// SPDX-License-Identifier: GPL-2.0-only
/*
 * sites.c - what boot and the kernel may have made of a place
 *
 * Each kind of site has a rule, which says whether the bytes that run there
 * are something that the kernel could have written.  The rules follow what
 * arch/x86/kernel/{alternative,paravirt,static_call,jump_label,ftrace}.c do;
 * the text as it was built is always fine.
 *
 * Sites nest: an alternative may hold a paravirtual call, which boot patches
 * first.  So the original of an alternative is compared as a range of its
 * own, with the sites in it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cache.h>
#include <linux/extable.h>
#include <linux/kernel.h>
#include <linux/static_call_types.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/text-patching.h>
#include "insn.h"
#include "kernel/compat.h"
#include "match/compare.h"
#include "match/labelval.h"
#include "match/pre.h"
#include "match/range.h"
#include "match/refs.h"
#include "match/symbols.h"
#include "sites.h"

/* A site, and the running bytes that are to be explained. */
struct place {
	struct ksplice_compare *c;
	const struct ksplice_span *span;
	const struct ksplice_site *site;
	const u8 *pre;
	const u8 *run;
	unsigned long addr;		/* of run */
	u32 run_off;
	u32 len;			/* in pre */
	u32 run_left;			/* bytes that can be read at run */
	u32 run_len;			/* out: if it is not len */
};

static const u8 nop2[] = { 0x66, 0x90 };
static const u8 nop5[] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };
static const u8 return_zero[] = { 0x2e, 0x2e, 0x2e, 0x31, 0xc0 };
static const u8 ret_int3[] = { 0xc3, 0xcc, 0xcc, 0xcc, 0xcc };
static const u8 lfence[] = { 0x0f, 0xae, 0xe8 };
static const u8 endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
static const u8 endbr_sealed[] = { 0x66, 0x0f, 0x1f, 0x00 };

static unsigned long target32(const struct place *p, u32 field)
{
	s32 distance;

	memcpy(&distance, p->run + field, sizeof(distance));
	return p->addr + field + 4 + distance;
}

static bool is_text(const struct place *p, unsigned long addr)
{
	const struct ksplice_site_env *env = &p->c->m->env;

	return !env->kernel_text_address || env->kernel_text_address(addr);
}

static bool read_pointer(unsigned long addr, unsigned long *value)
{
	return addr && !copy_from_kernel_nofault(value, (void *)addr,
						 sizeof(*value));
}

static bool starts_with(const struct place *p, const u8 *bytes, u32 len)
{
	return p->len >= len && !memcmp(p->run, bytes, len);
}

/* The relocation at this offset from the start of the site, or NULL. */
static const struct ksplice_reloc *reloc_at(const struct place *p, u32 offset)
{
	const struct ksplice_pre *pre = &p->c->m->pre;
	u32 i = ksplice_span_reloc_from(pre, p->span,
					p->site->offset + offset);

	if (i == p->span->first_reloc + p->span->n_relocs ||
	    pre->relocs[i].offset != p->site->offset + offset)
		return NULL;
	return &pre->relocs[i];
}

/* Nothing was rewritten, or what was looks the same. */
static bool as_built(struct place *p, enum ksplice_range_sites which)
{
	struct ksplice_labelvals *vals = &p->c->m->vals;
	u32 mark = ksplice_labelvals_mark(vals);
	u32 n_jumps = p->c->n_jumps;

	if (ksplice_compare_range(p->c, p->span, p->site->offset,
				  p->site->offset + p->len, p->run_off, which))
		return true;
	ksplice_labelvals_rollback(vals, mark);
	p->c->n_jumps = n_jumps;
	return false;
}

/* apply_returns(): the thunk that suits this CPU, or a plain return */
static bool is_return_thunk(const struct place *p, unsigned long addr)
{
	const struct ksplice_site_env *env = &p->c->m->env;
	unsigned int i;

	for (i = 0; i < env->n_return_thunks; i++) {
		if (env->return_thunks[i] == addr)
			return true;
	}
	return false;
}

static bool check_return(struct place *p)
{
	if (p->len == 1)
		return p->run[0] == RET_INSN_OPCODE;
	if (p->len != JMP32_INSN_SIZE)
		return false;
	if (p->run[0] == JMP32_INSN_OPCODE)
		return is_return_thunk(p, target32(p, 1));
	return !memcmp(p->run, ret_int3, sizeof(ret_int3));
}

/* apply_retpolines() */
static int thunk_register(const char *symbol)
{
	static const char * const registers[] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
	};
	static const char prefix[] = "__x86_indirect_thunk_";

	if (strncmp(symbol, prefix, sizeof(prefix) - 1))
		return -1;
	return match_string(registers, ARRAY_SIZE(registers),
			    symbol + sizeof(prefix) - 1);
}

/* call or jmp *%reg; returns its length */
static u32 indirect(u8 *bytes, bool is_call, int reg)
{
	u32 n = 0;

	if (reg >= 8)
		bytes[n++] = 0x41;
	bytes[n++] = 0xff;
	bytes[n++] = (is_call ? 0xd0 : 0xe0) + (reg & 7);
	return n;
}

/* Thunks of the ITS mitigation are made at run time: jmp *%reg; int3 */
static bool is_its_thunk(unsigned long addr, int reg)
{
	u8 expected[4], bytes[4];
	u32 n = indirect(expected, false, reg);

	expected[n++] = INT3_INSN_OPCODE;
	return !copy_from_kernel_nofault(bytes, (void *)addr, n) &&
	       !memcmp(bytes, expected, n);
}

static bool is_indirect(const struct place *p, u32 at, bool is_call, int reg)
{
	u8 bytes[4];
	u32 n = indirect(bytes, is_call, reg);

	if (at + n > p->len || memcmp(p->run + at, bytes, n))
		return false;
	at += n;
	if (!is_call && at < p->len && p->run[at] == INT3_INSN_OPCODE)
		at++;
	return ksplice_is_nops(p->run + at, p->len - at);
}

static bool check_retpoline(struct place *p)
{
	u32 field = p->len - 4;
	const struct ksplice_reloc *reloc;
	bool is_call, is_jcc;
	u32 at = 0;
	int reg;

	if (as_built(p, KSPLICE_SITES_NONE))
		return true;
	if (p->len < 5 || p->len > 6)
		return false;
	reloc = reloc_at(p, field);
	if (!reloc)
		return false;
	reg = thunk_register(ksplice_label_symbol(&p->c->m->pre,
						  reloc->label));
	if (reg < 0)
		return false;
	if (!memcmp(p->run, p->pre, field))
		return is_its_thunk(target32(p, field), reg);

	is_call = p->pre[field - 1] == CALL_INSN_OPCODE;
	is_jcc = p->len == 6 && p->pre[0] == 0x0f;
	if (is_jcc) {
		/* the opposite condition, over the rest */
		if (p->run[0] != (0x70 | ((p->pre[1] ^ 1) & 0xf)) ||
		    p->run[1] != p->len - 2)
			return false;
		at = 2;
	}
	if (p->len - at > sizeof(lfence) &&
	    !memcmp(p->run + at, lfence, sizeof(lfence)))
		at += sizeof(lfence);
	return is_indirect(p, at, is_call, reg);
}

/*
 * __static_call_transform().  The table names the key, or the trampoline in a
 * module that cannot see the key.
 */
static unsigned long static_call_key(const struct place *p)
{
	static const char trampoline[] = "__SCT__";
	struct ksplice_match *m = p->c->m;
	const char *symbol;
	unsigned long key;
	char name[128];
	u32 label;

	if (p->site->label == KSPLICE_NONE)
		return 0;
	symbol = ksplice_label_symbol(&m->pre, p->site->label);
	if (!strncmp(symbol, trampoline, sizeof(trampoline) - 1)) {
		snprintf(name, sizeof(name), "__SCK__%s",
			 symbol + sizeof(trampoline) - 1);
		return ksplice_need.kallsyms_lookup_name(name);
	}
	label = ksplice_main_label(&m->pre, p->site->label);
	if (ksplice_labelval_get(&m->vals, label, &key) ||
	    ksplice_symbols_alive(&m->symbols, label, &key) == 1)
		return key;
	return 0;
}

static bool static_call_func(const struct place *p, unsigned long *func)
{
	unsigned long key = static_call_key(p);

	return key && read_pointer(key + offsetof(struct static_call_key, func),
				   func);
}

/* Where a static call may lead: to the key's function, if that is known. */
static bool is_static_callee(const struct place *p, unsigned long to)
{
	unsigned long func;

	return static_call_func(p, &func) ? func == to : is_text(p, to);
}

/* The same of a function that is not called: none, or one that returns 0 */
static bool may_be_static_callee(const struct place *p, unsigned long func)
{
	unsigned long current_func;

	return !static_call_func(p, &current_func) || current_func == func;
}

static bool check_static_call(struct place *p)
{
	const struct ksplice_site_env *env = &p->c->m->env;

	if (as_built(p, KSPLICE_SITES_NONE))
		return true;
	if (p->len == 6 && p->pre[0] == 0x0f)
		return !memcmp(p->run, p->pre, 2) &&
		       (is_static_callee(p, target32(p, 2)) ||
			is_return_thunk(p, target32(p, 2)) ||
			target32(p, 2) == env->static_call_return);
	if (p->len != CALL_INSN_SIZE)
		return false;
	if (p->run[0] == p->pre[0] && is_static_callee(p, target32(p, 1)))
		return true;
	if (p->pre[0] == CALL_INSN_OPCODE)
		return (starts_with(p, nop5, sizeof(nop5)) &&
			may_be_static_callee(p, 0)) ||
		       (starts_with(p, return_zero, sizeof(return_zero)) &&
			may_be_static_callee(p, env->static_call_return0));
	return starts_with(p, ret_int3, sizeof(ret_int3)) ||
	       (p->run[0] == JMP32_INSN_OPCODE &&
		is_return_thunk(p, target32(p, 1)));
}

/* __jump_label_patch(): a nop, or a jump to where the entry says */
static bool check_jump_label(struct place *p)
{
	const struct ksplice_site *site = p->site;
	unsigned long to;
	bool short_jump;

	if (p->run_left < 2)
		return false;
	short_jump = p->run[0] == JMP8_INSN_OPCODE ||
		     !memcmp(p->run, nop2, sizeof(nop2));
	p->run_len = short_jump ? JMP8_INSN_SIZE : JMP32_INSN_SIZE;
	if (p->run_left < p->run_len)
		return false;
	if (short_jump && p->run[0] == nop2[0])
		return true;
	if (!short_jump && !memcmp(p->run, nop5, sizeof(nop5)))
		return true;

	if (short_jump)
		to = p->addr + JMP8_INSN_SIZE + (s8)p->run[1];
	else if (p->run[0] == JMP32_INSN_OPCODE)
		to = target32(p, 1);
	else
		return false;
	return site->label != KSPLICE_NONE &&
	       ksplice_ref(p->c, site->label, to, site->addend);
}

/* A nop, or a call of ftrace, one of its trampolines, or a BPF program's. */
static bool check_ftrace(struct place *p)
{
	if (p->len != CALL_INSN_SIZE)
		return false;
	if (starts_with(p, nop5, sizeof(nop5)))
		return true;
	return p->run[0] == CALL_INSN_OPCODE && is_text(p, target32(p, 1));
}

static bool check_smp_lock(struct place *p)
{
	return p->run[0] == 0xf0 || p->run[0] == 0x3e;
}

static bool check_endbr(struct place *p)
{
	return starts_with(p, endbr64, sizeof(endbr64)) ||
	       starts_with(p, endbr_sealed, sizeof(endbr_sealed));
}

/* paravirt_patch(): a direct call of what pv_ops has, or nothing at all */
static bool check_paravirt(struct place *p)
{
	const struct ksplice_site_env *env = &p->c->m->env;
	unsigned long op;

	if (as_built(p, KSPLICE_SITES_NONE))
		return true;
	if (p->len < CALL_INSN_SIZE || p->site->value > 0xff ||
	    !read_pointer(env->pv_ops + p->site->value * sizeof(op), &op))
		return false;
	if (!op)
		op = env->pv_bug;
	if (ksplice_is_nops(p->run, p->len))
		return op == env->pv_nop;
	return p->run[0] == CALL_INSN_OPCODE && target32(p, 1) == op &&
	       ksplice_is_nops(p->run + CALL_INSN_SIZE,
			       p->len - CALL_INSN_SIZE);
}

/* recompute_jump(): a replacement that is one jump may have become short */
static bool check_jump_replacement(struct place *p,
				   const struct ksplice_span *replacement)
{
	const struct ksplice_pre *pre = &p->c->m->pre;
	const struct ksplice_reloc *reloc = &pre->relocs[replacement->first_reloc];
	unsigned long to;
	u32 len;

	if (replacement->n_relocs != 1 || reloc->offset != 1)
		return false;
	if (p->run[0] == JMP8_INSN_OPCODE) {
		len = JMP8_INSN_SIZE;
		to = p->addr + len + (s8)p->run[1];
	} else if (p->run[0] == JMP32_INSN_OPCODE) {
		len = JMP32_INSN_SIZE;
		to = target32(p, 1);
	} else {
		return false;
	}
	return ksplice_is_nops(p->run + len, p->len - len) &&
	       ksplice_ref(p->c, reloc->label, to, reloc->addend + 4);
}

static bool check_replacement(struct place *p,
			      const struct ksplice_span *replacement)
{
	const struct ksplice_pre *pre = &p->c->m->pre;
	const u8 *bytes = ksplice_span_bytes(pre, replacement);
	u32 len = replacement->size;

	if (len > p->len)
		return false;
	if (len == JMP32_INSN_SIZE && bytes[0] == JMP32_INSN_OPCODE)
		return check_jump_replacement(p, replacement);

	/* The kernel fills up with nops, and joins those at the end to them */
	while (len && bytes[len - 1] == 0x90 &&
	       ksplice_span_reloc_from(pre, replacement, len - 1) ==
	       replacement->first_reloc + replacement->n_relocs)
		len--;
	len = ksplice_insn_from(bytes, replacement->size, 0, len);
	return ksplice_compare_range(p->c, replacement, 0, len, p->run_off,
				     KSPLICE_SITES_ALL) &&
	       ksplice_is_nops(p->run + len, p->len - len);
}

/* apply_alternatives(): the original, or one of the replacements */
static bool check_alternative(struct place *p, u32 first)
{
	const struct ksplice_pre *pre = &p->c->m->pre;
	struct ksplice_labelvals *vals = &p->c->m->vals;
	u32 mark = ksplice_labelvals_mark(vals);
	u32 n_jumps = p->c->n_jumps;
	bool equal;
	u32 i;

	p->c->nops++;
	equal = as_built(p, KSPLICE_SITES_INNER);
	for (i = first; !equal &&
	     i < p->span->first_site + p->span->n_sites &&
	     pre->sites[i].offset == p->site->offset; i++) {
		const struct ksplice_site *site = &pre->sites[i];

		if (site->kind != KSPLICE_SITE_ALTERNATIVE ||
		    site->length != p->len)
			continue;
		if (site->span == KSPLICE_NONE) {
			equal = ksplice_is_nops(p->run, p->len);
			continue;
		}
		equal = check_replacement(p, &pre->spans[site->span]);
		if (!equal) {
			ksplice_labelvals_rollback(vals, mark);
			p->c->n_jumps = n_jumps;
		}
	}
	p->c->nops--;
	return equal;
}

u32 ksplice_site_len(const struct ksplice_pre *pre,
		     const struct ksplice_span *span,
		     const struct ksplice_site *site)
{
	if (site->kind == KSPLICE_SITE_SMP_LOCK)
		return 1;
	if (site->length)
		return site->length;
	return ksplice_insn_len(ksplice_span_bytes(pre, span), span->size,
				site->offset);
}

/* The outer site comes first: what is inside is checked along with it. */
static unsigned int site_rank(const struct ksplice_site *site, u32 from,
			      u32 to, enum ksplice_range_sites which)
{
	switch (site->kind) {
	case KSPLICE_SITE_ALTERNATIVE:
		if (which == KSPLICE_SITES_INNER && site->offset == from &&
		    site->length == to - from)
			return 0;
		return site->length ? 2 + site->length : 0;
	case KSPLICE_SITE_BUG:
	case KSPLICE_SITE_EXTABLE:
		return 0;
	case KSPLICE_SITE_SMP_LOCK:
		return 1;
	default:
		return 2;
	}
}

static bool check_place(struct place *p, u32 first)
{
	switch (p->site->kind) {
	case KSPLICE_SITE_ALTERNATIVE:
		return check_alternative(p, first);
	case KSPLICE_SITE_PARAVIRT:
		return check_paravirt(p);
	case KSPLICE_SITE_RETPOLINE:
		return check_retpoline(p);
	case KSPLICE_SITE_RETURN:
		return check_return(p);
	case KSPLICE_SITE_STATIC_CALL:
		return check_static_call(p);
	case KSPLICE_SITE_JUMP_LABEL:
		return check_jump_label(p);
	case KSPLICE_SITE_FTRACE:
		return check_ftrace(p);
	case KSPLICE_SITE_SMP_LOCK:
		return check_smp_lock(p);
	case KSPLICE_SITE_ENDBR:
		return check_endbr(p);
	default:
		return false;
	}
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
	struct place p;
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

	p = (struct place) {
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
	p.run_len = p.len;
	if (!p.len || p.len > to - offset || p.len > p.run_left ||
	    !check_place(&p, first))
		return KSPLICE_SITE_DIFFERS;
	*lens = (struct ksplice_site_lens) { .pre = p.len, .run = p.run_len };
	return KSPLICE_SITE_EQUAL;
}

/* struct exception_table_entry: 32 bits each of place, fix-up and the rest */
static bool check_fixup(struct ksplice_compare *c,
			const struct ksplice_site *site, u32 run_off)
{
	const struct exception_table_entry *entry;
	unsigned long to;
	u32 rest;

	c->pre_off = site->offset;
	c->run_off = run_off;
	entry = c->m->env.search_exception_tables(c->addr + run_off);
	if (!entry) {
		ksplice_compare_why(c, 0, "a fault there is not caught");
		return false;
	}
	to = (unsigned long)&entry->fixup + entry->fixup;
	memcpy(&rest, (void *)entry + 8, sizeof(rest));
	if ((site->value && site->value != rest) ||
	    !ksplice_ref(c, site->label, to, site->addend)) {
		ksplice_compare_why(c, 0,
				    "a fault there is treated in another way");
		return false;
	}
	return true;
}

bool ksplice_fixups_check(struct ksplice_compare *c)
{
	const struct ksplice_pre *pre = &c->m->pre;
	u32 i;

	BUILD_BUG_ON(sizeof(struct exception_table_entry) != 12);
	if (!c->m->env.search_exception_tables)
		return true;
	for (i = c->span->first_site;
	     i < c->span->first_site + c->span->n_sites; i++) {
		const struct ksplice_site *site = &pre->sites[i];
		u32 run_off = site->offset;

		if (site->kind != KSPLICE_SITE_EXTABLE ||
		    site->label == KSPLICE_NONE)
			continue;
		/* Inside of what the kernel rewrites, it stays where it was. */
		if (c->walking && c->map[site->offset] == KSPLICE_NONE)
			continue;
		if (c->walking)
			run_off = c->map[site->offset];
		if (!check_fixup(c, site, run_off))
			return false;
	}
	return true;
}

bool ksplice_is_trampoline(const struct ksplice_compare *c)
{
	static const char prefix[] = ".static_call.text";

	return c->span->size == 8 &&
	       !strncmp(c->m->pre.strings + c->span->section, prefix,
			sizeof(prefix) - 1);
}

bool ksplice_trampoline_check(struct ksplice_compare *c)
{
	static const u8 mark[] = { 0x0f, 0xb9, 0xcc };	/* ud1 %esp,%ecx */
	const struct place p = {
		.c = c,
		.run = c->run,
		.addr = c->addr,
		.len = JMP32_INSN_SIZE,
	};

	c->pre_off = c->run_off = 0;
	c->size = c->span->size;
	if (c->run_len < c->size ||
	    memcmp(c->run + JMP32_INSN_SIZE, mark, sizeof(mark)))
		return false;
	if (c->run[0] == JMP32_INSN_OPCODE)
		return is_text(&p, target32(&p, 1));
	return starts_with(&p, ret_int3, sizeof(ret_int3));
}

void ksplice_site_env_init(struct ksplice_site_env *env)
{
	static const char * const thunks[] = {
		"__x86_return_thunk", "srso_return_thunk",
		"srso_alias_return_thunk", "retbleed_return_thunk",
		"its_return_thunk", "call_depth_return_thunk",
	};
	unsigned long (*lookup)(const char *name) =
		ksplice_need.kallsyms_lookup_name;
	unsigned long addr;
	unsigned int i;

	*env = (struct ksplice_site_env) {
		.pv_ops = lookup("pv_ops"),
		.pv_nop = lookup("_paravirt_nop"),
		.pv_bug = lookup("paravirt_BUG"),
		.static_call_return = lookup("__static_call_return"),
		.static_call_return0 = lookup("__static_call_return0"),
		.kernel_text_address = (void *)lookup("kernel_text_address"),
		.search_exception_tables =
			(void *)lookup("search_exception_tables"),
		.lookup_size_offset =
			(void *)lookup("kallsyms_lookup_size_offset"),
	};
	for (i = 0; i < ARRAY_SIZE(thunks); i++) {
		addr = lookup(thunks[i]);
		if (addr)
			env->return_thunks[env->n_return_thunks++] = addr;
	}
	/* The one in use, whatever it is called. */
	if (read_pointer(lookup("x86_return_thunk"), &addr) && addr)
		env->return_thunks[env->n_return_thunks++] = addr;
}
