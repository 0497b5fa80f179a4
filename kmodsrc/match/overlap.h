/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * overlap.h - no two things that an update replaces lie at one place
 */
#ifndef KSPLICE_OVERLAP_H
#define KSPLICE_OVERLAP_H

struct ksplice_change;

/*
 * The change has been matched, and is not in the list of its update's changes
 * yet.  Return: 0, or what ksplice_abort() returned if something that it
 * replaces overlaps with another thing that the update replaces.
 */
int __ksplice_overlap_check(struct ksplice_change *change);

#endif
