/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stack.h - is a task inside code that is to be replaced or removed?
 *
 * Calling sequence: _init, add the ranges and seal them; before each turn
 * _reset, then _check one task after the other; _release in any case.
 */
#ifndef KSPLICE_STACK_H
#define KSPLICE_STACK_H

#include <linux/sched.h>
#include "tasks/ranges.h"

#define KSPLICE_MAX_CONFLICTS		64
#define KSPLICE_CONFLICT_DEPTH		16

/* A conflicting task. */
struct ksplice_conflict {
	pid_t pid;
	char comm[TASK_COMM_LEN];
	const struct ksplice_range *range;
	unsigned long addr;		/* in range */
	unsigned int depth;
	unsigned long stack[KSPLICE_CONFLICT_DEPTH];
};

struct ksplice_stack {
	struct ksplice_ranges ranges;
	unsigned long *trace;
	unsigned int depth;		/* of the trace that is in it */
	struct ksplice_conflict *conflicts;
	unsigned int n_conflicts;	/* may be more than are kept */
	unsigned int n_tasks;		/* checked */
};

/* Return: 0 or -ENOMEM; release it in any case. */
int ksplice_stack_init(struct ksplice_stack *stack);
void ksplice_stack_release(struct ksplice_stack *stack);

/* Forget the conflicts. */
void ksplice_stack_reset(struct ksplice_stack *stack);

/*
 * Check one task, which must not run meanwhile: it is pinned, or the machine is
 * stopped.  sp is the end of the live part of its stack if it is the one that
 * a CPU runs while the machine is stopped, else 0.  Any context.  Return:
 * whether it conflicts; it has been added to the conflicts then.
 */
bool ksplice_stack_check(struct ksplice_stack *stack,
			 struct task_struct *task, unsigned long sp);

#endif
