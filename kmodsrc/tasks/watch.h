/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * watch.h - the tasks that have run since they were checked
 *
 * Calling sequence: ksplice_watch_start; _drain as often as wanted; in the
 * stop _n and _get for each CPU; ksplice_watch_stop.
 */
#ifndef KSPLICE_WATCH_H
#define KSPLICE_WATCH_H

#include <linux/types.h>

struct ksplice_tasks;
struct ksplice_watch;
struct task_struct;

/* May sleep.  Return: the watch, or NULL if there is no memory for it. */
struct ksplice_watch *ksplice_watch_start(void);

/* NULL is fine.  May sleep. */
void ksplice_watch_stop(struct ksplice_watch *watch);

/*
 * Move the recorded tasks, with their references, to the end of a list.  May
 * sleep.  Return: 0; -ENOMEM if some were left; -EOVERFLOW if any task may have
 * run, so that all have to be checked again: the record starts anew.
 */
int ksplice_watch_drain(struct ksplice_watch *watch,
			struct ksplice_tasks *to);

/*
 * The tasks that last left this CPU, none of them dead.  Inside the stop these
 * are all; else more may be added, and they stay until the next _drain.
 */
unsigned int ksplice_watch_n(const struct ksplice_watch *watch, int cpu);
struct task_struct *ksplice_watch_get(const struct ksplice_watch *watch,
				      int cpu, unsigned int i);

/* Inside the stop: there were more than could be recorded. */
bool ksplice_watch_overflowed(const struct ksplice_watch *watch);

/* Inside the stop: some exiting task was not recorded either. */
bool ksplice_watch_lost(const struct ksplice_watch *watch);

#endif
