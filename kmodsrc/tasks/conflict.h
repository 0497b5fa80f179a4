/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * conflict.h - the conflicting tasks, as text
 */
#ifndef KSPLICE_CONFLICT_H
#define KSPLICE_CONFLICT_H

struct ksplice_stack;

/* For sysfs; kvmalloc'd, NULL if there is no memory. */
char *ksplice_conflicts_format(const struct ksplice_stack *stack);

#endif
