/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * correlation.h - that a span of pre and one of post are the same thing
 */
#ifndef OBJMANIP_DECIDE_CORRELATION_H
#define OBJMANIP_DECIDE_CORRELATION_H

#include "model/span.h"

/* Correlate the two, which have no peer; the opposite. */
void correlation_set(struct span *pre, struct span *post);
void correlation_clear(struct span *pre, struct span *post);

/*
 * If that is a function's global name and post has the name for something else
 * than the function's peer: what post has, else NULL.  So it is when only one
 * side has it as a second name of another function, which is correlated by its
 * first name.
 */
const struct symbol *correlation_odd_alias(const struct symbol *pre,
					   const struct object *post);

#endif
