/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * match.h - which span of post is which span of pre, and what differs
 */
#ifndef OBJMANIP_DECIDE_MATCH_H
#define OBJMANIP_DECIDE_MATCH_H

#include "read/lines.h"
#include "model/span.h"
#include "util/strmap.h"

/* One unit of the target, before and after the patch. */
struct pair {
	const char *unit;
	struct object *pre, *post;
	const struct strmap *wanted;	/* new symbols of these names are to be
					 * exported; NULL: none */
	const struct lines *lines;	/* of the patched files; NULL: unknown */
};

/* Set peer of all spans of both objects (correlate.c). */
void match_pair(struct pair *pair);

/*
 * Set peer of the numbered variables whose declarations stand in lines that
 * the patch did not touch, and alone of flags that certainly have no peer
 * (declared.c).
 */
void match_declared(struct pair *pair);

/* Set the peers of these two to each other, or of both to nothing. */
void match_set(struct span *pre, struct span *post);
void match_clear(struct span *pre, struct span *post);

/*
 * If that is a function's global name and post has the name for something
 * else than the function's peer: what post has, else NULL.  So it is when only
 * one side has it as a second name of another function: that one is paired by
 * its first name.
 */
const struct symbol *match_odd_alias(const struct symbol *pre,
				     const struct object *post);

/*
 * Same bytes, same relocations to the same things?  If not, and why is not
 * NULL, *why and *offset say what the first difference is (compare.c).
 */
bool compare_spans(const struct span *pre, const struct span *post,
		   const char **why, uint64_t *offset);

/* Do the two fields refer to the same thing, as compare_spans() sees it? */
bool compare_fields(const struct span *pre_span, const struct reloc *pre,
		    const struct span *post_span, const struct reloc *post);

/*
 * Set state and why of all spans of both, to a fixpoint (compare.c).
 * Returns the number of spans that are not SPAN_SAME and matter.
 */
size_t compare_pair(struct pair *pair);

/*
 * What differs between two entries of the same export, for people, or NULL.
 * Its namespace is one of these differences.
 */
const char *compare_export(const struct section *pre,
			   const struct section *post);

/* Does code that did not change refer to it?  Then its peer is proved. */
bool compare_confirms(const struct span *post);

/*
 * keep.c: decide over all pairs of the target which post spans are kept and
 * which pre spans are patched, and collect every refusal (printed on stderr;
 * exits with 1 after the last one).  Returns the number of functions that are
 * replaced, of hooks and of new exports; new code without any is not reached by
 * anybody.
 */
size_t keep_decide(struct pair *pairs, size_t n_pairs);

/*
 * label.c: the label of each span and of each undefined symbol, see
 * kmodsrc/records.h.  The same thing has the same label in pre and post.
 */
void label_pair(struct pair *pair);

/* The label of a symbol that is undefined in the object: its name. */
const char *label_symbol(const struct symbol *symbol);

#endif
