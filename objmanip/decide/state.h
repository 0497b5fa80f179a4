/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * state.h - which spans are changed, new or gone
 */
#ifndef OBJMANIP_DECIDE_STATE_H
#define OBJMANIP_DECIDE_STATE_H

#include "decide/pair.h"

/*
 * Set state and why of all spans of both, to a fixpoint.  Returns the number of
 * spans that are not SPAN_SAME and matter.
 */
size_t state_decide(struct pair *pair);

/* Does code that did not change refer to it?  Then its peer is proved. */
bool state_is_confirmed(const struct span *post);

#endif
