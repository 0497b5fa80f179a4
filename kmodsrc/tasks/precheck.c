// SPDX-License-Identifier: GPL-2.0-only
/*
 * precheck.c - check all tasks before the machine is stopped
 *
 * All but a few tasks of a machine sleep, and a task that sleeps stays where it
 * is.  So their stacks are checked while the machine runs, and the stop has to
 * check only those that have run since:
 *
 * 1. Start the watch (watch.c, which has the argument why none is missed).
 * 2. Copy the list of tasks.
 * 3. Check each task in the list, pinned: it cannot run meanwhile.  One on a
 *    CPU is left to the watch.  One that conflicts stays in the list.
 * 4. Drain the watch into the list.  If many have run since, go to 3: a shorter
 *    list takes less time, so fewer tasks run meanwhile.
 * 5. If a task conflicts, the caller waits and continues with 4; the machine is
 *    not stopped for that.
 * 6. When none conflicts, wait until the tasks that had left the list of
 *    processes are gone (exiting.c), once for each watch, and continue with 4.
 *    It can take long, so it is done only if nothing else refuses.
 * 7. In the stop: check the tasks that the watch has now, and the idle tasks,
 *    which are never in the list.  If those of 6 may still be there, something
 *    runs all the time; it is found in the stop, and if it does not conflict,
 *    they count as conflicting.
 *
 * If the watch overflows, the list is copied anew.  If it still overflows in
 * the end, the stop checks all tasks: correct, but its length then grows with
 * their number.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include "kernel/compat.h"
#include "model/rights.h"
#include "tasks/exiting.h"
#include "tasks/precheck.h"
#include "tasks/stack.h"
#include "tasks/tasks.h"
#include "tasks/watch.h"

#define MAX_TURNS	6
/* So many more than there are CPUs are no reason for another turn. */
#define FEW		8U

static bool is_wanted = true;
KSPLICE_PARAM(precheck, is_wanted, bool);
MODULE_PARM_DESC(precheck, "check sleeping tasks before the stop");

/* Called by task_call_func(), possibly with a run queue locked. */
static int look_pinned(struct task_struct *task, void *arg)
{
	if (ksplice_is_on_cpu(task))
		return false;
	return ksplice_stack_check(arg, task, 0);
}

static bool look(struct ksplice_stack *stack, struct task_struct *task)
{
	int ret;

	if (!try_get_task_stack(task))
		return false;	/* it is dead */
	ret = ksplice_call(task_call_func)(task, look_pinned, stack);
	ksplice_call(put_task_stack)(task);
	return ret;
}

/* Conflicting tasks stay in the list. */
static void look_at_list(struct ksplice_precheck *precheck)
{
	struct ksplice_tasks *todo = &precheck->todo;
	unsigned int i = 0;

	ksplice_stack_reset(precheck->stack);
	while (i < todo->n) {
		if (look(precheck->stack, todo->list[i]))
			i++;
		else
			ksplice_tasks_drop(todo, i);
		cond_resched();
	}
	precheck->n_before += precheck->stack->n_tasks;
}

static int copy_list(struct ksplice_precheck *precheck)
{
	ksplice_tasks_release(&precheck->todo);
	return ksplice_tasks_add_all(&precheck->todo);
}

/* An exiting task was not recorded: wait until it is gone. */
static int watch_anew(struct ksplice_precheck *precheck)
{
	ksplice_watch_stop(precheck->watch);
	precheck->exited_are_gone = false;
	precheck->watch = ksplice_watch_start();
	return precheck->watch ? copy_list(precheck) : -ENOMEM;
}

int ksplice_precheck_start(struct ksplice_precheck *precheck,
			   struct ksplice_stack *stack)
{
	int ret = -ENOMEM;

	memset(precheck, 0, sizeof(*precheck));
	precheck->stack = stack;
	precheck->watch = ksplice_watch_start();
	if (precheck->watch)
		ret = copy_list(precheck);
	if (ret)
		ksplice_precheck_end(precheck);
	return ret;
}

void ksplice_precheck_end(struct ksplice_precheck *precheck)
{
	ksplice_watch_stop(precheck->watch);
	precheck->watch = NULL;
	ksplice_tasks_release(&precheck->todo);
}

static int take_turns(struct ksplice_precheck *precheck)
{
	unsigned int turn, n_busy, n_new;
	int ret;

	precheck->scope = KSPLICE_CHECK_ALL;
	if (!READ_ONCE(is_wanted))
		return 0;
	for (turn = 0; turn < MAX_TURNS; turn++) {
		n_busy = precheck->todo.n;
		if (ksplice_watch_lost(precheck->watch))
			ret = watch_anew(precheck);
		else
			ret = ksplice_watch_drain(precheck->watch,
						  &precheck->todo);
		precheck->scope = KSPLICE_CHECK_RECORDED;
		if (ret == -EOVERFLOW) {
			precheck->scope = KSPLICE_CHECK_ALL;
			ret = copy_list(precheck);
		}
		if (ret)
			return ret;
		ksplice_tasks_unique(&precheck->todo);
		n_new = precheck->todo.n > n_busy ?
			precheck->todo.n - n_busy : 0;
		look_at_list(precheck);
		if (turn && precheck->scope == KSPLICE_CHECK_RECORDED &&
		    n_new <= num_online_cpus() + FEW)
			break;
	}
	return precheck->stack->n_conflicts;
}

int ksplice_precheck_turns(struct ksplice_precheck *precheck)
{
	int ret = take_turns(precheck);

	while (!ret && !precheck->exited_are_gone) {
		ret = ksplice_exiting_wait();
		if (ret == -EAGAIN)
			return 0;
		if (ret)
			return ret;
		/* Those that leave the list from now on are watched. */
		precheck->exited_are_gone = true;
		ret = take_turns(precheck);
	}
	return ret;
}

/* Not inlined, so that what is rehearsed is what runs in the stop. */
static noinline void look_last(const struct ksplice_precheck *precheck,
			       struct task_struct *task,
			       enum ksplice_tasks_are state)
{
	/* A dead task waiting for its parent has given its stack back. */
	if (!task_stack_page(task) || !refcount_read(&task->stack_refcount))
		return;
	if (state == KSPLICE_TASKS_RUN)
		look(precheck->stack, task);
	else if (!ksplice_is_on_cpu(task))
		ksplice_stack_check(precheck->stack, task, 0);
}

static void look_at_record(const struct ksplice_precheck *precheck,
			   enum ksplice_tasks_are state)
{
	struct task_struct *task;
	unsigned int i, n;
	int cpu;

	for_each_possible_cpu(cpu) {
		n = ksplice_watch_n(precheck->watch, cpu);
		if (state == KSPLICE_TASKS_RUN)
			n = min(n, FEW);
		for (i = 0; i < n; i++) {
			task = ksplice_watch_get(precheck->watch, cpu, i);
			/* Others are in the list of all tasks. */
			if (precheck->scope == KSPLICE_CHECK_RECORDED ||
			    task->exit_state)
				look_last(precheck, task, state);
		}
	}
}

static void look_at_all(const struct ksplice_precheck *precheck)
{
	struct task_struct *process, *thread;

	for_each_process_thread(process, thread)
		look_last(precheck, thread, KSPLICE_TASKS_STAND);
}

static void look_at_idle(const struct ksplice_precheck *precheck,
			 enum ksplice_tasks_are state)
{
	int cpu;

	for_each_online_cpu(cpu)
		look_last(precheck, ksplice_call(idle_task)(cpu), state);
}

bool ksplice_precheck_last(struct ksplice_precheck *precheck,
			   enum ksplice_tasks_are state)
{
	unsigned int i;

	ksplice_stack_reset(precheck->stack);
	if (ksplice_watch_overflowed(precheck->watch))
		precheck->scope = KSPLICE_CHECK_ALL;
	look_at_record(precheck, state);
	for (i = 0; i < precheck->todo.n; i++)
		look_last(precheck, precheck->todo.list[i], state);
	if (precheck->scope == KSPLICE_CHECK_ALL &&
	    state == KSPLICE_TASKS_STAND)
		look_at_all(precheck);
	look_at_idle(precheck, state);
	return precheck->stack->n_conflicts || !precheck->exited_are_gone ||
	       ksplice_watch_lost(precheck->watch);
}
