// SPDX-License-Identifier: GPL-2.0-only
/*
 * tasks.c - a list of tasks, with a reference of each
 *
 * The kernel's list cannot be held while all stacks are checked: that takes
 * long if there are many.  So it is copied first.
 */
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sort.h>
#include "tasks/tasks.h"

/* Tasks that start while they are counted. */
#define SLACK	256

void ksplice_tasks_release(struct ksplice_tasks *tasks)
{
	unsigned int i;

	for (i = 0; i < tasks->n; i++)
		put_task_struct(tasks->list[i]);
	kvfree(tasks->list);
	memset(tasks, 0, sizeof(*tasks));
}

void ksplice_tasks_drop(struct ksplice_tasks *tasks, unsigned int i)
{
	put_task_struct(tasks->list[i]);
	tasks->list[i] = tasks->list[--tasks->n];
}

int ksplice_tasks_reserve(struct ksplice_tasks *tasks, unsigned int n)
{
	unsigned int max = tasks->max;
	struct task_struct **list;

	if (tasks->n + n <= max)
		return 0;
	max = max(2 * max, tasks->n + n);
	list = kvmalloc_array(max, sizeof(*list), GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	if (tasks->n)
		memcpy(list, tasks->list, tasks->n * sizeof(*list));
	kvfree(tasks->list);
	tasks->list = list;
	tasks->max = max;
	return 0;
}

/* Return: whether there was room for all. */
static bool add_all(struct ksplice_tasks *tasks, unsigned int *needed)
{
	struct task_struct *process, *thread;
	unsigned int n = tasks->n;

	*needed = 0;
	rcu_read_lock();
	for_each_process_thread(process, thread) {
		if (tasks->n < tasks->max) {
			get_task_struct(thread);
			tasks->list[tasks->n++] = thread;
		}
		++*needed;
	}
	rcu_read_unlock();
	return tasks->n - n == *needed;
}

int ksplice_tasks_add_all(struct ksplice_tasks *tasks)
{
	unsigned int before = tasks->n;
	unsigned int needed;

	while (!add_all(tasks, &needed)) {
		while (tasks->n > before)
			ksplice_tasks_drop(tasks, tasks->n - 1);
		if (ksplice_tasks_reserve(tasks, needed + SLACK))
			return -ENOMEM;
	}
	return 0;
}

static int compare_tasks(const void *a, const void *b)
{
	const struct task_struct *left = *(struct task_struct * const *)a;
	const struct task_struct *right = *(struct task_struct * const *)b;

	return left < right ? -1 : left > right;
}

void ksplice_tasks_unique(struct ksplice_tasks *tasks)
{
	unsigned int i, n = 0;

	sort(tasks->list, tasks->n, sizeof(*tasks->list), compare_tasks,
	     NULL);
	for (i = 0; i < tasks->n; i++) {
		if (n && tasks->list[n - 1] == tasks->list[i])
			put_task_struct(tasks->list[i]);
		else
			tasks->list[n++] = tasks->list[i];
	}
	tasks->n = n;
}
