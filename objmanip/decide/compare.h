/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compare.h - what differs between two spans
 */
#ifndef OBJMANIP_DECIDE_COMPARE_H
#define OBJMANIP_DECIDE_COMPARE_H

#include "model/span.h"

/*
 * Same bytes, same relocations to the same things?  If not, and why is not
 * NULL, *why and *offset are the first difference, for people.
 */
bool compare_spans(const struct span *pre, const struct span *post,
		   const char **why, uint64_t *offset);

/* Do the two fields refer to the same thing, as compare_spans() sees it? */
bool compare_fields(const struct span *pre_span, const struct reloc *pre,
		    const struct span *post_span, const struct reloc *post);

#endif
