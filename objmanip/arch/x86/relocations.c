// SPDX-License-Identifier: GPL-2.0-only
/*
 * relocations.c - the types of relocations of x86-64
 *
 * A call of a local function has a PC32 relocation, of a global one PLT32.
 * There is no PLT in the kernel: they say the same.
 */
#include "arch/x86/x86.h"
#include "kmodsrc/records.h"

#include <elf.h>

#define TYPE(type, class, size, plain, howto, name)		\
	{ R_X86_64_##type, RELOC_##class, size, ~0ULL, R_X86_64_##plain, \
	  howto, name }

const struct reloc_type x86_reloc_types[] = {
	TYPE(NONE,	NONE,	 8, NONE, 0,		 NULL),
	TYPE(64,	ABSOLUTE, 8, 64,  KSPLICE_ABS64,  "abs64"),
	TYPE(32,	ABSOLUTE, 4, 32,  KSPLICE_ABS32,  "abs32"),
	TYPE(32S,	ABSOLUTE, 4, 32S, KSPLICE_ABS32S, "abs32s"),
	TYPE(PC32,	RELATIVE, 4, PC32, KSPLICE_PC32,  "pc32"),
	TYPE(PLT32,	CALL,	 4, PC32, KSPLICE_PLT32, "plt32"),
	TYPE(PC64,	RELATIVE, 8, PC64, KSPLICE_PC64,  "pc64"),
	{ 0 }
};
