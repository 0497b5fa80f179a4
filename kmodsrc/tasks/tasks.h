/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tasks.h - a list of tasks, with a reference of each
 */
#ifndef KSPLICE_TASKS_H
#define KSPLICE_TASKS_H

#include <linux/types.h>

struct task_struct;

struct ksplice_tasks {
	struct task_struct **list;
	unsigned int n;
	unsigned int max;
};

/* Release what a zeroed or filled one holds; it is empty then.  May sleep. */
void ksplice_tasks_release(struct ksplice_tasks *tasks);

/* Drop one, the last takes its place. */
void ksplice_tasks_drop(struct ksplice_tasks *tasks, unsigned int i);

/* Make room for n more.  May sleep.  Return: 0 or -ENOMEM. */
int ksplice_tasks_reserve(struct ksplice_tasks *tasks, unsigned int n);

/* Add all tasks of the kernel.  May sleep.  Return: 0 or -ENOMEM. */
int ksplice_tasks_add_all(struct ksplice_tasks *tasks);

/* Keep each task once. */
void ksplice_tasks_unique(struct ksplice_tasks *tasks);

#endif
