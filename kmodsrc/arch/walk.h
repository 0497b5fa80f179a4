/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * walk.h - compare code whose offsets are not the same
 *
 * Each architecture implements it.
 */
#ifndef KSPLICE_WALK_H
#define KSPLICE_WALK_H

struct ksplice_compare;

/*
 * Go through pre and running code instruction by instruction.  On success
 * c->map and c->size are set, and candidates are in c->m->vals.
 */
bool ksplice_walk(struct ksplice_compare *c);

#endif
