/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reloc.h - what a type of relocations means
 *
 * Each architecture has a table of these, see arch/README.md.
 */
#ifndef OBJMANIP_MODEL_RELOC_H
#define OBJMANIP_MODEL_RELOC_H

#include <stdint.h>

enum reloc_class {
	RELOC_OTHER,		/* compared and copied, but not understood */
	RELOC_NONE,		/* says nothing: it is left out */
	RELOC_ABSOLUTE,		/* the address of the referent */
	RELOC_RELATIVE,		/* its distance from the field, or from the end
				 * of the instruction */
	RELOC_CALL,		/* the same, in a call or jump only */
	RELOC_PAGE,		/* the distance of its page */
	RELOC_PAGE_OFFSET,	/* its offset in its page: goes with a
				 * RELOC_PAGE of another instruction */
};

struct reloc_type {
	unsigned int number;		/* R_* */
	enum reloc_class class;
	unsigned int size;		/* bytes that the field has */
	uint64_t mask;			/* the bits of these, as a little-endian
					 * number, that the linker sets */
	unsigned int plain;		/* its number, or that of the type that
					 * it is compared as */
	unsigned int howto;		/* enum ksplice_howto; 0: none, and code
					 * with it cannot be described */
	const char *name;		/* for people; NULL: has none */
};

#endif
