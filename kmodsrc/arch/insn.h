/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * insn.h - the little that must be known of instructions
 *
 * Each architecture implements it, but for ksplice_equal_len().  None of these
 * sleeps.
 */
#ifndef KSPLICE_ARCH_INSN_H
#define KSPLICE_ARCH_INSN_H

#include <linux/types.h>

/* Length of the instruction at code[offset]; 0 if it is not a whole one. */
u32 ksplice_insn_len(const u8 *code, u32 size, u32 offset);

/* Start of the instruction that the byte at offset belongs to. */
u32 ksplice_insn_start(const u8 *code, u32 size, u32 offset);

/*
 * Is the instruction at code[offset] a jump to a fixed place, conditional or
 * not?  A call is none.  *len is its length in any case, or 0 as above; *to is
 * where it jumps, as an offset from its start.
 */
bool ksplice_insn_jump(const u8 *code, u32 size, u32 offset, u32 *len,
		       s64 *to);

/*
 * Length of one instruction of fill, as it is put between functions: a nop or
 * a trap.  0 if there is something else.
 */
u32 ksplice_fill_len(const u8 *code, u32 size);

/* Bytes at the start of both that are equal. */
static inline u32 ksplice_equal_len(const u8 *a, const u8 *b, u32 len)
{
	u32 i;

	for (i = 0; i < len && a[i] == b[i]; i++)
		;
	return i;
}

/*
 * Bytes of [pos, to) that are equal in the original of an alternative, where
 * boot may write other nops for those that were built.  An instruction of pre
 * starts at from; run has what is at pos.
 */
u32 ksplice_equal_len_nops(const u8 *pre, const u8 *run, u32 from, u32 pos,
			   u32 to);

#endif
