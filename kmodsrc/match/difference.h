/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * difference.h - say where the running code is not what was built
 */
#ifndef KSPLICE_DIFFERENCE_H
#define KSPLICE_DIFFERENCE_H

#include "compare/compare.h"

/* A comparison failed: keep it if it is the one that got furthest. */
void ksplice_difference_note(struct ksplice_match *m,
			     const struct ksplice_compare *c);

/* One line of the update's log about a span that did not match. */
void ksplice_difference_log(struct ksplice_match *m, u32 span);

/* Refuse because of it.  Return: what ksplice_abort() returned. */
int ksplice_difference_abort(struct ksplice_match *m, u32 span);

#endif
