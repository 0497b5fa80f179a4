/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * redirect.h - the jump from an old function to its replacement
 *
 * Each architecture implements it.  A jump is written in KSPLICE_WRITE_STEPS
 * steps (arch.h), each of them at all functions, and every CPU serialises
 * after each of them, so that an NMI at any moment finds whole instructions.
 */
#ifndef KSPLICE_REDIRECT_H
#define KSPLICE_REDIRECT_H

#include <linux/types.h>
#include "arch.h"

struct ksplice_function;

/* Once, when the core is loaded and unloaded.  May sleep. */
int ksplice_redirect_init(void);
void ksplice_redirect_exit(void);

/*
 * Fill redirect_len bytes of written[] with the jump from redirect to new_addr.
 * Return: 0, or -ERANGE if it is too far for the jump, -ENOSPC if
 * redirect_room is too small.
 */
int ksplice_redirect_make(struct ksplice_function *function);

/*
 * Whoever runs into a half-written redirect of one of these functions goes on
 * in its new code.  Called inside the stop, before the first step, and with
 * n = 0 when every CPU has seen the last one.
 */
void ksplice_redirect_catch(struct ksplice_function **functions,
			    unsigned int n);

/*
 * Do one step of writing a redirect, or what it was written over, to the alias
 * of its place.  Called inside the stop, with text_mutex held.
 */
void ksplice_redirect_write(u8 *alias, const u8 *bytes, unsigned int len,
			    unsigned int step);

/* A piece of text or data that will be written. */
struct ksplice_piece {
	unsigned long addr;
	unsigned long len;		/* not 0 */
	u8 *alias;			/* where it can be written */
};

/* A second mapping of pieces, read-only but while the stop writes. */
struct ksplice_map;

/*
 * Map pieces a second time, all at once, and fill their aliases.  What is there
 * is not looked at.  May sleep.  Return: the mapping, to be unmapped, or NULL.
 */
struct ksplice_map *ksplice_pieces_map(struct ksplice_piece *pieces,
				       unsigned int n);

/* NULL is fine, here and below.  May sleep. */
void ksplice_pieces_unmap(struct ksplice_map *map);

/*
 * Inside the stop, on the CPU that writes.  It is read-only again before the
 * CPUs leave.
 */
void ksplice_map_set_writable(struct ksplice_map *map, bool is_writable);

/* Inside the stop, on every other CPU after it was made read-only again. */
void ksplice_map_flush(const struct ksplice_map *map);

#endif
