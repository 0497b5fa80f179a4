// SPDX-License-Identifier: GPL-2.0-only
/*
 * calls.c - x86: what the kernel may have made of a call
 *
 * The rules follow what arch/x86/kernel/{alternative,static_call}.c do.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cache.h>
#include <linux/kernel.h>
#include <linux/static_call_types.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/text-patching.h>
#include "arch/sites.h"
#include "arch/x86/rules.h"
#include "compare/labelval.h"
#include "compare/pre.h"
#include "compare/sites.h"
#include "compare/symbols.h"
#include "kernel/compat.h"

#define CS_PREFIX	0x2e

static const u8 nop5[] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };
static const u8 ret_int3[] = { 0xc3, 0xcc, 0xcc, 0xcc, 0xcc };
static const u8 lfence[] = { 0x0f, 0xae, 0xe8 };

static bool starts_with(const struct ksplice_site_run *s, const u8 *bytes,
			u32 len)
{
	return s->len >= len && !memcmp(s->run, bytes, len);
}

static const char * const registers[] = {
	"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
};

/* apply_retpolines() */
static int thunk_register(const char *symbol)
{
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

/* Thunks that count the depth of calls; emit_call_track_retpoline() */
static bool is_counting_thunk(unsigned long addr, bool is_call, int reg)
{
	char name[40];

	snprintf(name, sizeof(name), "__x86_indirect_%s_thunk_%s",
		 is_call ? "call" : "jump", registers[reg]);
	return addr && ksplice_call(kallsyms_lookup_name)(name) == addr;
}

static bool is_indirect(const struct ksplice_site_run *s, u32 at, bool is_call,
			int reg)
{
	u8 bytes[4];
	u32 n = indirect(bytes, is_call, reg);

	/* Up to three, before a call only; seen with 7.3 */
	while (is_call && at + n < s->len && s->run[at] == CS_PREFIX)
		at++;
	if (at + n > s->len || memcmp(s->run + at, bytes, n))
		return false;
	at += n;
	/* One in 6.12, as many as there is room for in 7.3 */
	while (!is_call && at < s->len && s->run[at] == INT3_INSN_OPCODE)
		at++;
	return ksplice_is_nops(s->run + at, s->len - at);
}

bool ksplice_check_retpoline(struct ksplice_site_run *s)
{
	u32 field = s->len - 4;
	const struct ksplice_reloc *reloc;
	bool is_call, is_jcc;
	u32 at = 0;
	int reg;

	if (ksplice_site_as_built(s, KSPLICE_SITES_NONE))
		return true;
	if (s->len < 5 || s->len > 6)
		return false;
	reloc = ksplice_site_reloc_at(s, field);
	if (!reloc)
		return false;
	reg = thunk_register(ksplice_label_symbol(&s->c->m->pre,
						  reloc->label));
	if (reg < 0)
		return false;
	is_call = s->pre[field - 1] == CALL_INSN_OPCODE;
	if (!memcmp(s->run, s->pre, field))
		return is_its_thunk(ksplice_leads_to(s, field), reg) ||
		       is_counting_thunk(ksplice_leads_to(s, field), is_call,
					 reg);

	is_jcc = s->len == 6 && s->pre[0] == 0x0f;
	if (is_jcc) {
		/* the opposite condition, over the rest */
		if (s->run[0] != (0x70 | ((s->pre[1] ^ 1) & 0xf)) ||
		    s->run[1] != s->len - 2)
			return false;
		at = 2;
	}
	if (s->len - at > sizeof(lfence) &&
	    !memcmp(s->run + at, lfence, sizeof(lfence)))
		at += sizeof(lfence);
	return is_indirect(s, at, is_call, reg);
}

/*
 * __static_call_transform().  The table names the key, or the trampoline in a
 * module that cannot see the key.
 */
static unsigned long static_call_key(const struct ksplice_site_run *s)
{
	static const char trampoline[] = "__SCT__";
	struct ksplice_match *m = s->c->m;
	const char *symbol;
	unsigned long key;
	char name[128];

	if (s->site->label == KSPLICE_NONE)
		return 0;
	symbol = ksplice_label_symbol(&m->pre, s->site->label);
	if (!strncmp(symbol, trampoline, sizeof(trampoline) - 1)) {
		snprintf(name, sizeof(name), "__SCK__%s",
			 symbol + sizeof(trampoline) - 1);
		return ksplice_call(kallsyms_lookup_name)(name);
	}
	return ksplice_label_addr(s->c, s->site->label, &key) ? key : 0;
}

static bool static_call_func(const struct ksplice_site_run *s,
			     unsigned long *func)
{
	unsigned long key = static_call_key(s);

	return key &&
	       ksplice_read_pointer(key +
				    offsetof(struct static_call_key, func),
				    func);
}

/* Where a static call may lead: to the key's function, if that is known. */
static bool is_static_callee(const struct ksplice_site_run *s, unsigned long to)
{
	unsigned long func;

	return static_call_func(s, &func) ? func == to : ksplice_is_text(to);
}

/* The same of a function that is not called: none, or one that returns 0 */
static bool may_be_static_callee(const struct ksplice_site_run *s,
				 unsigned long func)
{
	unsigned long current_func;

	return !static_call_func(s, &current_func) || current_func == func;
}

/*
 * Has the call of a certain function become an instruction that does the same?
 * All but that of the first are new in 7.3.
 */
static bool is_callee_in_place(const struct ksplice_site_run *s)
{
	const struct ksplice_site_env *env = &s->c->m->env;
	const struct {
		unsigned long func;
		u8 code[CALL_INSN_SIZE];
	} in_place[] = {
		/* xorl %eax, %eax, after three cs */
		{ env->static_call_return0, { 0x2e, 0x2e, 0x2e, 0x31, 0xc0 } },
		/* ud1 (%edx), %rdi */
		{ env->warn_trap, { 0x67, 0x48, 0x0f, 0xb9, 0x3a } },
		/* movb $0, (%rdi), after two ds */
		{ env->native_unlock, { 0x3e, 0x3e, 0xc6, 0x07, 0x00 } },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(in_place); i++) {
		if (in_place[i].func &&
		    starts_with(s, in_place[i].code, CALL_INSN_SIZE))
			return may_be_static_callee(s, in_place[i].func);
	}
	return false;
}

bool ksplice_check_static_call(struct ksplice_site_run *s)
{
	const struct ksplice_site_env *env = &s->c->m->env;
	unsigned long to;

	if (ksplice_site_as_built(s, KSPLICE_SITES_NONE))
		return true;
	if (s->len == 6 && s->pre[0] == 0x0f)
		return !memcmp(s->run, s->pre, 2) &&
		       (is_static_callee(s, ksplice_leads_to(s, 2)) ||
			ksplice_is_return_thunk(s, ksplice_leads_to(s, 2)) ||
			ksplice_leads_to(s, 2) == env->static_call_return);
	if (s->len != CALL_INSN_SIZE)
		return false;
	to = ksplice_leads_to(s, 1);
	if (s->pre[0] == CALL_INSN_OPCODE)
		to = ksplice_callee(env, to);
	if (s->run[0] == s->pre[0] && is_static_callee(s, to))
		return true;
	if (s->pre[0] == CALL_INSN_OPCODE)
		return (starts_with(s, nop5, sizeof(nop5)) &&
			may_be_static_callee(s, 0)) ||
		       is_callee_in_place(s);
	return starts_with(s, ret_int3, sizeof(ret_int3)) ||
	       (s->run[0] == JMP32_INSN_OPCODE &&
		ksplice_is_return_thunk(s, ksplice_leads_to(s, 1)));
}

/*
 * The trampoline of a static call, a jump or a return and then its mark, goes
 * wherever the last update of the call sent it.
 */
enum ksplice_site_result ksplice_trampoline_check(struct ksplice_compare *c)
{
	static const char prefix[] = ".static_call.text";
	static const u8 mark[] = { 0x0f, 0xb9, 0xcc };	/* ud1 %esp,%ecx */
	const struct ksplice_site_run s = {
		.c = c,
		.run = c->run,
		.addr = c->addr,
		.len = JMP32_INSN_SIZE,
	};
	bool is_right;

	if (c->span->size != 8 ||
	    strncmp(c->m->pre.strings + c->span->section, prefix,
		    sizeof(prefix) - 1))
		return KSPLICE_SITE_PLAIN;
	c->pre_off = 0;
	c->run_off = 0;
	c->size = c->span->size;
	if (c->run_len < c->size ||
	    memcmp(c->run + JMP32_INSN_SIZE, mark, sizeof(mark)))
		return KSPLICE_SITE_DIFFERS;
	if (c->run[0] == JMP32_INSN_OPCODE)
		is_right = ksplice_is_text(ksplice_leads_to(&s, 1));
	else
		is_right = starts_with(&s, ret_int3, sizeof(ret_int3));
	return is_right ? KSPLICE_SITE_EQUAL : KSPLICE_SITE_DIFFERS;
}
