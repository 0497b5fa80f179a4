/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * layout.h - the structs of both sides must look alike
 */
#ifndef OBJMANIP_DECIDE_LAYOUT_H
#define OBJMANIP_DECIDE_LAYOUT_H

#include "decide/pair.h"

/*
 * Refuse, see die.h, each struct and union that both objects of a pair define
 * and whose layouts differ.  Call it after the decision what is kept: pairs of
 * which nothing goes into the new code do not matter and cost nothing.
 */
void layout_compare(struct pair *pairs, size_t n_pairs);

#endif
