/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run.h - reading the running code
 *
 * Nothing here faults, whatever the address.  What a hidden update (replace.h)
 * has overwritten reads as what was there before.
 */
#ifndef KSPLICE_RUN_H
#define KSPLICE_RUN_H

#include <linux/types.h>

/**
 * ksplice_run_read() - copy running code
 * @buf: where to
 * @addr: first byte
 * @max: bytes wanted
 * @min: bytes that will do if there are no more
 * @probed: if not NULL, restore what kprobes have overwritten, and say
 *	whether there was any
 *
 * The copy is one that no other patching of the kernel is in the middle of.
 * Looking for kprobes takes time, so it is asked for only when the code was
 * found to differ without.  May sleep.
 *
 * Return: the bytes copied, at least @min, or 0.
 */
u32 ksplice_run_read(u8 *buf, unsigned long addr, u32 max, u32 min,
		     bool *probed);

/*
 * The same of data, as far as it can be read without a lock.  Return: 0, or not
 * all of it can be read.
 */
int ksplice_run_peek(void *buf, unsigned long addr, size_t len);

/* Follow redirects that are applied to the newest body of a function. */
unsigned long ksplice_run_body(unsigned long addr);

#endif
