/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * forbid.h - what cannot be replaced in a running kernel
 */
#ifndef OBJMANIP_DECIDE_FORBID_H
#define OBJMANIP_DECIDE_FORBID_H

#include "arch/arch.h"
#include "decide/pair.h"

/* Refuse, see die.h, all in a compared pair that cannot be. */
void forbid_differences(struct pair *pair);

/*
 * In pre: is its new contents to be written over the old one?  Read-only data
 * that changes is, and what is marked so; what cannot be, forbid_differences()
 * has refused.
 */
bool forbid_leaves_in_place(const struct span *span);

/* Does anything refer to it?  Init code may have registered it. */
bool forbid_is_in_use(const struct span *span);

/* Why code of that section cannot be run from elsewhere; NULL: it can. */
const struct fixed_code *forbid_code_in(const struct section *section);

#endif
