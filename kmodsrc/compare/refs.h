/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * refs.h - what a reference in the running code says of a label
 */
#ifndef KSPLICE_REFS_H
#define KSPLICE_REFS_H

#include "compare/compare.h"

/*
 * The running code refers to an address where pre refers to label + offset.
 * The label's value is learnt from it or compared with what is known; for
 * anonymous data, the bytes at the address are compared.
 *
 * Return: false if it contradicts; c->why says so.
 */
bool ksplice_ref(struct ksplice_compare *c, u32 label, unsigned long to,
		 s64 offset);

/* The same for a relocation of span: its field's bytes, and their address. */
bool ksplice_ref_reloc(struct ksplice_compare *c,
		       const struct ksplice_span *span,
		       const struct ksplice_reloc *reloc, const u8 *field,
		       unsigned long addr);

#endif
