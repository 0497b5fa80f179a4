/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stop.h - stop the machine, look once more, and write
 *
 * prepare.c prepares all of it; what runs inside the stop reads only what was
 * prepared before it.
 */
#ifndef KSPLICE_STOP_H
#define KSPLICE_STOP_H

#include <linux/atomic.h>
#include "model/update.h"
#include "stop/data.h"
#include "stop/hooks.h"
#include "stop/replace.h"
#include "tasks/park.h"
#include "tasks/precheck.h"
#include "tasks/stack.h"

/* What a CPU runs while the machine is stopped: its stopper task. */
struct ksplice_running {
	struct task_struct *task;
	unsigned long sp;
};

enum ksplice_stop_kind {
	KSPLICE_STOP_TRY,		/* all but the stop; writes nothing */
	KSPLICE_STOP_REHEARSE,		/* what is done in the stop, while all
					 * run: writes to the scratch */
	KSPLICE_STOP_WRITE,
};

struct ksplice_stop {
	const struct ksplice_plan *plan;
	struct ksplice_update *update;	/* the plan's */
	struct ksplice_hooks *hooks;
	enum ksplice_stop_kind kind;
	/* Those that are written, each at a place of its own. */
	struct ksplice_function **functions;
	unsigned int n_functions;
	struct ksplice_data_writes data;
	struct ksplice_map *map;	/* by which all is written */
	u64 writable_ns;		/* how long it was so, the last time */
	u8 *scratch;			/* room for the longest piece of it */
	struct ksplice_stack stack;
	struct ksplice_precheck precheck;
	struct ksplice_park *park;	/* NULL: no task is kicked */
	struct ksplice_running *running;	/* one a possible CPU */

	const struct cpumask *cpus;	/* that are stopped */
	unsigned int n_cpus;
	unsigned int n_stops;		/* how often it was stopped */
	atomic_t arrived;		/* CPUs that are in the stop */
	unsigned int step;		/* written by the master only */
	atomic_t seen;			/* CPUs that have seen this step */

	/* What the check found. */
	enum ksplice_abort_cause cause;	/* ok, text_changed, code_busy or
						 * call_failed */
	const struct ksplice_function *changed;
	const struct ksplice_data_write *changed_data;
};

/*
 * Stop the machine once; writes if the check finds nothing.  May sleep.
 * Return: 0 and the cause is set, or what ksplice_abort() returned and the
 * machine was not stopped.
 */
int ksplice_stop_run(struct ksplice_stop *stop);

/*
 * The part of that which needs no stop: is the text as it was, are there
 * kprobes where it is written?  Writes nothing.  May sleep.  Return: as above.
 */
int ksplice_stop_try(struct ksplice_stop *stop);

/* Is there a kprobe at this very address? */
bool ksplice_has_kprobe(unsigned long addr);

#endif
