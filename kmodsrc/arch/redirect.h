/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * redirect.h - the jump from a redirected function to the new one
 *
 * Each architecture implements it.  A jump is written in KSPLICE_WRITE_STEPS
 * steps (arch.h), each of them at all functions, and every CPU serializes
 * after each of them, so that an NMI at any moment finds whole instructions.
 */
#ifndef KSPLICE_REDIRECT_H
#define KSPLICE_REDIRECT_H

#include <linux/types.h>
#include "arch.h"

struct ksplice_function;
struct ksplice_pre;
struct ksplice_span;

/* Once, when the core is loaded and unloaded.  May sleep. */
int ksplice_redirect_init(void);
void ksplice_redirect_exit(void);

/* Offset in pre of the first byte that may be overwritten.  Does not sleep. */
u32 ksplice_redirect_offset(const struct ksplice_pre *pre,
			    const struct ksplice_span *span);

/*
 * Bytes that a redirect at this code overwrites, KSPLICE_MIN_REDIRECT at least:
 * whole instructions, if so many are there.  Does not sleep.
 */
u32 ksplice_redirect_len(const u8 *code, u32 size);

/*
 * Fill redirect_len bytes of written[] with the jump from redirect to new_addr.
 * Return: 0, or -ERANGE if it is too far for the jump, -ENOSPC if
 * redirect_room is too small.
 */
int ksplice_redirect_make(struct ksplice_function *function);

/*
 * A CPU that runs into a half-written redirect of one of these functions
 * continues in its new code.  Called inside the stop, before the first step,
 * and with n = 0 when every CPU has seen the last one.
 */
void ksplice_redirect_catch(struct ksplice_function **functions,
			    unsigned int n);

/*
 * Do one step of writing a redirect, or what it was written over, to the alias
 * of its place.  Called inside the stop, with text_mutex held.
 */
void ksplice_redirect_write(u8 *alias, const u8 *bytes, unsigned int len,
			    unsigned int step);

#endif
