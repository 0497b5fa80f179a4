// SPDX-License-Identifier: GPL-2.0-only
/*
 * park.c - have tasks leave the kernel, and wait at its border
 *
 * A function that tasks sleep in becomes free when they are woken: as if by a
 * signal, but there is none, so the system call is restarted when they reach
 * the border of the kernel, and the program does not notice.  But they would be
 * back in the function at once.  So each is given a task work, which it runs at
 * the border, before it restarts the call: there it waits until the attempt is
 * over.  It holds no lock of the kernel there.
 *
 * A few system calls are not restarted but fail with EINTR, whatever woke them
 * (doc/limits.md lists them).  Kernel threads have no border and are left
 * alone; so are tasks that sleep uninterruptibly or are stopped.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/wait.h>
#include "kernel/compat.h"
#include "tasks/park.h"
#include "tasks/tasks.h"

struct ksplice_park {
	struct list_head parked;
	unsigned int n;
	bool is_open;			/* arriving tasks do not wait */
	wait_queue_head_t queue;
	refcount_t users;		/* works that are not over, and us */
	struct completion is_empty;
};

/* Of one task that was asked. */
struct parked {
	struct list_head list;
	struct ksplice_park *park;
	struct task_struct *task;	/* with a reference */
	struct callback_head work;
};

/* Has any task ever been asked? */
static bool was_used;

static void leave(struct ksplice_park *park)
{
	if (refcount_dec_and_test(&park->users))
		complete(&park->is_empty);
}

/* At the border, or when the task exits. */
static void wait_at_border(struct callback_head *work)
{
	struct parked *parked = container_of(work, struct parked, work);
	struct ksplice_park *park = parked->park;

	if (!(current->flags & PF_EXITING))
		wait_event_killable(park->queue, READ_ONCE(park->is_open));
	leave(park);
}

struct ksplice_park *ksplice_park_new(void)
{
	struct ksplice_park *park = kzalloc(sizeof(*park), GFP_KERNEL);

	if (!park)
		return NULL;
	INIT_LIST_HEAD(&park->parked);
	init_waitqueue_head(&park->queue);
	init_completion(&park->is_empty);
	refcount_set(&park->users, 1);
	return park;
}

static bool was_asked(const struct ksplice_park *park,
		      const struct task_struct *task)
{
	const struct parked *parked;

	list_for_each_entry(parked, &park->parked, list)
		if (parked->task == task)
			return true;
	return false;
}

static bool ask(struct ksplice_park *park, struct task_struct *task)
{
	struct parked *parked = kzalloc(sizeof(*parked), GFP_KERNEL);

	if (!parked)
		return false;
	parked->park = park;
	parked->task = task;
	init_task_work(&parked->work, wait_at_border);
	refcount_inc(&park->users);
	if (task_work_add(task, &parked->work, TWA_SIGNAL)) {
		refcount_dec(&park->users);
		kfree(parked);
		return false;
	}
	get_task_struct(task);
	list_add(&parked->list, &park->parked);
	park->n++;
	was_used = true;
	return true;
}

bool ksplice_park_add(struct ksplice_park *park, struct task_struct *task)
{
	return !(task->flags & (PF_KTHREAD | PF_IO_WORKER | PF_EXITING)) &&
	       (was_asked(park, task) || ask(park, task));
}

unsigned int ksplice_park_add_list(struct ksplice_park *park,
				   const struct ksplice_tasks *tasks)
{
	unsigned int i;

	for (i = 0; i < tasks->n; i++)
		ksplice_park_add(park, tasks->list[i]);
	return park->n;
}

static bool is_work(struct callback_head *work, void *data)
{
	return work == data;
}

void ksplice_park_end(struct ksplice_park *park)
{
	struct parked *parked, *next;

	if (!park)
		return;
	WRITE_ONCE(park->is_open, true);
	wake_up_all(&park->queue);
	/* Those that have not reached the border need not wait there. */
	list_for_each_entry(parked, &park->parked, list)
		if (ksplice_call(task_work_cancel_match)(parked->task, is_work,
							&parked->work))
			leave(park);
	leave(park);
	wait_for_completion(&park->is_empty);
	list_for_each_entry_safe(parked, next, &park->parked, list) {
		put_task_struct(parked->task);
		kfree(parked);
	}
	kfree(park);
}

void ksplice_park_exit(void)
{
	/* For tasks that have left the park, but not yet our function. */
	if (was_used)
		synchronize_rcu_tasks();
}
