/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * empty.h - what a stop costs at least
 */
#ifndef KSPLICE_EMPTY_H
#define KSPLICE_EMPTY_H

/* Once, when debugfs has our directory; it is removed with that. */
void ksplice_empty_init(void);

#endif
