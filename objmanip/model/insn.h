/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * insn.h - what objmanip has to know of an instruction
 */
#ifndef OBJMANIP_MODEL_INSN_H
#define OBJMANIP_MODEL_INSN_H

#include "model/reloc.h"

#include <stdbool.h>
#include <stdint.h>

struct insn {
	unsigned int length;
	bool is_end;			/* it never continues to the next one; a
					 * call does, unless it is the last */
	bool is_fill;			/* fills the room between functions */
	/*
	 * A jump, call or operand that is relative to the instruction: how far
	 * its referent is from the first byte of the instruction.  The other
	 * members describe the relocation that the field would have against a
	 * symbol of another section.
	 */
	bool is_relative;
	int64_t distance;
	unsigned int field;		/* its offset in the instruction */
	int64_t bias;			/* see struct reloc */
	const struct reloc_type *type;	/* NULL: too short a field for any */
};

#endif
