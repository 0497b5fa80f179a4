// SPDX-License-Identifier: GPL-2.0-only
/*
 * attempt.c - redirect the functions of an update in one stop, or restore them
 *
 * Or both: those of some updates are restored while those of another one are
 * redirected (replace.c).
 *
 * 1. Prepare (prepare.c).
 * 2. Check all tasks while the machine runs (precheck.c).  If one conflicts,
 *    wait and check again, for a while.
 * 3. Stop the machine, check the tasks that have run since, and write (stop.c).
 *    If one of them conflicts, go to 2.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include "model/abort.h"
#include "model/debug.h"
#include "model/words.h"
#include "stop/attempt.h"
#include "stop/depend.h"
#include "stop/hooks.h"
#include "stop/prepare.h"
#include "stop/replace.h"
#include "stop/stop.h"
#include "tasks/conflict.h"
#include "tasks/park.h"
#include "tasks/precheck.h"
#include "tasks/ranges.h"
#include "tasks/stack.h"

#define PATIENCE_MS		1000	/* the caller can try again */
#define FIRST_DELAY_MS		10	/* doubled for each attempt */
#define LAST_DELAY_MS		160

static int abort_busy(struct ksplice_stop *stop)
{
	const struct ksplice_conflict *first = &stop->stack.conflicts[0];
	struct ksplice_update *update = stop->update;
	unsigned int n = stop->stack.n_conflicts;

	if (!n && !stop->precheck.exited_are_gone)
		return ksplice_abort(update, KSPLICE_CODE_BUSY,
				     "a task runs in the kernel without sleeping, so tasks that have exited may still be there");
	if (!n)
		return ksplice_abort(update, KSPLICE_CODE_BUSY,
				     "too many tasks start and exit to check them all");
	kvfree(update->conflicts);
	update->conflicts = ksplice_conflicts_format(&stop->stack);
	return ksplice_abort(update, KSPLICE_CODE_BUSY,
			     "%u conflicting task%s, the first is %d (%s)%s%s",
			     n, n == 1 ? "" : "s",
			     first->pid, first->comm,
			     first->range->name ? " in " : "",
			     first->range->name ?: "");
}

static void note_busy(const struct ksplice_stop *stop, bool was_stopped)
{
	const struct ksplice_conflict *first = &stop->stack.conflicts[0];
	const char *when = was_stopped ? "in the stop" : "before the stop";
	unsigned int n = stop->stack.n_conflicts;
	char name[KSPLICE_ADDR_NAME_LEN];

	if (!n && !stop->precheck.exited_are_gone)
		ksplice_debug(stop->update,
			      "%s: tasks that have exited may still be there",
			      when);
	else if (!n)
		ksplice_debug(stop->update,
			      "%s: too many tasks started and exited", when);
	else
		ksplice_debug(stop->update,
			      "%s: %u conflicting tasks, the first is %d (%s) in %s",
			      when, n, first->pid, first->comm,
			      ksplice_return_name(name, first->addr));
}

/*
 * Conflicting tasks, and the requesting task.  The latter polls for the result
 * and sleeps in between, so it could conflict later.
 */
static void ask_to_leave(const struct ksplice_stop *stop)
{
	struct task_struct *requester = stop->update->requester;
	bool has_requester = requester &&
			     ksplice_park_add(stop->park, requester);

	ksplice_debug(stop->update,
		      "%u tasks were asked to leave the kernel%s",
		      ksplice_park_add_list(stop->park,
					    &stop->precheck.todo),
		      has_requester ? ", including the requesting task" : "");
}

/* Until it is done, refused, or PATIENCE_MS are over; the cause is in stop. */
static int attempt(struct ksplice_stop *stop)
{
	unsigned long end = jiffies + msecs_to_jiffies(PATIENCE_MS);
	unsigned int delay = FIRST_DELAY_MS;
	int ret;

	for (;;) {
		stop->cause = KSPLICE_CODE_BUSY;
		ret = ksplice_precheck_turns(&stop->precheck);
		if (!ret) {
			if (stop->kind != KSPLICE_STOP_TRY)
				ret = ksplice_stop_run(stop);
			else if (stop->precheck.exited_are_gone)
				ret = ksplice_stop_try(stop);
			if (ret || stop->cause != KSPLICE_CODE_BUSY)
				return ret;
		}
		if (ret < 0)
			return ksplice_abort(stop->update,
					     KSPLICE_OUT_OF_MEMORY,
					     "no memory to check all tasks");
		note_busy(stop, !ret && stop->kind != KSPLICE_STOP_TRY);
		if (stop->park)
			ask_to_leave(stop);
		if (signal_pending(current) || time_after(jiffies, end))
			return 0;
		msleep_interruptible(delay);
		delay = min_t(unsigned int, 2 * delay, LAST_DELAY_MS);
	}
}

static int abort_changed(const struct ksplice_stop *stop)
{
	const struct ksplice_data_write *data = stop->changed_data;
	const struct ksplice_function *function = stop->changed;
	bool is_new = data ? data->way == KSPLICE_APPLY :
			     function->before == function->saved;
	const char *when = is_new ? "it was matched" : "the update was applied";

	if (data)
		return ksplice_abort(stop->update, stop->cause,
				     "the data '%s' has changed since %s",
				     data->data->name, when);
	return ksplice_abort(stop->update, stop->cause,
			     "the code at '%s'+0x%lx has changed since %s",
			     function->name,
			     function->redirect - function->body, when);
}

static int run(struct ksplice_stop *stop)
{
	enum ksplice_direction way;
	int ret;

	if (stop->update->kick) {
		stop->park = ksplice_park_new();
		if (!stop->park)
			return ksplice_abort(stop->update,
					     KSPLICE_OUT_OF_MEMORY,
					     "no memory to kick tasks");
	}
	if (ksplice_ranges_seal(&stop->stack.ranges) ||
	    ksplice_precheck_start(&stop->precheck, &stop->stack)) {
		ksplice_park_end(stop->park);
		return ksplice_abort(stop->update, KSPLICE_OUT_OF_MEMORY,
				     "no memory to check all tasks");
	}
	ret = attempt(stop);
	ksplice_park_end(stop->park);
	ksplice_precheck_end(&stop->precheck);
	if (ret)
		return ret;
	switch (stop->cause) {
	case KSPLICE_OK:
		break;
	case KSPLICE_CODE_BUSY:
		ksplice_debug(stop->update, "the machine was stopped %u times",
			      stop->n_stops);
		return abort_busy(stop);
	case KSPLICE_CALL_FAILED:
		return ksplice_hooks_abort(stop->hooks);
	default:
		return abort_changed(stop);
	}
	if (stop->kind == KSPLICE_STOP_TRY) {
		ksplice_debug(stop->update,
			      "%u functions could be replaced; %u tasks checked",
			      stop->n_functions, stop->precheck.n_before);
		return 0;
	}
	way = stop->plan->parts[stop->plan->n - 1].way;
	ksplice_debug(stop->update,
		      "%s %u functions; %u tasks checked before the stop, %u in it; stopped %u times, the last for %llu us; text was writable for %llu ns",
		      way == KSPLICE_APPLY ? "replaced" : "restored",
		      stop->n_functions, stop->precheck.n_before,
		      stop->stack.n_tasks, stop->n_stops,
		      stop->update->pause_ns / 1000, stop->writable_ns);
	return 0;
}

/* A hidden update was checked when it was hidden. */
static int check_depend(const struct ksplice_plan *plan)
{
	const struct ksplice_part *last = &plan->parts[plan->n - 1];

	return last->way == KSPLICE_APPLY ?
	       __ksplice_depend_check_apply(last->update) :
	       __ksplice_depend_check_reverse(last->update, last->update);
}

static int carry_out(const struct ksplice_plan *plan,
		     struct ksplice_hooks *hooks, enum ksplice_stop_kind kind)
{
	struct ksplice_stop stop;
	int ret = check_depend(plan);

	if (ret)
		return ret;
	ret = ksplice_stop_prepare(&stop, plan, hooks);
	stop.kind = kind;
	if (!ret)
		ret = run(&stop);
	ksplice_stop_release(&stop);
	return ret;
}

int __ksplice_carry_out(const struct ksplice_plan *plan,
			struct ksplice_hooks *hooks)
{
	return carry_out(plan, hooks, KSPLICE_STOP_WRITE);
}

int __ksplice_carry_out_try(const struct ksplice_plan *plan)
{
	return carry_out(plan, NULL, KSPLICE_STOP_TRY);
}
