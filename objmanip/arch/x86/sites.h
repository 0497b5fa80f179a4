/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sites.h - entries of tables, as sites of the pre image
 */
#ifndef OBJMANIP_ARCH_X86_SITES_H
#define OBJMANIP_ARCH_X86_SITES_H

#include "model/table.h"

/* A place that the kernel may have rewritten, see struct ksplice_site. */
struct site {
	struct span *place;		/* text or replacement */
	uint64_t offset;		/* in it */
	unsigned int kind;		/* enum ksplice_site_kind */
	unsigned int length, value;
	/* JUMP_LABEL: target; STATIC_CALL: key; RETPOLINE: thunk; or NULL */
	const struct reloc *reloc;
	int64_t addend;			/* to the start of reloc->target */
	/* ALTERNATIVE: in .altinstr_replacement */
	uint64_t replacement, replacement_length;
};

/* False if the entry is no site: an entry about .init code, unwind data. */
bool site_read(const struct span *entry, struct site *site);

#endif
