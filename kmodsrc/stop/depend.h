/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * depend.h - which update depends on which
 *
 * A function that is patched twice has a chain of bodies: the original, the
 * first update's, the second's.  The last one in is the first one out.
 */
#ifndef KSPLICE_DEPEND_H
#define KSPLICE_DEPEND_H

struct ksplice_update;

/* Is what the update replaces still the newest version?  0 or an abort. */
int __ksplice_depend_check_apply(struct ksplice_update *update);

/* Is one that it needs, or replaces, not applied?  0 or an abort. */
int __ksplice_depend_check_named(struct ksplice_update *update);

/*
 * Does any other update that is not hidden depend on this one?  0 or an abort
 * that names it.  The abort is that of asker, which is the update itself or
 * one that replaces it.
 */
int __ksplice_depend_check_reverse(struct ksplice_update *update,
				   struct ksplice_update *asker);

#endif
