/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stack.h - is any thread inside code that is to be replaced or taken away?
 *
 * Calling sequence: _init, _add a range for each piece of code, _prepare; in
 * the stop each CPU calls _running, then one calls _check; after the stop
 * _format, and _release in any case.
 */
#ifndef KSPLICE_STACK_H
#define KSPLICE_STACK_H

#include <linux/sched.h>

#define KSPLICE_MAX_CONFLICTS		16
#define KSPLICE_CONFLICT_DEPTH		16

struct ksplice_range {
	unsigned long start;		/* first byte */
	unsigned long end;		/* first byte after it */
	const char *name;		/* or NULL: kallsyms knows */
};

struct ksplice_conflict {
	pid_t pid;
	char comm[TASK_COMM_LEN];
	const struct ksplice_range *range;
	unsigned long addr;		/* in range */
	unsigned int depth;
	unsigned long stack[KSPLICE_CONFLICT_DEPTH];
};

/* What a CPU was running when it was stopped. */
struct ksplice_running {
	struct task_struct *task;
	unsigned long sp;
};

struct ksplice_stack {
	struct ksplice_range *ranges;
	unsigned int n_ranges;
	unsigned int max_ranges;
	unsigned long lowest, highest;	/* over all ranges */
	struct ksplice_running *running;	/* one a possible CPU */
	unsigned long *trace;
	struct ksplice_conflict *conflicts;
	unsigned int n_conflicts;	/* may be more than are kept */
	unsigned int n_tasks;		/* checked */
};

/* Return: 0 or -ENOMEM; release it in any case. */
int ksplice_stack_init(struct ksplice_stack *stack, unsigned int max_ranges);
void ksplice_stack_release(struct ksplice_stack *stack);

void ksplice_stack_add(struct ksplice_stack *stack, unsigned long start,
		       unsigned long size, const char *name);

/* Each CPU, when it arrives in the stop. */
void ksplice_stack_running(struct ksplice_stack *stack);

/*
 * Look at every thread.  Inside the stop, after every CPU has called _running.
 * Return: whether one is in the way.
 */
bool ksplice_stack_check(struct ksplice_stack *stack);

/* The text for sysfs: kmalloc'd, NULL if there is no memory. */
char *ksplice_stack_format(const struct ksplice_stack *stack);

#endif
