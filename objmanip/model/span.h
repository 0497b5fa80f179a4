/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * span.h - a piece of a section that is treated as a unit
 *
 * One span for each function or data section, for each symbol in a section
 * that has several, for each string, for each entry of a table.  A span is
 * compared, kept or dropped as a whole.
 */
#ifndef OBJMANIP_MODEL_SPAN_H
#define OBJMANIP_MODEL_SPAN_H

#include "model/object.h"

enum span_state {
	SPAN_UNPAIRED,		/* not looked at yet */
	SPAN_SAME,		/* pre and post agree */
	SPAN_CHANGED,		/* both have it, and it differs */
	SPAN_NEW,		/* only in post */
	SPAN_DELETED,		/* only in pre */
};

/* A field that leads out of the span and can have no relocation (jump.c) */
struct jump {
	uint64_t offset;		/* in the span, of the instruction */
	struct span *target;
	uint64_t target_offset;
};

struct span {
	struct section *section;
	uint64_t start, size;		/* in the section, without padding */
	struct symbol *symbol;		/* the one at its start that names it
					 * (function or object before NOTYPE,
					 * global before local), or NULL */
	uint64_t extent;		/* up to where its symbols say it goes */
	const char *name;		/* symbol's name, else made up */
	const char *label;		/* label.h; set for pre and post */
	struct span *peer;		/* in the other object, or NULL */
	struct span *maybe;		/* in post: the one of pre that it could
					 * be, when nothing tells for certain */
	bool by_order;			/* in post: which of several of one name
					 * its peer is, only their order tells */
	bool alone;			/* a flag of a line that is new, or gone:
					 * the other object has no such one */
	bool unsure;			/* in post: a fresh flag, as nothing tells
					 * which one of pre it is */
	const char *scope;		/* of a static local: the function that
					 * it stands in; NULL: not known */
	enum span_state state;
	bool other_place;		/* CHANGED, but not in its contents */
	const char *why;		/* CHANGED: one line for people */
	uint64_t why_offset;		/* of the first difference */
	struct span *parent;		/* of a .cold part: its function; of an
					 * entry of a table: the function that
					 * it is about; of the code of an
					 * alternative: the function */
	struct span *whole;		/* of a part of a function that begins
					 * with another entry: the first part */
	/* Relocations with offset in [start, start + size). */
	struct reloc *relocs;
	size_t n_relocs;
	/* Of a function: the entries of tables about it (their parent is this
	 * span), by table and place, else as they stand in the object. */
	struct span **entries;
	size_t n_entries;
	/* Spans with a relocation whose target this is, each once. */
	struct span **referrers;
	size_t n_referrers;
	/* Of code that shares its section: what would be missing in a copy. */
	struct jump *jumps;
	size_t n_jumps;
	bool runs_on;			/* into what stands behind it */
	const char *odd;		/* what of it is not understood, or NULL */
	/* In post, set by keep.c: it goes into the new code. */
	bool keep;
	/*
	 * In pre, set by keep.c: a function that gets the redirect, or data
	 * that is overwritten with its peer.  A .cold part, whose parent is
	 * the function, does not have this set.
	 */
	bool patched;
	/* In pre, set by marks.c: what the author says of a changed variable */
	enum { DATA_UNMARKED, DATA_KEEP, DATA_REPLACE } data_mark;
	/* A weak one, for which another unit of the target has a better one */
	bool overridden;
	/* In pre, set by marks.c: running calls of it may end in the old body. */
	bool allow_running;
	/* For the writers: index in the pre image, symbol in the output. */
	unsigned int index;
	void *out;
};

/*
 * The span with that offset; in padding, the one before it; at the end of the
 * section, the last one.  NULL if the section has none.
 */
struct span *span_find(struct section *section, uint64_t offset);

/*
 * Read-only data that is known by its contents only: a string, a constant,
 * __func__, a table that the compiler made for a switch.  Where it stands does
 * not matter to anybody, so it is compared by contents and always copied.
 */
bool span_is_content(const struct span *span);

/* Data of which a fresh copy is as good as the old one, see name.h */
bool span_is_disposable(const struct span *span);

/* The name of the span or symbol that it refers to; the same as "name+0x10" */
const char *referent_name(const struct reloc *reloc);
const char *referent_text(const struct reloc *reloc);

#define for_each_span(span, object)					\
	for (size_t s_ = 0; s_ < (object)->n_sections; s_++)		\
		for (size_t i_ = 0;					\
		     i_ < (object)->sections[s_].n_spans &&		\
		     ((span) = (object)->sections[s_].spans[i_], true);	\
		     i_++)

/* The first bytes, NULL for .bss */
static inline const uint8_t *span_bytes(const struct span *span)
{
	return span->section->contents ?
		span->section->contents + span->start : NULL;
}

#endif
