/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * marks.h - what the author of the patch says about a name
 *
 * The words are those of ksplice-patch/ksplice-patch.h.  Each is about the
 * unit that it stands in.
 */
#ifndef OBJMANIP_MARKS_H
#define OBJMANIP_MARKS_H

#include "match.h"

/* Does post have any?  Then there is something to be looked at. */
bool marks_any(const struct object *post);

/*
 * When it is known what is replaced: set what the marks say in the spans of
 * pre.  A mark about something that is not replaced is refused.
 */
void marks_apply(struct pair *pairs, size_t n_pairs);

#endif
