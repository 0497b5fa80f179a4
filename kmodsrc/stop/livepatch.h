/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * livepatch.h - functions that a livepatch of the kernel has replaced
 */
#ifndef KSPLICE_LIVEPATCH_H
#define KSPLICE_LIVEPATCH_H

#include <linux/types.h>

/*
 * Is the function at this entry replaced by a livepatch?  Its ftrace site
 * then leads away before our redirect is reached.  May sleep.
 */
bool ksplice_has_livepatch(unsigned long entry);

#endif
