/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * init.h - what the architecture looks for when the core is loaded
 */
#ifndef KSPLICE_ARCH_INIT_H
#define KSPLICE_ARCH_INIT_H

/*
 * Once, after compat.c has found what all need.  May sleep.  Return: 0, or what
 * ksplice_needs_find() returned.
 */
int ksplice_arch_init(void);

#endif
