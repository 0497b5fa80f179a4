/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * neighbours.h - which of several equal functions is the unit's own
 */
#ifndef KSPLICE_NEIGHBOURS_H
#define KSPLICE_NEIGHBOURS_H

#include "compare/state.h"

/*
 * Of the candidates of a span that are left, which all match, the only one
 * that lies between other functions of its unit or beside the one that it is
 * beside in pre.  Return: whether there is just one; then *addr is set.
 */
bool ksplice_neighbours_find(const struct ksplice_match *m, u32 span,
			     unsigned long *addr);

/* Does this address lie so?  What is there need not match. */
bool ksplice_neighbours_tell(const struct ksplice_match *m, u32 span,
			     unsigned long addr);

#endif
