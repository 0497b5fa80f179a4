/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decode.h - x86: instructions, as the kernel's decoder sees them
 */
#ifndef KSPLICE_X86_DECODE_H
#define KSPLICE_X86_DECODE_H

#include <asm/insn.h>

#define NOP_INSN_OPCODE		0x90

/* Decode the instruction at code[offset].  Return: is it a whole one? */
bool ksplice_insn(struct insn *insn, const u8 *code, u32 size, u32 offset);

/*
 * The first start of an instruction at or after offset, if one starts at from;
 * size if what is between is not whole instructions.
 */
u32 ksplice_insn_from(const u8 *code, u32 size, u32 from, u32 offset);

/* Length of the nop at code, of any encoding; 0 if it is not one. */
u32 ksplice_nop_len(const u8 *code, u32 size);

/*
 * Is it a jump, conditional jump or call by a relative distance?  Then *to is
 * where it goes, as an offset from the start of the instruction.
 */
bool ksplice_insn_branch(const struct insn *insn, s64 *to);

/* The same operation but for the size of the distance: rel8 or rel32? */
bool ksplice_insn_same_branch(const struct insn *a, const struct insn *b);

/* Has it an operand addressed relative to %rip?  *to as above. */
bool ksplice_insn_rip_relative(const struct insn *insn, s64 *to);

#endif
