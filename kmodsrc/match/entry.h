/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * entry.h - where the redirect of a function goes
 */
#ifndef KSPLICE_ENTRY_H
#define KSPLICE_ENTRY_H

struct ksplice_function;
struct ksplice_match;

/*
 * Fill redirect, redirect_len, redirect_room, the conflicts and saved.  The
 * function has matched: its span, addr, body and size are set.  May sleep.
 */
void ksplice_entry_find(const struct ksplice_match *m,
			struct ksplice_function *function);

#endif
