/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * search.h - what is compared with what, and when
 */
#ifndef KSPLICE_SEARCH_H
#define KSPLICE_SEARCH_H

struct ksplice_match;

/*
 * Match all spans that can be matched.  May sleep, for long.  Return: 0, or
 * -ENOMEM.
 */
int ksplice_search(struct ksplice_match *m);

#endif
