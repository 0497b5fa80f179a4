/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * site.h - an entry of a table, as a site of the pre image
 */
#ifndef OBJMANIP_MODEL_SITE_H
#define OBJMANIP_MODEL_SITE_H

#include "model/span.h"

/* Code that the kernel may have rewritten, see struct ksplice_site. */
struct site {
	struct span *span;		/* text or replacement */
	uint64_t offset;		/* in it */
	unsigned int kind;		/* enum ksplice_site_kind */
	unsigned int length, value;
	const struct reloc *reloc;	/* of its label: the destination, key,
					 * thunk ...; or NULL */
	int64_t addend;			/* to the start of the referent */
	const char *variable;		/* CONSTANT: its label is of this one */
	/* ALTERNATIVE: in the section of replacements */
	uint64_t replacement, replacement_length;
};

/* What the sites of a kind have */
struct site_kind {
	const char *name;		/* for people */
	bool has_label;
	bool has_replacement;		/* it may have one */
};

#endif
