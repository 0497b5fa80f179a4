/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * keep.h - what goes into the new code
 */
#ifndef OBJMANIP_DECIDE_KEEP_H
#define OBJMANIP_DECIDE_KEEP_H

#include "decide/pair.h"

/*
 * Decide over all pairs of the target which post spans are kept and which pre
 * spans are replaced.  All refusals are printed on stderr; exits with 1 after
 * the last one.  Returns the number of functions that are replaced, of hooks
 * and of new exports; without any, nothing reaches new code.
 */
size_t keep_decide(struct pair *pairs, size_t n_pairs);

#endif
