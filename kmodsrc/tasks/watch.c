// SPDX-License-Identifier: GPL-2.0-only
/*
 * watch.c - the tasks that have run since they were checked
 *
 * A probe of the tracepoint sched_switch records each task that leaves a CPU,
 * once until the record is drained.  The promise:
 *
 *	A task that was found off its CPU, pinned, after ksplice_watch_start()
 *	and after the last drain, and that has run since, is in the record
 *	when the machine stands still.
 *
 * For it has left a CPU since, be it for the stopper task; only stopper tasks
 * are on CPUs then.  In detail:
 *
 * - A switch that began before the probe was there: the start waits for an RCU
 *   grace period.  Switches are made with preemption off, so none of those is
 *   under way after it, and each later one sees the probe.
 * - A switch that is under way when the task is checked: the tracepoint fires
 *   before the switch, so the task may have been recorded, and drained, while
 *   it was still on its stack.  But pinning it (task_call_func()) waits for the
 *   end of the switch: it takes the lock of the run queue that the switch is
 *   made under, or it waits for on_cpu to be 0.  If it finds the task on a CPU,
 *   the switch that takes it off happens later, and is recorded.
 * - Drain: takes the lock of a CPU's record, which the probe holds to add.  So
 *   an entry is drained whole, or is added afterwards.  Tasks are checked after
 *   the drain; those that run in between are recorded again.
 * - Migration: a task is recorded on the CPU that it leaves, and the records of
 *   all possible CPUs are drained and, in the stop, read.
 * - CPU hotplug: likewise.  The set of CPUs does not change in the stop.  The
 *   idle task of a CPU is not recorded, but checked in the stop.  That of an
 *   offline CPU starts at the beginning when the CPU is online again.
 * - Fork: a new task that has not run yet has the frame that copy_thread()
 *   made: the return address is the very start of ret_from_fork, which is
 *   in no range.  Once it has run, it has left a CPU.
 * - Exit: a task that has left the list of processes, in release_task(), still
 *   runs code until its last switch.  One that left the list after the start
 *   has run since, so it is recorded like any other.  One that left it before,
 *   and was preempted then, is not: so precheck.c waits, after the start, until
 *   all such tasks have made their last switch (exiting.c).
 * - Death: the last switch of a task is not recorded, because it never runs
 *   again.  A recorded task that has died since is kept by the reference in the
 *   record, but its stack may be gone: the reader checks its count.
 *
 * When a CPU's record is full, that is reported, and all tasks have to be
 * checked.  The list of processes lacks the exiting ones, so the last entries
 * are kept for those.  If these are full as well, that is reported, too.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include "model/rights.h"
#include "tasks/tasks.h"
#include "tasks/watch.h"

#define MIN_ENTRIES	1U	/* for one exiting task */
#define MAX_ENTRIES	4096U
#define NO_ENTRY	U16_MAX

static unsigned int watch_entries = MAX_ENTRIES;
KSPLICE_PARAM(watch_entries, watch_entries, uint);
MODULE_PARM_DESC(watch_entries, "tasks that can be recorded per CPU, for tests");

/* The tasks that left one CPU.  The lock is taken with interrupts off. */
struct record {
	raw_spinlock_t lock;		/* guards all below */
	struct task_struct **tasks;	/* with a reference */
	unsigned int n;
	u16 *slots;			/* hash of the tasks to their index */
	bool overflowed;
	bool lost;
};

struct ksplice_watch {
	struct record __percpu *records;
	unsigned int n_entries;		/* of tasks, a power of two */
	unsigned int n_slots;		/* likewise */
	unsigned int n_exiting;		/* entries kept for them */
	struct tracepoint *tracepoint;	/* NULL: no probe */
};

static bool record_find(const struct ksplice_watch *watch,
			const struct record *record,
			const struct task_struct *task, unsigned int *slot)
{
	*slot = hash_ptr(task, ilog2(watch->n_slots));
	while (record->slots[*slot] != NO_ENTRY) {
		if (record->tasks[record->slots[*slot]] == task)
			return true;
		*slot = (*slot + 1) & (watch->n_slots - 1);
	}
	return false;
}

static void record_add(const struct ksplice_watch *watch,
		       struct record *record, struct task_struct *task)
{
	unsigned int slot;

	if (record_find(watch, record, task, &slot))
		return;
	if (record->n + watch->n_exiting >= watch->n_entries &&
	    !READ_ONCE(task->exit_state)) {
		record->overflowed = true;
		return;
	}
	if (record->n == watch->n_entries) {
		record->lost = true;
		return;
	}
	get_task_struct(task);
	record->tasks[record->n] = task;
	record->slots[slot] = record->n;
	/* pairs with the acquire in ksplice_watch_n() */
	smp_store_release(&record->n, record->n + 1);
}

/*
 * With the run queue locked and interrupts off.  What follows prev among the
 * arguments differs: next, and from commit fa2c3254d7cf (v5.18) prev's state.
 */
static void probe_switch(void *data, bool preempt, struct task_struct *prev)
{
	struct ksplice_watch *watch = data;
	struct record *record = this_cpu_ptr(watch->records);

	if (is_idle_task(prev) || READ_ONCE(prev->__state) == TASK_DEAD)
		return;
	raw_spin_lock(&record->lock);
	record_add(watch, record, prev);
	raw_spin_unlock(&record->lock);
}

static void record_clear(const struct ksplice_watch *watch,
			 struct record *record)
{
	record->n = 0;
	memset(record->slots, 0xff, watch->n_slots * sizeof(*record->slots));
	record->overflowed = false;
}

/* For callers of for_each_kernel_tracepoint(). */
static void find_sched_switch(struct tracepoint *tracepoint, void *data)
{
	struct tracepoint **found = data;

	if (!strcmp(tracepoint->name, "sched_switch"))
		*found = tracepoint;
}

static void watch_free(struct ksplice_watch *watch)
{
	struct record *record;
	unsigned int i;
	int cpu;

	if (watch->records) {
		for_each_possible_cpu(cpu) {
			record = per_cpu_ptr(watch->records, cpu);
			for (i = 0; i < record->n; i++)
				put_task_struct(record->tasks[i]);
			kvfree(record->tasks);
			kvfree(record->slots);
		}
		free_percpu(watch->records);
	}
	kfree(watch);
}

static struct ksplice_watch *watch_new(void)
{
	struct ksplice_watch *watch = kzalloc(sizeof(*watch), GFP_KERNEL);
	struct record *record;
	int cpu;

	if (!watch)
		return NULL;
	watch->n_entries = roundup_pow_of_two(clamp(READ_ONCE(watch_entries),
						    MIN_ENTRIES, MAX_ENTRIES));
	watch->n_slots = 2 * watch->n_entries;
	watch->n_exiting = watch->n_entries / 64 + 1;
	watch->records = alloc_percpu(struct record);
	if (!watch->records)
		goto err_free_watch;
	for_each_possible_cpu(cpu) {
		record = per_cpu_ptr(watch->records, cpu);
		raw_spin_lock_init(&record->lock);
		record->tasks = kvmalloc_array(watch->n_entries,
					       sizeof(*record->tasks),
					       GFP_KERNEL);
		record->slots = kvmalloc_array(watch->n_slots,
					       sizeof(*record->slots),
					       GFP_KERNEL);
		if (!record->tasks || !record->slots)
			goto err_free_watch;
		record_clear(watch, record);
	}
	return watch;

err_free_watch:
	watch_free(watch);
	return NULL;
}

struct ksplice_watch *ksplice_watch_start(void)
{
	struct ksplice_watch *watch = watch_new();

	if (!watch)
		return NULL;
	for_each_kernel_tracepoint(find_sched_switch, &watch->tracepoint);
	if (!watch->tracepoint ||
	    tracepoint_probe_register(watch->tracepoint, probe_switch,
				      watch)) {
		watch_free(watch);
		return NULL;
	}
	/* For the switches that are under way. */
	synchronize_rcu();
	return watch;
}

void ksplice_watch_stop(struct ksplice_watch *watch)
{
	if (!watch)
		return;
	tracepoint_probe_unregister(watch->tracepoint, probe_switch, watch);
	tracepoint_synchronize_unregister();
	watch_free(watch);
}

int ksplice_watch_drain(struct ksplice_watch *watch,
			struct ksplice_tasks *to)
{
	struct record *record;
	unsigned long flags;
	int cpu, ret = 0;

	for_each_possible_cpu(cpu) {
		if (ksplice_tasks_reserve(to, watch->n_entries))
			return -ENOMEM;
		record = per_cpu_ptr(watch->records, cpu);
		raw_spin_lock_irqsave(&record->lock, flags);
		memcpy(to->list + to->n, record->tasks,
		       record->n * sizeof(*record->tasks));
		to->n += record->n;
		if (record->overflowed)
			ret = -EOVERFLOW;
		record_clear(watch, record);
		raw_spin_unlock_irqrestore(&record->lock, flags);
	}
	return ret;
}

unsigned int ksplice_watch_n(const struct ksplice_watch *watch, int cpu)
{
	/* Pairs with the release in record_add(). */
	return smp_load_acquire(&per_cpu_ptr(watch->records, cpu)->n);
}

struct task_struct *ksplice_watch_get(const struct ksplice_watch *watch,
				      int cpu, unsigned int i)
{
	return per_cpu_ptr(watch->records, cpu)->tasks[i];
}

bool ksplice_watch_overflowed(const struct ksplice_watch *watch)
{
	int cpu;

	for_each_possible_cpu(cpu)
		if (per_cpu_ptr(watch->records, cpu)->overflowed)
			return true;
	return false;
}

bool ksplice_watch_lost(const struct ksplice_watch *watch)
{
	int cpu;

	for_each_possible_cpu(cpu)
		if (per_cpu_ptr(watch->records, cpu)->lost)
			return true;
	return false;
}
