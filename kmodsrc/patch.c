// SPDX-License-Identifier: GPL-2.0-only
/*
 * patch.c - replace the functions of an update in one stop, or put them back
 *
 * 1. Prepare: memory, redirect bytes, the ranges to look for, a writable
 *    mapping of each place.
 * 2. Take kprobe_mutex, the CPU hotplug lock, then text_mutex (the order of
 *    kprobes), and refuse if a kprobe is where the redirect goes.  text_mutex
 *    alone does not keep others from coming: register_kprobe() copies the
 *    instruction under it, lets go, and only then can the probe be found.
 * 3. Stop all CPUs.  The first to arrive is the master, the others spin.
 * 4. Check: the text is still what was seen, no thread is in the way.  This
 *    may fail and changes nothing.
 * 5. Commit: write all redirects step by step (redirect.h).  After each step
 *    every CPU serialises and says so, then comes the next.
 * 6. Let the CPUs go.  If a thread was in the way, wait and go to 2, a few
 *    times.
 * Steps 4 and 5 neither allocate nor print.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/stop_machine.h>
#include <linux/vmalloc.h>
#include "compat.h"
#include "depend.h"
#include "livepatch.h"
#include "patch.h"
#include "redirect.h"
#include "stack.h"
#include "update.h"

#define ATTEMPTS		5
#define FIRST_DELAY_MS		20	/* doubled for each attempt */

/* The last value of stop.step: the other CPUs leave. */
#define STEP_LEAVE		UINT_MAX

struct stop {
	struct ksplice_update *update;
	bool apply;
	struct ksplice_function **functions;	/* those that are written */
	unsigned int n_functions;
	struct ksplice_stack stack;

	unsigned int n_cpus;
	atomic_t arrived;		/* CPUs that are in the stop */
	unsigned int step;		/* written by the master only */
	atomic_t seen;			/* CPUs that have seen this step */

	enum ksplice_abort_cause cause;	/* what check found */
	const struct ksplice_function *changed;
};

static const u8 *bytes_before(const struct stop *stop,
			      const struct ksplice_function *function)
{
	return stop->apply ? function->saved : function->written;
}

static const u8 *bytes_after(const struct stop *stop,
			     const struct ksplice_function *function)
{
	return stop->apply ? function->written : function->saved;
}

/* The master: every CPU has serialised after this. */
static void master_step(struct stop *stop, unsigned int step)
{
	atomic_set(&stop->seen, 1);
	smp_store_release(&stop->step, step);	/* pairs with the acquire in
						 * follow() */
	ksplice_serialise();
	while (atomic_read_acquire(&stop->seen) < stop->n_cpus)
		cpu_relax();
}

/* The other CPUs. */
static void follow(struct stop *stop)
{
	unsigned int step, last = 0;

	do {
		step = smp_load_acquire(&stop->step);	/* pairs with the
							 * release in
							 * master_step() */
		if (step == last) {
			cpu_relax();
			continue;
		}
		last = step;
		ksplice_serialise();
		/* Pairs with the acquire of seen in master_step(). */
		smp_mb__before_atomic();
		atomic_inc(&stop->seen);
	} while (last != STEP_LEAVE);
}

static enum ksplice_abort_cause stop_check(struct stop *stop)
{
	const struct ksplice_function *function;
	unsigned int i;

	for (i = 0; i < stop->n_functions; i++) {
		function = stop->functions[i];
		if (memcmp((void *)function->redirect,
			   bytes_before(stop, function),
			   function->redirect_len)) {
			stop->changed = function;
			return KSPLICE_TEXT_CHANGED;
		}
	}
	if (ksplice_stack_check(&stop->stack))
		return KSPLICE_CODE_BUSY;
	return KSPLICE_OK;
}

static void stop_commit(struct stop *stop)
{
	unsigned int step, i;

	ksplice_redirect_catch(stop->functions, stop->n_functions);
	for (step = 0; step < KSPLICE_WRITE_STEPS; step++) {
		for (i = 0; i < stop->n_functions; i++)
			ksplice_redirect_write(stop->functions[i],
					       bytes_after(stop,
							   stop->functions[i]),
					       step);
		master_step(stop, step + 1);
	}
	ksplice_redirect_catch(NULL, 0);
}

/* Nothing is left to wait for: stop_machine() waits for the CPUs. */
static void stop_leave(struct stop *stop)
{
	smp_store_release(&stop->step, STEP_LEAVE);	/* pairs with the
							 * acquire in follow()
							 */
}

/* On every CPU, with interrupts off. */
static int stop_cpu(void *arg)
{
	struct stop *stop = arg;

	ksplice_stack_running(&stop->stack);
	if (atomic_inc_return(&stop->arrived) != 1) {
		follow(stop);
		return 0;
	}
	/* The acquire makes what ksplice_stack_running() left visible. */
	while (atomic_read_acquire(&stop->arrived) < stop->n_cpus)
		cpu_relax();

	stop->cause = stop_check(stop);
	if (stop->cause == KSPLICE_OK)
		stop_commit(stop);
	stop_leave(stop);
	return 0;
}

static int map_functions(struct stop *stop)
{
	struct ksplice_function *function;
	unsigned int i;

	for (i = 0; i < stop->n_functions; i++) {
		function = stop->functions[i];
		function->alias = ksplice_text_map(function->redirect,
						   function->redirect_len);
		if (!function->alias)
			return ksplice_abort(stop->update,
					     KSPLICE_OUT_OF_MEMORY,
					     "cannot map the code of '%s' to write it",
					     function->name);
	}
	return 0;
}

static void unmap_functions(struct stop *stop)
{
	unsigned int i;

	for (i = 0; i < stop->n_functions; i++) {
		if (!stop->functions[i]->alias)
			continue;
		ksplice_text_unmap(stop->functions[i]->alias);
		stop->functions[i]->alias = NULL;
	}
	vm_unmap_aliases();	/* nor may one stay in a TLB */
}

static bool has_kprobe(unsigned long addr)
{
	bool ret;

	preempt_disable();
	ret = ksplice_need.get_kprobe((void *)addr);
	preempt_enable();
	return ret;
}

/* The caller holds kprobe_mutex. */
static int check_kprobes(struct stop *stop)
{
	const struct ksplice_function *function;
	unsigned int i, j;

	for (i = 0; i < stop->n_functions; i++) {
		function = stop->functions[i];
		for (j = 0; j < function->redirect_len; j++)
			if (has_kprobe(function->redirect + j))
				return ksplice_abort(stop->update,
					KSPLICE_SITE_CONFLICT,
					"a kprobe is at '%s'+0x%lx, where the redirect is written; remove it first",
					function->name,
					function->redirect + j -
					function->body);
	}
	return 0;
}

static int run_once(struct stop *stop)
{
	u64 start;
	int ret;

	atomic_set(&stop->arrived, 0);
	stop->step = 0;
	stop->changed = NULL;
	stop->cause = KSPLICE_OK;

	mutex_lock(ksplice_need.kprobe_mutex);
	cpus_read_lock();
	mutex_lock(ksplice_need.text_mutex);
	ret = check_kprobes(stop);
	if (ret)
		goto out_unlock;
	stop->n_cpus = num_online_cpus();
	start = ktime_get_ns();
	ret = ksplice_need.stop_machine_cpuslocked(stop_cpu, stop,
						   cpu_online_mask);
	stop->update->pause_ns = ktime_get_ns() - start;
	if (WARN_ON_ONCE(ret))
		ret = ksplice_abort(stop->update, KSPLICE_UNEXPECTED,
				    "the machine could not be stopped: %d",
				    ret);
out_unlock:
	mutex_unlock(ksplice_need.text_mutex);
	cpus_read_unlock();
	mutex_unlock(ksplice_need.kprobe_mutex);
	return ret;
}

static int abort_busy(struct stop *stop)
{
	const struct ksplice_conflict *first = &stop->stack.conflicts[0];
	struct ksplice_update *update = stop->update;

	kfree(update->conflicts);
	update->conflicts = ksplice_stack_format(&stop->stack);
	return ksplice_abort(update, KSPLICE_CODE_BUSY,
			     "%u thread%s in the way, the first is %d (%s)%s%s",
			     stop->stack.n_conflicts,
			     stop->stack.n_conflicts == 1 ? " is" : "s are",
			     first->pid, first->comm,
			     first->range->name ? " in " : "",
			     first->range->name ?: "");
}

static int run(struct stop *stop)
{
	unsigned int attempt, delay = FIRST_DELAY_MS;
	int ret;

	ret = map_functions(stop);
	if (ret)
		return ret;
	for (attempt = 1; ; attempt++) {
		ret = run_once(stop);
		if (ret || stop->cause != KSPLICE_CODE_BUSY)
			break;
		ksplice_debug(stop->update,
			      "attempt %u: %u of %u threads are in the way",
			      attempt, stop->stack.n_conflicts,
			      stop->stack.n_tasks);
		if (attempt == ATTEMPTS || signal_pending(current))
			break;
		msleep_interruptible(delay);
		delay *= 2;
	}
	if (ret)
		return ret;
	switch (stop->cause) {
	case KSPLICE_OK:
		break;
	case KSPLICE_CODE_BUSY:
		return abort_busy(stop);
	default:
		return ksplice_abort(stop->update, stop->cause,
				     "the code at '%s'+0x%lx is not what %s",
				     stop->changed->name,
				     stop->changed->redirect -
				     stop->changed->body,
				     stop->apply ? "was matched" :
				     "applying wrote there");
	}
	ksplice_debug(stop->update,
		      "%s %u functions; %u threads checked; stopped for %llu us",
		      stop->apply ? "replaced" : "put back",
		      stop->n_functions, stop->stack.n_tasks,
		      stop->update->pause_ns / 1000);
	return 0;
}

static unsigned int count_functions(const struct ksplice_update *update)
{
	const struct ksplice_change *change;
	unsigned int n = 0;

	list_for_each_entry(change, &update->changes, list)
		n += change->n_functions;
	return n;
}

static void stop_release(struct stop *stop)
{
	unmap_functions(stop);
	kvfree(stop->functions);
	ksplice_stack_release(&stop->stack);
}

/* Released by stop_release(), whatever it returns. */
static int stop_init(struct stop *stop, struct ksplice_update *update,
		     bool apply)
{
	unsigned int n = count_functions(update);
	struct ksplice_change *change;
	unsigned int i;

	memset(stop, 0, sizeof(*stop));
	stop->update = update;
	stop->apply = apply;
	stop->functions = kvcalloc(n + 1, sizeof(*stop->functions),
				   GFP_KERNEL);
	/* Undo has one range a module. */
	if (ksplice_stack_init(&stop->stack, n + update->n_changes) ||
	    !stop->functions)
		return ksplice_abort(update, KSPLICE_OUT_OF_MEMORY,
				     "no memory for the stop");
	list_for_each_entry(change, &update->changes, list)
		for (i = 0; i < change->n_functions; i++)
			if (!change->functions[i].is_part)
				stop->functions[stop->n_functions++] =
					&change->functions[i];
	return 0;
}

/* Probes in the rest of an old body are left alone, but do not fire. */
static void note_kprobes(struct ksplice_update *update,
			 const struct ksplice_function *function)
{
	unsigned long addr = function->body;
	unsigned long end = function->body + function->size;

	if (!function->is_part)
		addr = function->redirect + function->redirect_len;
	for (; addr < end; addr++)
		if (has_kprobe(addr))
			ksplice_debug(update,
				      "note: the kprobe at %s+0x%lx will not fire any more",
				      function->name, addr - function->body);
}

static int prepare_redirect(struct ksplice_update *update,
			    struct ksplice_function *function)
{
	int ret;

	if (!function->new_addr)
		return ksplice_abort(update, KSPLICE_UNEXPECTED,
				     "there is no new code for '%s'",
				     function->name);
	if (function->site_conflict)
		return ksplice_abort(update, KSPLICE_SITE_CONFLICT,
				     "'%s' can't be redirected: %s",
				     function->name, function->site_conflict);
	if (ksplice_has_livepatch(function->addr))
		return ksplice_abort(update, KSPLICE_SITE_CONFLICT,
				     "'%s' is replaced by a live patch of the kernel's own kind; disable that first",
				     function->name);
	ret = ksplice_redirect_make(function);
	if (ret == -ERANGE)
		return ksplice_abort(update, KSPLICE_TOO_SHORT,
				     "the new code of '%s' is too far from it",
				     function->name);
	if (ret)
		return ksplice_abort(update, KSPLICE_TOO_SHORT,
				     "'%s' has only %u bytes for the redirect",
				     function->name, function->redirect_room);
	return 0;
}

int __ksplice_patch_apply(struct ksplice_update *update)
{
	struct ksplice_change *change;
	struct stop stop;
	unsigned int i;
	int ret;

	ret = __ksplice_depend_check_apply(update);
	if (ret)
		return ret;
	ret = stop_init(&stop, update, true);
	if (ret)
		goto out_release;
	for (i = 0; i < stop.n_functions; i++) {
		ret = prepare_redirect(update, stop.functions[i]);
		if (ret)
			goto out_release;
	}
	list_for_each_entry(change, &update->changes, list) {
		for (i = 0; i < change->n_functions; i++) {
			const struct ksplice_function *function =
				&change->functions[i];

			note_kprobes(update, function);
			ksplice_stack_add(&stop.stack, function->body,
					  function->size, function->name);
		}
	}
	ret = run(&stop);
out_release:
	stop_release(&stop);
	return ret;
}

int __ksplice_patch_reverse(struct ksplice_update *update)
{
	struct ksplice_change *change;
	struct stop stop;
	int ret;

	ret = __ksplice_depend_check_reverse(update);
	if (ret)
		return ret;
	ret = stop_init(&stop, update, false);
	if (ret)
		goto out_release;
	list_for_each_entry(change, &update->changes, list)
		ksplice_stack_add(&stop.stack,
				  ksplice_module_text(change->new_module),
				  ksplice_module_text_size(change->new_module),
				  NULL);
	ret = run(&stop);
out_release:
	stop_release(&stop);
	return ret;
}
