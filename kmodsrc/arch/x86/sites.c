// SPDX-License-Identifier: GPL-2.0-only
/*
 * sites.c - x86: the rules of sites
 *
 * They follow what arch/x86/kernel/{alternative,paravirt,jump_label,ftrace}.c
 * do; the text as it was built is always fine.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cache.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/text-patching.h>
#include "arch/sites.h"
#include "arch/x86/rules.h"
#include "compare/refs.h"
#include "compare/sites.h"
#include "kernel/compat.h"

#define NOP5		{ 5, { 0x0f, 0x1f, 0x44, 0x00, 0x00 } }
#define RET_INT3	{ 5, { 0xc3, 0xcc, 0xcc, 0xcc, 0xcc } }
#define ENDBR64		{ 4, { 0xf3, 0x0f, 0x1e, 0xfa } }
#define ENDBR_NOPW	{ 4, { 0x66, 0x0f, 0x1f, 0x00 } }
#define ENDBR_NOPL	{ 4, { 0x0f, 0x1f, 0x40, 0xd6 } }
#define PREFIX_LOCK	{ 1, { 0xf0 } }

/* Bytes of the instruction of a constant before its operand */
#define CONSTANT_OPERAND	2

static const struct ksplice_bytes returns[] = {
	{ 1, { 0xc3 } }, RET_INT3, { }
};
static const struct ksplice_bytes ftrace[] = { NOP5, { } };
static const struct ksplice_bytes lock_prefix = PREFIX_LOCK;
/* The nop that seals one: nopw (%rax), nopl -42(%rax) in later kernels */
static const struct ksplice_bytes endbrs[] = {
	ENDBR64, ENDBR_NOPW, ENDBR_NOPL, { }
};

static const u8 ds_prefix = 0x3e;
static const u8 nop2[] = { 0x66, 0x90 };
static const u8 nop5[] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };

/* apply_returns(): the thunk, or a plain return */
static bool check_return(struct ksplice_site_run *s)
{
	return s->len == JMP32_INSN_SIZE && s->run[0] == JMP32_INSN_OPCODE &&
	       ksplice_is_return_thunk(s, ksplice_leads_to(s, 1));
}

/* __jump_label_patch(): a nop, or a jump to where the entry says */
static bool check_jump_label(struct ksplice_site_run *s)
{
	const struct ksplice_site *site = s->site;
	unsigned long to;
	bool short_jump;

	if (s->run_left < 2)
		return false;
	short_jump = s->run[0] == JMP8_INSN_OPCODE ||
		     !memcmp(s->run, nop2, sizeof(nop2));
	s->run_len = short_jump ? JMP8_INSN_SIZE : JMP32_INSN_SIZE;
	if (s->run_left < s->run_len)
		return false;
	if (short_jump && s->run[0] == nop2[0])
		return true;
	if (!short_jump && !memcmp(s->run, nop5, sizeof(nop5)))
		return true;

	if (short_jump)
		to = s->addr + JMP8_INSN_SIZE + (s8)s->run[1];
	else if (s->run[0] == JMP32_INSN_OPCODE)
		to = ksplice_leads_to(s, 1);
	else
		return false;
	return site->label != KSPLICE_NONE &&
	       ksplice_ref(s->c, site->label, to, site->addend);
}

/*
 * What ftrace writes in place of the nop: a call of its own code or of a
 * trampoline, also of a BPF program, or a jump to one, where the kernel has
 * such.  It is all text, and no more is known of where it is.
 */
static bool check_ftrace(struct ksplice_site_run *s)
{
	bool leads = s->run[0] == CALL_INSN_OPCODE;

	if (IS_ENABLED(CONFIG_DYNAMIC_FTRACE_WITH_JMP) &&
	    s->run[0] == JMP32_INSN_OPCODE)
		leads = true;
	return leads && s->len == CALL_INSN_SIZE &&
	       ksplice_is_text(ksplice_leads_to(s, 1));
}

/* paravirt_patch(): a direct call of what pv_ops has, or nothing at all */
static bool check_paravirt(struct ksplice_site_run *s)
{
	if (ksplice_site_as_built(s, KSPLICE_SITES_NONE))
		return true;
	return s->len >= CALL_INSN_SIZE && s->site->value <= 0xff &&
	       ksplice_is_pv_call(s, s->c->m->env.pv_ops +
				     s->site->value * sizeof(long));
}

/*
 * alternatives_smp_unlock(): a prefix that has become another one, if it is
 * first.  Since Linux 6.12 that of the operand's size may come before it.
 */
static bool check_lock(struct ksplice_site_run *s)
{
	return s->run[0] == s->pre[0] ||
	       (s->pre[0] == lock_prefix.bytes[0] && s->run[0] == ds_prefix);
}

/*
 * runtime_const_init(): the operand is what the variable holds.  A variable
 * that only boot reads is not there: __dentry_cache of 7.3; nor is one that is
 * a member of another.  Then the operand, which boot has written, says nothing.
 */
static bool check_constant(struct ksplice_site_run *s)
{
	const u32 size = s->len - CONSTANT_OPERAND;
	unsigned long addr, value;

	if (size > sizeof(value) || memcmp(s->run, s->pre, CONSTANT_OPERAND))
		return false;
	if (!ksplice_label_addr(s->c, s->site->label, &addr))
		return ksplice_is_nowhere(s->c, s->site->label);
	return ksplice_read_pointer(addr, &value) &&
	       !memcmp(s->run + CONSTANT_OPERAND, &value, size);
}

/*
 * A lock prefix is written when a second processor is brought online in a
 * kernel that booted with one; one that is there stays.
 */
const struct ksplice_site_rule ksplice_site_rules[KSPLICE_N_SITE_KINDS] = {
	[KSPLICE_SITE_PARAVIRT] = { .rank = 2, .check = check_paravirt },
	[KSPLICE_SITE_RETPOLINE] = {
		.rank = 2, .check = ksplice_check_retpoline,
	},
	[KSPLICE_SITE_RETURN] = {
		.rank = 2, .written = returns, .check = check_return,
	},
	[KSPLICE_SITE_STATIC_CALL] = {
		.rank = 2, .check = ksplice_check_static_call,
		.conflict = "a static call",
	},
	[KSPLICE_SITE_JUMP_LABEL] = {
		.rank = 2, .check = check_jump_label,
		.conflict = "a jump label",
	},
	[KSPLICE_SITE_FTRACE] = {
		.rank = 2, .written = ftrace, .check = check_ftrace,
		.conflict = "an ftrace site",
	},
	[KSPLICE_SITE_SMP_LOCK] = {
		.rank = 1, .len = 1, .check = check_lock,
		.conflict = "a lock prefix", .settled = &lock_prefix,
	},
	[KSPLICE_SITE_ENDBR] = { .rank = 2, .written = endbrs },
	[KSPLICE_SITE_CONSTANT] = {
		.rank = 2, .check = check_constant,
		.operand = CONSTANT_OPERAND,
	},
};
