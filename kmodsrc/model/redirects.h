/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * redirects.h - the redirects that are applied
 */
#ifndef KSPLICE_REDIRECTS_H
#define KSPLICE_REDIRECTS_H

#include "model/update.h"

/* The change is applied now; or it is no longer. */
void __ksplice_redirects_add(struct ksplice_change *change);
void __ksplice_redirects_remove(struct ksplice_change *change);

/*
 * The change is applied, but below it is not seen; or it is again.  One that is
 * hidden may be removed.
 */
void __ksplice_redirects_hide(struct ksplice_change *change);
void __ksplice_redirects_show(struct ksplice_change *change);

/*
 * The applied redirect whose old body contains addr as its first byte; NULL
 * if there is none.  Chains: its new_addr may be redirected again.
 */
struct ksplice_function *__ksplice_find_redirect(unsigned long body);

/*
 * The newest body of a function, given its original entry, and the last of the
 * redirects to it; NULL if there is none.  Of bodies at the same address the
 * numbers applied_at of the redirects tell whether they are the same.
 */
struct ksplice_function *__ksplice_last_redirect(unsigned long addr,
						 unsigned long *body);

/*
 * The original entry address of the function whose new function (of any
 * applied update) starts at addr; addr itself if there is none.
 */
unsigned long __ksplice_canonical_addr(unsigned long addr);

#endif
