/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * match.h - prove that the running code is the code that pre was built from
 */
#ifndef KSPLICE_MATCH_H
#define KSPLICE_MATCH_H

struct ksplice_change;

/**
 * __ksplice_match_change() - prove that the running code is the pre code
 * @change: update, target, target_name and old_module are set
 * @pre: the pre image, not yet validated
 * @size: its bytes
 *
 * On success functions, n_matched, n_text, match_ns are set, and the export
 * table of old_module holds the addresses.  On failure nothing is left behind.
 *
 * Return: 0 or what ksplice_abort() returned.
 */
int __ksplice_match_change(struct ksplice_change *change, const void *pre,
			   unsigned long size);

#endif
