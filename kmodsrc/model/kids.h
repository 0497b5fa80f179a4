/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kids.h - ids of updates, and lists of them
 */
#ifndef KSPLICE_KIDS_H
#define KSPLICE_KIDS_H

#include <linux/types.h>

/* Can it be the id of an update?  Update.pm has the same rule. */
bool ksplice_kid_is_valid(const char *kid);

/* Return: is it a SHA-256 in hexadecimal, or empty? */
bool ksplice_hash_is_valid(const char *hash);

/* Return: is it one KID, or KID=HASH, or more, separated by a blank each? */
bool ksplice_kids_are_valid(const char *kids, bool have_hashes);

/* Return: is it in the list?  NULL is an empty list. */
bool ksplice_kids_have(const char *kids, const char *kid);

/*
 * The first KID at or after a place in the list, which is moved past it and its
 * hash; NULL at the end.  It is not terminated: len bytes, then '=' if it has a
 * hash.
 */
const char *ksplice_kids_next(const char **at, size_t *len);

#endif
