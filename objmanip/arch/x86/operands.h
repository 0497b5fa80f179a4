/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * operands.h - how far a relocated field is from what it is relative to
 */
#ifndef OBJMANIP_ARCH_X86_OPERANDS_H
#define OBJMANIP_ARCH_X86_OPERANDS_H

#include "model/object.h"

/* Distances from a field that are possible; mostly there is only one. */
struct bias {
	unsigned int n;
	int64_t value[2];
};

/*
 * What must be added to the addend of a relocation in that section to get the
 * offset from its symbol that is meant: 0 for an absolute field and in data,
 * the bytes from the field to the end of the instruction in code.
 */
struct bias operand_bias(const struct section *section,
			 const struct reloc *reloc);

#endif
