/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * calls.h - what may be called through a pointer
 */
#ifndef KSPLICE_ARCH_CALLS_H
#define KSPLICE_ARCH_CALLS_H

/*
 * Why no call through a pointer may lead to this function, or NULL.  The text
 * follows the name of the function, and ends with what to do.  May sleep.
 */
const char *ksplice_call_refusal(unsigned long addr);

#endif
