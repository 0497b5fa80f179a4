// SPDX-License-Identifier: GPL-2.0-only
/*
 * operands.c - how far a relocated field is from what it is relative to
 *
 * An x86-64 operand x(%rip) is relative to the end of the instruction, so the
 * addend of its relocation holds x's offset minus the bytes from the field to
 * that end: 4, or more if an immediate follows the field, "movb $1, x(%rip)"
 * 5, "cmpl $1000, x(%rip)" 8.  Where a section is one span this does not
 * matter (the sum of addend and bias decides nothing).  It does where the
 * relocation is against the symbol of a section with several spans.
 *
 * No disassembler is needed to know.  The field is a 32-bit displacement; the
 * byte before it is the ModRM byte, which must say "rip-relative" (mod 0, rm
 * 5: there is no SIB byte), and the opcode is the byte before that.  Few
 * opcodes have an immediate:
 *
 *	80 83 C0 C1 C6/0 6B F6/0 F6/1		1 byte
 *	81 C7/0 69 F7/0 F7/1			4 bytes, 2 after a 66 prefix
 *	0F: 70-73 A4 AC BA C2 C4 C5 C6		1 byte
 *	0F 3A, VEX and EVEX map 3: all		1 byte
 *
 * That the bytes before the opcode belong to the same instruction is not
 * certain when one looks backwards: where both readings make sense both are
 * returned, and it is left to the caller whether the difference matters.
 */
#include "arch/x86/x86.h"

#include <elf.h>

/* The bytes before a field, nearest last: before(1) is the one next to it. */
struct view {
	const uint8_t *field;
	uint64_t room;			/* bytes before the field */
};

static int before(const struct view *view, unsigned int n)
{
	return n <= view->room ? view->field[-(int)n] : -1;
}

static bool is_rex(int byte)
{
	return byte >= 0x40 && byte <= 0x4f;
}

/* Is it a prefix of the instruction whose opcode starts n before the field? */
static bool has_prefix(const struct view *view, unsigned int n, int prefix)
{
	if (is_rex(before(view, n + 1)))
		n++;
	return before(view, n + 1) == prefix;
}

/* Immediate of a one-byte opcode; -1: has none, or is no opcode with ModRM */
static int immediate_one(const struct view *view)
{
	int reg = (before(view, 1) >> 3) & 7;
	int full = has_prefix(view, 2, 0x66) ? 2 : 4;

	switch (before(view, 2)) {
	case 0x80: case 0x83: case 0xc0: case 0xc1: case 0x6b:
		return 1;
	case 0x81: case 0x69:
		return full;
	case 0xc6:
		return reg == 0 ? 1 : -1;
	case 0xc7:
		return reg == 0 ? full : -1;
	case 0xf6:
		return reg <= 1 ? 1 : -1;
	case 0xf7:
		return reg <= 1 ? full : -1;
	default:
		return -1;
	}
}

/* Immediate of an opcode of the 0F map */
static int immediate_0f(int opcode)
{
	switch (opcode) {
	case 0x70 ... 0x73:
	case 0xa4: case 0xac: case 0xba:
	case 0xc2: case 0xc4: case 0xc5: case 0xc6:
		return 1;
	default:
		return 0;
	}
}

/* Immediate if it has a VEX or EVEX prefix; -1: it has none. */
static int immediate_vex(const struct view *view)
{
	int map = 0;

	if (before(view, 4) == 0xc5)
		map = 1;
	else if (before(view, 5) == 0xc4)
		map = before(view, 4) & 0x1f;
	else if (before(view, 6) == 0x62)
		map = before(view, 5) & 0x07;
	switch (map) {
	case 1:
		return immediate_0f(before(view, 2));
	case 2:
		return 0;
	case 3:
		return 1;
	default:
		return -1;
	}
}

/* Immediate bytes after a rip-relative displacement */
static struct bias immediate(const struct view *view)
{
	int opcode = before(view, 2);
	int one = immediate_one(view);
	int vex = immediate_vex(view);
	int other = -1;

	if (before(view, 4) == 0x0f && before(view, 3) == 0x3a)
		other = 1;
	else if (before(view, 4) == 0x0f && before(view, 3) == 0x38)
		other = 0;
	else if (before(view, 3) == 0x0f && opcode != 0x80 &&
		 opcode != 0x81 && opcode != 0x83)
		other = immediate_0f(opcode);	/* 80, 81, 83: jcc there */

	/* xadd is locked or per-cpu. */
	if ((opcode == 0xc0 || opcode == 0xc1) && other == 0 &&
	    (has_prefix(view, 3, 0xf0) || has_prefix(view, 3, 0x65)))
		return (struct bias) { 1, { 0 } };

	if (other < 0)
		other = vex;
	if (one < 0)
		return (struct bias) { 1, { other < 0 ? 0 : other } };
	if (other < 0 || other == one)
		return (struct bias) { 1, { one } };
	/* These are no opcodes with a memory operand after 0F or VEX. */
	if (opcode == 0x80 || opcode == 0x81 || opcode == 0x83 ||
	    opcode == 0xc7)
		return (struct bias) { 1, { one } };
	return (struct bias) { 2, { one, other } };
}

static struct view view_of(const struct section *section,
			   const struct reloc *reloc)
{
	return (struct view) {
		.field = section->contents + reloc->offset,
		.room = reloc->offset,
	};
}

/* call, jmp, jcc */
static bool has_branch(const struct view *view)
{
	return before(view, 1) == 0xe8 || before(view, 1) == 0xe9 ||
	       (before(view, 2) == 0x0f && (before(view, 1) & 0xf0) == 0x80);
}

bool x86_is_branch(const struct section *section, const struct reloc *reloc)
{
	const struct view view = view_of(section, reloc);

	if (reloc->type->number == R_X86_64_PLT32)
		return true;
	return reloc->type->number == R_X86_64_PC32 &&
	       section->flags & SEC_CODE && has_branch(&view);
}

struct bias x86_bias(const struct section *section, const struct reloc *reloc)
{
	const struct view view = view_of(section, reloc);
	struct bias bias;

	switch (reloc->type->number) {
	case R_X86_64_PLT32:
	case R_X86_64_PC32:
		break;
	case R_X86_64_PC8:
		return (struct bias) { 1, { !!(section->flags & SEC_CODE) } };
	default:
		return (struct bias) { 1, { 0 } };
	}
	if (!(section->flags & SEC_CODE))
		return (struct bias) { 1, { 0 } };
	if (x86_is_branch(section, reloc))
		return (struct bias) { 1, { 4 } };
	/* Not an operand: ".long x - ." between instructions */
	if ((before(&view, 1) & 0xc7) != 0x05)
		return (struct bias) { 2, { 0, 4 } };
	bias = immediate(&view);
	for (unsigned int i = 0; i < bias.n; i++)
		bias.value[i] += 4;
	return bias;
}
