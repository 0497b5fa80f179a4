// SPDX-License-Identifier: GPL-2.0-only
/*
 * exiting.c - tasks that have left the list of processes, and run still
 *
 * A task leaves the list in release_task(), near the end of do_exit(), and can
 * be preempted between that and its last switch.  It is in no list then, so the
 * core waits until all such tasks are gone.  The kernel's tasks RCU must not
 * miss them either, and there are two ways in which it does that:
 *
 * - From commit 3f95aa81d265 (v3.18) on, they are in a read-side section of an
 *   SRCU, from before they leave the list until preemption is off for the last
 *   switch.  That SRCU alone is waited for.
 * - Commit 1612160b9127 (v6.9) has tasks RCU list them itself.  A grace period
 *   of it waits for them, and for each task that is in the kernel: with full
 *   preemption one that never sleeps there can delay it for ever.  So the wait
 *   is limited, and the attempt fails if that is not enough.  The grace period
 *   goes on; the next wait continues with it, and then needs another one,
 *   because tasks may have left the list since it began.
 *
 * What the kernel writes to at the end of a grace period is not freed before.
 * If the core is unloaded earlier, it stays: the function that is called then
 * is the kernel's own, which also makes the grace period begin at once.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <linux/rcupdate_wait.h>
#include <linux/slab.h>
#include <linux/srcu.h>
#include "kernel/compat.h"
#include "tasks/exiting.h"

#define PATIENCE_MS	2000		/* usually it takes some 100 ms */

/* A grace period that has not ended when it was last seen, or NULL. */
static struct rcu_synchronize *pending;

static int wait_for_pending(void)
{
	if (wait_for_completion_interruptible_timeout(&pending->completion,
			msecs_to_jiffies(PATIENCE_MS)) <= 0)
		return -EAGAIN;
	kfree(pending);
	pending = NULL;
	return 0;
}

static int wait_for_grace_period(void)
{
	if (pending && wait_for_pending())
		return -EAGAIN;
	pending = kzalloc(sizeof(*pending), GFP_KERNEL);
	if (!pending)
		return -ENOMEM;
	init_completion(&pending->completion);
	call_rcu_tasks(&pending->head, wakeme_after_rcu);
	return wait_for_pending();
}

int ksplice_exiting_wait(void)
{
	struct srcu_struct *srcu = (void *)
		ksplice_call(kallsyms_lookup_name)("tasks_rcu_exit_srcu");
	int ret = 0;

	if (srcu)
		synchronize_srcu(srcu);
	else
		ret = wait_for_grace_period();
	/* For their last switches, which are made with preemption off. */
	if (!ret)
		synchronize_rcu();
	return ret;
}

void ksplice_exiting_exit(void)
{
	if (pending && completion_done(&pending->completion))
		kfree(pending);
}
