/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * span.h - a piece of a section that is treated as a whole
 *
 * One span for each function or data section, for each symbol in a section
 * that has several, for each string, for each entry of a table.  A span is
 * compared, kept or dropped as a whole.
 */
#ifndef OBJMANIP_MODEL_SPAN_H
#define OBJMANIP_MODEL_SPAN_H

#include "model/object.h"

enum span_state {
	SPAN_UNKNOWN,		/* not compared yet */
	SPAN_SAME,		/* pre and post agree */
	SPAN_CHANGED,		/* both have it, and it differs */
	SPAN_NEW,		/* only in post */
	SPAN_DELETED,		/* only in pre */
};

/* A jump out of the span that can have no relocation (read/jump.c) */
struct jump {
	uint64_t offset;		/* in the span, of the instruction */
	struct span *to;
	uint64_t to_offset;
};

/*
 * Each step of the way writes its own part and reads those before it.  A part
 * is zero until its step has run.
 */
struct span {
	/*
	 * What it is.  Written by read/cut.c, valid ever after.
	 */
	struct section *section;
	uint64_t start, size;		/* in the section, without padding */
	uint64_t extent;		/* where its symbols say it ends */
	uint64_t padding;		/* bytes before start that belong to it:
					 * the kernel may write code there */
	struct symbol *symbol;		/* the one at its start that names it
					 * (function or object before NOTYPE,
					 * global before local), or NULL */
	const char *name;		/* symbol's name, else made up */
	struct reloc *relocs;		/* offset in [start, start + size) */
	size_t n_relocs;
	/*
	 * Where control leaves it without a relocation.  Written by
	 * read/jump.c, for code that shares its section, before the relocations
	 * are given to the spans: it adds some.
	 */
	struct {
		struct jump *jumps;	/* would be missing in a copy */
		size_t n_jumps;
		bool runs_on;		/* into what follows it */
		const char *odd;	/* what is not understood, or NULL */
	} flow;
	/*
	 * Which spans belong together.  Written by read/refer.c, when the
	 * referents of all relocations are known; whole by read/cut.c.
	 */
	struct {
		struct span *parent;	/* of a .cold part: its function; of an
					 * entry of a table: the function that
					 * it is about; of the code of an
					 * alternative: the function */
		struct span *whole;	/* of a part of a function that begins
					 * with another entry: the first part */
		/* Of a function: the entries of tables about it (it is their
		 * parent), by table and offset, else as in the object */
		struct span **entries;
		size_t n_entries;
		/* Spans with a relocation whose referent this is, each once */
		struct span **referrers;
		size_t n_referrers;
	} links;
	/*
	 * Which span of the other object is the same thing.  Written by
	 * decide/correlate.c and declared.c, scope by read/scope.c; valid after
	 * correlate_pair().  state.c takes a peer away again where a fresh copy
	 * is as good and the old one does not fit.
	 */
	struct {
		struct span *peer;	/* in the other object, or NULL */
		struct span *candidate;	/* in post: the one of pre that it could
					 * be, when nothing tells for certain */
		bool by_order;		/* in post: its peer is one of several
					 * of one name, taken by their order */
		bool alone;		/* a flag of a line that is new or gone:
					 * the other object has no such one */
		bool is_fresh;		/* in post: a fresh flag, as it is not
					 * known which of pre it is (state.c) */
		const char *scope;	/* of a static local: the function that
					 * it stands in; NULL: not known */
	} correlation;
	/*
	 * What differs.  Written by decide/state.c, in pre and post; valid
	 * after state_decide().
	 */
	struct {
		enum span_state state;
		bool is_moved;		/* CHANGED, but not in its contents */
		const char *why;	/* CHANGED: one line for people */
		uint64_t offset;	/* of the first difference */
	} diff;
	/*
	 * Its unique name, in pre and post.  Written by decide/label.c.
	 */
	const char *label;
	/*
	 * What the author of the patch says, in pre.  Written by
	 * decide/marks.c: data before anything is kept, allow_running after it.
	 */
	struct {
		enum { DATA_UNMARKED, DATA_KEEP, DATA_REPLACE } data;
		bool allow_running;	/* calls may end in the old function */
	} marks;
	/*
	 * What happens to it.  Written by decide/keep.c; valid after
	 * keep_decide().
	 */
	struct {
		bool keep;		/* in post: it goes into the new code */
		bool replaced;		/* in pre: a function that gets the
					 * redirect, or data that is overwritten
					 * with its peer.  A .cold part, whose
					 * parent is the function, is not */
		bool overridden;	/* a weak one, for which another unit of
					 * the target has a better one */
	} decision;
	/*
	 * For the writers.  index is written by old_code_number(), copy by
	 * new_code_write().
	 */
	struct {
		unsigned int index;	/* in pre: in the pre image */
		struct copy *copy;	/* in post: see new-code.c; or NULL */
	} emit;
};

/* What it is correlated with, in the other object, or NULL */
static inline struct span *peer_of(const struct span *span)
{
	return span->correlation.peer;
}

/*
 * The span with that offset; in padding, the one before it; at the end of the
 * section, the last one.  NULL if the section has none.
 */
struct span *span_find(struct section *section, uint64_t offset);

/* The variable of that name in an object, or NULL */
struct span *object_find_variable(const struct object *object,
				  const char *name);

/*
 * Read-only data that is known by its contents only: a string, a constant,
 * __func__, a table that the compiler made for a switch.  Its address is
 * irrelevant, so it is compared by contents and always copied.
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
