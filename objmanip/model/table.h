/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * table.h - sections that are arrays of entries about places in functions
 *
 * One description for each: how long an entry is, which of its fields (byte
 * offsets, each with a relocation) says the place that it is about, what site
 * kind it is in the pre image.  The entries are spans of their own, whose
 * parent is the function (the text span) that the place is in.
 */
#ifndef OBJMANIP_MODEL_TABLE_H
#define OBJMANIP_MODEL_TABLE_H

#include "model/span.h"

enum { TABLE_NO_PLACE = ~0U };

struct table {
	const char *section;		/* ".altinstructions", ... */
	unsigned int entry_size;	/* bytes; section->entsize has what this
					 * object really uses (the last entry
					 * of .parainstructions is shorter) */
	unsigned int place;		/* byte offset of the field that says
					 * which place it is about; in
					 * .orc_unwind none has: the place is
					 * that of the entry of .orc_unwind_ip
					 * with the same index */
	unsigned int site_kind;		/* enum ksplice_site_kind, or 0 */
	/* Bytes of an entry that do not count as a change (line numbers). */
	unsigned int neutral_start, neutral_size;
};

/* NULL if it is not a table. */
const struct table *table_of(const struct section *section);

/* The size of the entries as this object has them; dies if they make no sense */
unsigned int table_entry_size(const struct section *section);

/* The relocation of the entry's field at that byte offset, or NULL. */
struct reloc *table_field(const struct span *entry, unsigned int offset);

/* Of an entry of .altinstructions: bytes of its replacement */
unsigned int table_replacement_size(const struct span *entry);

/* The text span and the offset in it that the entry is about; NULL if none. */
struct span *table_place(const struct span *entry, uint64_t *offset);

#endif
