/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * park.h - have tasks leave the kernel, and wait at its border
 *
 * Calling sequence: ksplice_park_new, _add and _add_list as often as wanted,
 * _end.
 */
#ifndef KSPLICE_PARK_H
#define KSPLICE_PARK_H

#include <linux/types.h>

struct ksplice_park;
struct ksplice_tasks;
struct task_struct;

/* Return: NULL if there is no memory. */
struct ksplice_park *ksplice_park_new(void);

/*
 * Ask a task of which the caller has a reference, if it runs a program.  May
 * sleep.  Return: whether it has been asked, now or before.
 */
bool ksplice_park_add(struct ksplice_park *park, struct task_struct *task);

/* Ask all of the list.  May sleep.  Return: how many have been asked in all. */
unsigned int ksplice_park_add_list(struct ksplice_park *park,
				   const struct ksplice_tasks *tasks);

/* Let them continue.  NULL is fine.  May sleep. */
void ksplice_park_end(struct ksplice_park *park);

/* When the core is unloaded: no task may return to its code. */
void ksplice_park_exit(void);

#endif
