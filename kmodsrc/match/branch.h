/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * branch.h - does old code lead back to the bytes that the redirect overwrites?
 */
#ifndef KSPLICE_BRANCH_H
#define KSPLICE_BRANCH_H

struct ksplice_function;
struct ksplice_match;

/*
 * The function has matched, and its redirect is set.  May sleep.
 * Return: a static string that tells how it comes back, or NULL.
 */
const char *ksplice_branch_back(const struct ksplice_match *m,
				const struct ksplice_function *function);

#endif
