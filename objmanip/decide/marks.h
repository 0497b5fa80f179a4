/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * marks.h - what the author of the patch says about a name
 *
 * The words are those of ksplice-patch/ksplice-patch.h.  Each is about the
 * unit that it stands in.
 */
#ifndef OBJMANIP_DECIDE_MARKS_H
#define OBJMANIP_DECIDE_MARKS_H

#include "decide/pair.h"

/* Does post have any?  Then there is something to be looked at. */
bool marks_any(const struct object *post);

/*
 * Set in the spans of pre what the marks say: of data when it is known what
 * changes, of functions when it is known what is replaced.  A mark about
 * something that does not, or is not, is refused.
 */
void marks_set_data(struct pair *pairs, size_t n_pairs);
void marks_set_functions(struct pair *pairs, size_t n_pairs);

#endif
