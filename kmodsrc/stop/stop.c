// SPDX-License-Identifier: GPL-2.0-only
/*
 * stop.c - stop the machine, check once more, and write
 *
 * 1. Take kprobe_mutex, the CPU hotplug lock, then text_mutex (the order of
 *    kprobes), and refuse if a kprobe is where the redirect goes.  text_mutex
 *    alone does not keep new ones out: register_kprobe() copies the instruction
 *    under it, releases it, and only then can the probe be found.
 * 2. Rehearse: one CPU goes through steps 4 to 6 while all run.  What is found
 *    does not count, and what is written goes to the scratch.  Code, data and
 *    mappings that would be met in the stop for the first time are in the
 *    caches then.
 * 3. Stop all CPUs.  The first to arrive is the master, the others spin.  No
 *    CPU gets here before all have their interrupts off, so nothing else runs.
 * 4. Check: text and data are still what was seen, no task conflicts,
 *    and the author's hooks agree.  This may fail and changes nothing.
 * 5. Commit: write all redirects step by step (redirect.h).  After each step
 *    every CPU serializes and confirms it; then the next one follows.  Data is
 *    new while new code may run: written before the redirects, restored after
 *    them.  Hooks are called while the code of their update is in place: those
 *    of reversed updates before all writes, of the applied one after them.
 *    The mapping that all is written by is writable from before the first of
 *    these writes until after the last (text.c).
 * 6. Release the CPUs.  The others drop their TLB entries of that mapping.
 * Steps 4 and 5 neither allocate nor print.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/cpu.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/smp.h>
#include <linux/stop_machine.h>
#include "arch.h"
#include "arch/redirect.h"
#include "arch/text.h"
#include "kernel/compat.h"
#include "model/abort.h"
#include "model/update.h"
#include "stop/data.h"
#include "stop/hooks.h"
#include "stop/stop.h"
#include "tasks/precheck.h"
#include "tasks/stack.h"

/* The last value of stop->step: the other CPUs leave. */
#define STEP_LEAVE		UINT_MAX

static u8 *alias_of(const struct ksplice_stop *stop,
		    const struct ksplice_function *function)
{
	return stop->kind == KSPLICE_STOP_REHEARSE ? stop->scratch :
						       function->alias;
}

/*
 * The master waits for the others.  A turn is made in any case, so that all of
 * it has been rehearsed; likewise in follow().
 */
static noinline void wait_for_cpus(const struct ksplice_stop *stop,
				   const atomic_t *count)
{
	do
		cpu_relax();
	while (atomic_read_acquire(count) < stop->n_cpus);
}

/* The master: every CPU has serialized after this. */
static void master_step(struct ksplice_stop *stop, unsigned int step)
{
	atomic_set(&stop->seen, 1);
	/* pairs with the acquire in follow() */
	smp_store_release(&stop->step, step);
	ksplice_serialize();
	wait_for_cpus(stop, &stop->seen);
}

/* The other CPUs. */
static void follow(struct ksplice_stop *stop)
{
	unsigned int step, last = 0;

	do {
		cpu_relax();
		/* pairs with the release in master_step() */
		step = smp_load_acquire(&stop->step);
		if (step == last)
			continue;
		last = step;
		ksplice_serialize();
		/* Pairs with the acquire in wait_for_cpus(). */
		smp_mb__before_atomic();
		atomic_inc(&stop->seen);
	} while (step != STEP_LEAVE);
	ksplice_map_flush(stop->map);
}

/* The stacks of the tasks that stop the CPUs, including this one. */
static bool is_stopper_busy(struct ksplice_stop *stop)
{
	bool is_busy = false;
	int cpu;

	/* Pairs with the increment in stop_cpu(): what is in running is so. */
	wait_for_cpus(stop, &stop->arrived);
	for_each_cpu(cpu, stop->cpus)
		is_busy |= ksplice_stack_check(&stop->stack,
					       stop->running[cpu].task,
					       stop->running[cpu].sp);
	return is_busy;
}

/*
 * Is a place not what it should be, or not what its alias shows?  The caller
 * holds text_mutex.  What has changed is in changed or changed_data.
 */
static bool has_changed(struct ksplice_stop *stop)
{
	const struct ksplice_function *function;
	unsigned int i;

	for (i = 0; i < stop->n_functions; i++) {
		function = stop->functions[i];
		if (memcmp((void *)function->redirect, function->before,
			   function->redirect_len) ||
		    memcmp((void *)function->redirect, function->alias,
			   function->redirect_len)) {
			stop->changed = function;
			return true;
		}
	}
	stop->changed_data = ksplice_data_check(&stop->data);
	return stop->changed_data;
}

/* A rehearsal continues whatever it finds. */
static enum ksplice_abort_cause stop_check(struct ksplice_stop *stop)
{
	bool goes_on = stop->kind == KSPLICE_STOP_REHEARSE;
	enum ksplice_tasks_are state = goes_on ? KSPLICE_TASKS_RUN :
						 KSPLICE_TASKS_STAND;

	if (has_changed(stop) && !goes_on)
		return KSPLICE_TEXT_CHANGED;
	if (ksplice_precheck_last(&stop->precheck, state) && !goes_on)
		return KSPLICE_CODE_BUSY;
	if (is_stopper_busy(stop) && !goes_on)
		return KSPLICE_CODE_BUSY;
	if (!ksplice_hooks_check(stop->hooks))
		return KSPLICE_CALL_FAILED;
	return KSPLICE_OK;
}

/* All redirects, step by step, and the data that goes with them. */
static void stop_write(struct ksplice_stop *stop)
{
	bool is_real = stop->kind != KSPLICE_STOP_REHEARSE;
	u8 *scratch = is_real ? NULL : stop->scratch;
	const struct ksplice_function *function;
	unsigned int step, i;

	ksplice_data_write(&stop->data, KSPLICE_BEFORE_REDIRECTS, scratch);
	if (is_real)
		ksplice_redirect_catch(stop->functions, stop->n_functions);
	for (step = 0; step < KSPLICE_WRITE_STEPS; step++) {
		for (i = 0; i < stop->n_functions; i++) {
			function = stop->functions[i];
			ksplice_redirect_write(alias_of(stop, function),
					       function->after,
					       function->redirect_len, step);
		}
		if (step + 1 < KSPLICE_WRITE_STEPS)
			master_step(stop, step + 1);
	}
	ksplice_data_write(&stop->data, KSPLICE_AFTER_REDIRECTS, scratch);
}

/* A rehearsal goes through all of it, but nothing gets writable. */
static void stop_commit(struct ksplice_stop *stop)
{
	u64 start;

	ksplice_hooks_commit(stop->hooks, KSPLICE_REVERSE);
	start = ktime_get_mono_fast_ns();
	ksplice_map_set_writable(stop->map,
				 stop->kind != KSPLICE_STOP_REHEARSE);
	stop_write(stop);
	ksplice_map_set_writable(stop->map, false);
	stop->writable_ns = ktime_get_mono_fast_ns() - start;
	ksplice_hooks_commit(stop->hooks, KSPLICE_APPLY);
}

/*
 * The CPUs serialize once more before they leave.  Nothing is left to wait for:
 * stop_machine() waits for them.
 */
static void stop_leave(struct ksplice_stop *stop)
{
	ksplice_serialize();
	/* pairs with the acquire in follow() */
	smp_store_release(&stop->step, STEP_LEAVE);
}

/* On every CPU, with interrupts off on all of them. */
static int stop_cpu(void *arg)
{
	struct ksplice_stop *stop = arg;
	int cpu = smp_processor_id();

	stop->running[cpu].task = current;
	stop->running[cpu].sp = current_stack_pointer;
	if (atomic_inc_return(&stop->arrived) != 1) {
		follow(stop);
		return 0;
	}
	stop->cause = stop_check(stop);
	if (stop->cause == KSPLICE_OK)
		stop_commit(stop);
	stop_leave(stop);
	return 0;
}

bool ksplice_has_kprobe(unsigned long addr)
{
	bool ret;

	preempt_disable();
	ret = ksplice_call(get_kprobe)((void *)addr);
	preempt_enable();
	return ret;
}

/* The caller holds kprobe_mutex. */
static int check_kprobes(struct ksplice_stop *stop)
{
	const struct ksplice_function *function;
	unsigned int i, j;

	for (i = 0; i < stop->n_functions; i++) {
		function = stop->functions[i];
		for (j = 0; j < function->redirect_len; j++)
			if (ksplice_has_kprobe(function->redirect + j))
				return ksplice_abort(stop->update,
					KSPLICE_SITE_CONFLICT,
					"a kprobe is at '%s'+0x%lx, where the redirect is written; remove it first",
					function->name,
					function->redirect + j -
					function->body);
	}
	return 0;
}

/* On every CPU: each has mappings in a cache of its own. */
static void read_all(void *arg)
{
	struct ksplice_stop rehearsal = *(struct ksplice_stop *)arg;

	has_changed(&rehearsal);
}

/*
 * Step 2.  The author's hooks are not called: they count on the stop.  The
 * caller holds text_mutex.
 */
static void rehearse(const struct ksplice_stop *stop)
{
	struct ksplice_hooks none = { };
	struct ksplice_stop rehearsal = *stop;

	on_each_cpu(read_all, &rehearsal, true);
	rehearsal.kind = KSPLICE_STOP_REHEARSE;
	rehearsal.hooks = &none;
	rehearsal.n_cpus = 1;
	preempt_disable();
	rehearsal.cpus = cpumask_of(smp_processor_id());
	stop_cpu(&rehearsal);
	follow(&rehearsal);	/* which leaves at once */
	preempt_enable();
}

int ksplice_stop_run(struct ksplice_stop *stop)
{
	u64 start;
	int ret;

	atomic_set(&stop->arrived, 0);
	stop->step = 0;
	stop->changed = NULL;
	stop->changed_data = NULL;
	stop->cause = KSPLICE_OK;

	mutex_lock(ksplice_need.kprobe_mutex);
	cpus_read_lock();
	mutex_lock(ksplice_need.text_mutex);
	ret = check_kprobes(stop);
	if (ret)
		goto out_unlock;
	rehearse(stop);
	stop->cpus = cpu_online_mask;
	stop->n_cpus = num_online_cpus();
	stop->n_stops++;
	start = ktime_get_ns();
	ret = ksplice_call(stop_machine_cpuslocked)(stop_cpu, stop,
						    cpu_online_mask);
	stop->update->pause_ns = ktime_get_ns() - start;
	/* All CPUs have seen the last step. */
	ksplice_redirect_catch(NULL, 0);
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

int ksplice_stop_try(struct ksplice_stop *stop)
{
	int ret;

	stop->changed = NULL;
	stop->changed_data = NULL;
	mutex_lock(ksplice_need.kprobe_mutex);
	mutex_lock(ksplice_need.text_mutex);
	ret = check_kprobes(stop);
	stop->cause = has_changed(stop) ? KSPLICE_TEXT_CHANGED : KSPLICE_OK;
	mutex_unlock(ksplice_need.text_mutex);
	mutex_unlock(ksplice_need.kprobe_mutex);
	return ret;
}
