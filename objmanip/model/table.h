/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * table.h - sections that are arrays of entries about code
 *
 * One description for each layout: how long an entry is, which of its fields
 * (byte offsets, each with a relocation) says which code it is about, its site
 * kind in the pre image.  The entries are spans of their own, whose parent is
 * the function (the text span) that they are about.
 */
#ifndef OBJMANIP_MODEL_TABLE_H
#define OBJMANIP_MODEL_TABLE_H

#include "model/span.h"

/*
 * A section may have several layouts, from different kernels.  They follow one
 * another in the architecture's table, and the first that fits is taken.
 */
struct table {
	const char *section;		/* ".altinstructions", with one '*' at
					 * most; NULL: end */
	unsigned int entry_size;
	unsigned int subject;		/* the field that refers to the code
					 * that the entry is about */
	const char *subjects;		/* not NULL: there is no such field, but
					 * the entry with the same index in the
					 * section of this name has it */
	unsigned int site_kind;		/* enum ksplice_site_kind, or 0 */
	/* Bytes of an entry that do not count as a change (line numbers). */
	unsigned int neutral_start, neutral_size;
	/* Of alternatives: the field that refers to the replacement, and the
	 * byte that has its length; 0: not one of these */
	unsigned int replacement, replacement_length;
	/* Of constants that boot fills in: bytes of one, at the subject; the
	 * rest of the section's name, from the '*' on, is the variable's */
	unsigned int constant;
	bool is_unwind;			/* an entry is about what follows, up to
					 * the next one's */
	bool has_short_end;		/* the last may lack its padding */
};

/* The relocation of the entry's field at that byte offset, or NULL. */
struct reloc *table_field(const struct span *entry, unsigned int offset);

/* Of an entry of constants: the variable that boot has them from */
const char *table_constant(const struct span *entry);

/* Of an entry of alternatives: bytes of its replacement */
unsigned int table_replacement_size(const struct span *entry);

/* The text span and the offset in it that the entry is about; NULL if none. */
struct span *table_subject(const struct span *entry, uint64_t *offset);

#endif
