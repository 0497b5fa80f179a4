/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * probe.h - what kprobes have overwritten
 *
 * Each architecture implements it.
 */
#ifndef KSPLICE_PROBE_H
#define KSPLICE_PROBE_H

#include <linux/types.h>

/*
 * Restore in buf, a copy of the code at addr, what kprobes have overwritten.
 * Called with text_mutex held.  Return: whether there was any.
 */
bool ksplice_probe_restore(u8 *buf, unsigned long addr, u32 len);

/* Does a kprobe overwrite any of these bytes? */
bool ksplice_probe_inside(unsigned long addr, u32 len);

#endif
