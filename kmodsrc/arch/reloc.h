/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reloc.h - what the field of a relocation refers to
 *
 * Each architecture implements it.
 */
#ifndef KSPLICE_ARCH_RELOC_H
#define KSPLICE_ARCH_RELOC_H

#include <linux/types.h>
#include "arch.h"
#include "records.h"

/* A field in the running kernel, and the relocation that made it. */
struct ksplice_field {
	const struct ksplice_pre *pre;
	const struct ksplice_span *span;	/* whose relocation it is */
	const struct ksplice_reloc *reloc;
	const u8 *bytes;
	unsigned long addr;			/* of the field */
	bool is_insn;				/* of an instruction */
	const struct ksplice_site_env *env;
};

/*
 * The address *to is where pre has the relocation's label + *offset.  Does not
 * sleep.  Return: false if the field is of no kind that can be there.
 */
bool ksplice_reloc_decode(const struct ksplice_field *field,
			  unsigned long *to, s64 *offset);

#endif
