/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pair.h - one unit of the target, before and after the patch
 */
#ifndef OBJMANIP_DECIDE_PAIR_H
#define OBJMANIP_DECIDE_PAIR_H

#include "model/span.h"
#include "read/lines.h"
#include "util/strmap.h"

struct pair {
	const char *unit;
	struct object *pre, *post;
	const struct strmap *wanted;	/* new symbols of these names are to be
					 * exported; NULL: none */
	const struct lines *lines;	/* of patched files; NULL: unknown */
};

#endif
