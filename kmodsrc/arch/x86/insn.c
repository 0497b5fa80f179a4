// SPDX-License-Identifier: GPL-2.0-only
/*
 * insn.c - x86: the little that must be known of instructions
 *
 * Lengths and fields come from the kernel's own decoder.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cache.h>
#include <linux/minmax.h>
#include <asm/text-patching.h>
#include "arch/insn.h"
#include "arch/sites.h"
#include "arch/x86/decode.h"
#include "arch/x86/needs.h"

bool ksplice_insn(struct insn *insn, const u8 *code, u32 size, u32 offset)
{
	if (offset >= size)
		return false;
	return ksplice_call(insn_decode)(insn, code + offset,
					 min_t(u32, size - offset,
					       MAX_INSN_SIZE),
					 INSN_MODE_64) >= 0;
}

/* Most places that the kernel rewrites are one of the first three. */
u32 ksplice_insn_len(const u8 *code, u32 size, u32 offset)
{
	struct insn insn;
	u32 left = size - offset;
	u8 op;

	if (offset >= size)
		return 0;
	op = code[offset];
	if (op == 0xe8 || op == 0xe9)
		return left >= 5 ? 5 : 0;
	if (op == 0xc3 || op == 0xcc)
		return 1;
	if (op == 0x0f && left >= 6 && (code[offset + 1] & 0xf0) == 0x80)
		return 6;
	return ksplice_insn(&insn, code, size, offset) ? insn.length : 0;
}

u32 ksplice_insn_from(const u8 *code, u32 size, u32 from, u32 offset)
{
	u32 len;

	while (from < offset) {
		len = ksplice_insn_len(code, size, from);
		if (!len)
			return size;
		from += len;
	}
	return from;
}

/* Length of modrm, sib and displacement. */
static u32 modrm_len(const u8 *code, u32 size)
{
	u32 len = 1;
	u8 mod, rm;

	if (!size)
		return 0;
	mod = code[0] >> 6;
	rm = code[0] & 7;
	if (mod == 3)
		return len;
	if (rm == 4) {
		if (size < 2)
			return 0;
		if (mod == 0 && (code[1] & 7) == 5)
			mod = 2;
		len++;
	} else if (mod == 0 && rm == 5) {
		mod = 2;
	}
	if (mod)
		len += mod == 1 ? 1 : 4;
	return len <= size ? len : 0;
}

/* [66|2e]* 90, or [66|2e]* 0f 1f with reg 0 and any operand */
u32 ksplice_nop_len(const u8 *code, u32 size)
{
	u32 len = 0;
	u32 operand;

	while (len < size && (code[len] == 0x66 || code[len] == 0x2e))
		len++;
	if (len < size && code[len] == 0x90)
		return len + 1;
	if (len + 2 >= size || code[len] != 0x0f || code[len + 1] != 0x1f ||
	    (code[len + 2] & 0x38))
		return 0;
	operand = modrm_len(code + len + 2, size - len - 2);
	return operand ? len + 2 + operand : 0;
}

bool ksplice_is_nops(const u8 *code, u32 size)
{
	u32 offset = 0;
	u32 len;

	while (offset < size) {
		len = ksplice_nop_len(code + offset, size - offset);
		if (!len)
			return false;
		offset += len;
	}
	return true;
}

static bool is_jcc32(const struct insn *insn)
{
	return insn->opcode.nbytes == 2 && insn->opcode.bytes[0] == 0x0f &&
	       (insn->opcode.bytes[1] & 0xf0) == 0x80;
}

/* One number for each operation that has a relative distance; 0: it has none */
static u8 branch_operation(const struct insn *insn)
{
	u8 op = insn->opcode.bytes[0];

	if (is_jcc32(insn))
		return 0x70 | (insn->opcode.bytes[1] & 0xf);
	if (insn->opcode.nbytes != 1)
		return 0;
	if (op >= 0x70 && op <= 0x7f)
		return op;
	if (op >= 0xe0 && op <= 0xe3)	/* loop, jrcxz */
		return op;
	if (op == 0xe8 || op == 0xe9)
		return op;
	return op == 0xeb ? 0xe9 : 0;
}

bool ksplice_insn_branch(const struct insn *insn, s64 *to)
{
	if (!branch_operation(insn))
		return false;
	*to = insn->length + (s64)insn->immediate.value;
	return true;
}

bool ksplice_insn_same_branch(const struct insn *a, const struct insn *b)
{
	return branch_operation(a) &&
	       branch_operation(a) == branch_operation(b) &&
	       a->prefixes.nbytes == b->prefixes.nbytes &&
	       a->prefixes.value == b->prefixes.value;
}

bool ksplice_insn_rip_relative(const struct insn *insn, s64 *to)
{
	if (!insn->modrm.nbytes || X86_MODRM_MOD(insn->modrm.value) ||
	    X86_MODRM_RM(insn->modrm.value) != 5)
		return false;
	*to = insn->length + (s64)insn->displacement.value;
	return true;
}

u32 ksplice_insn_start(const u8 *code, u32 size, u32 offset)
{
	struct insn insn;
	u32 at = 0;

	while (ksplice_insn(&insn, code, size, at) &&
	       at + insn.length <= offset)
		at += insn.length;
	return at <= offset ? at : offset;
}

bool ksplice_insn_jump(const u8 *code, u32 size, u32 offset, u32 *len, s64 *to)
{
	struct insn insn;

	*len = 0;
	if (!ksplice_insn(&insn, code, size, offset))
		return false;
	*len = insn.length;
	return ksplice_insn_branch(&insn, to) &&
	       insn.opcode.bytes[0] != CALL_INSN_OPCODE;
}

u32 ksplice_fill_len(const u8 *code, u32 size)
{
	return ksplice_nop_len(code, size) ?:
	       (size && code[0] == INT3_INSN_OPCODE);
}

/*
 * A sequence of one-byte nops in pre is equal to nops of the same length in
 * all.  A byte of an operand is no nop.
 */
u32 ksplice_equal_len_nops(const u8 *pre, const u8 *run, u32 from, u32 pos,
			   u32 to)
{
	u32 at = pos;
	u32 start, end;

	for (;;) {
		at += ksplice_equal_len(pre + at, run + at - pos, to - at);
		if (at == to || pre[at] != NOP_INSN_OPCODE)
			return at - pos;
		start = at;
		while (start > pos && pre[start - 1] == NOP_INSN_OPCODE)
			start--;
		for (end = at; end < to && pre[end] == NOP_INSN_OPCODE; end++)
			;
		start = ksplice_insn_from(pre, to, from, start);
		if (start > at || !ksplice_is_nops(run + start - pos,
						   end - start))
			return at - pos;
		at = end;
	}
}
