/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * instructions.h - how long an x86-64 instruction is, and where it goes
 */
#ifndef OBJMANIP_ARCH_X86_INSTRUCTIONS_H
#define OBJMANIP_ARCH_X86_INSTRUCTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct insn {
	unsigned int length;
	/*
	 * The field that is relative to the end of the instruction, the target
	 * of a jump or call or the displacement of x(%rip); size 0: none.
	 */
	unsigned int field, field_size;
	int64_t distance;		/* what the field holds */
	bool is_branch;			/* the field is that of a branch */
	bool is_end;			/* the next one is not run after it; of a
					 * call that is so only if it is last */
	bool is_fill;			/* a nop, or int3 */
};

/* Decode the first of these bytes; false if they are no instruction. */
bool insn_decode(const uint8_t *bytes, uint64_t size, struct insn *insn);

#endif
