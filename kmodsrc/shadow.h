/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * shadow.h - memory that new code attaches to objects of the kernel
 *
 * What new code calls is in ksplice-patch.h.
 */
#ifndef KSPLICE_SHADOW_H
#define KSPLICE_SHADOW_H

/* Once, when the core is loaded and unloaded.  May sleep. */
int ksplice_shadow_init(void);

/* No new code is left.  Frees what is left of it, and says so. */
void ksplice_shadow_exit(void);

#endif
