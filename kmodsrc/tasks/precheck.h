/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * precheck.h - check all tasks before the machine is stopped
 *
 * Calling sequence: _start; _turns until it finds nothing; inside the stop
 * _last; if that finds something _turns again; _end in any case.
 */
#ifndef KSPLICE_PRECHECK_H
#define KSPLICE_PRECHECK_H

#include "tasks/stack.h"
#include "tasks/tasks.h"

struct ksplice_watch;

enum ksplice_check_scope {
	KSPLICE_CHECK_RECORDED,	/* tasks that have run since */
	KSPLICE_CHECK_ALL,
};

/* While _last checks them */
enum ksplice_tasks_are {
	KSPLICE_TASKS_STAND,		/* in the stop */
	KSPLICE_TASKS_RUN,		/* in a rehearsal */
};

struct ksplice_precheck {
	struct ksplice_stack *stack;	/* its conflicts are the last ones' */
	struct ksplice_watch *watch;
	struct ksplice_tasks todo;	/* to be checked (again) */
	enum ksplice_check_scope scope;	/* the stop checks */
	unsigned int n_before;		/* checked before the stop */
	bool exited_are_gone;		/* all that exited before the watch */
};

/*
 * The ranges of the stack are sealed; it is used until _end.  May sleep, for
 * long.  Return: 0 or -ENOMEM; nothing is left to be ended then.
 */
int ksplice_precheck_start(struct ksplice_precheck *precheck,
			   struct ksplice_stack *stack);
void ksplice_precheck_end(struct ksplice_precheck *precheck);

/*
 * Check the tasks that have not been checked yet, have run since, or
 * conflicted, until only few have run since.  May sleep.  Return: how many
 * conflict, or -ENOMEM.  If it is 0, and exited_are_gone is false, _last will
 * find that one may conflict.
 */
int ksplice_precheck_turns(struct ksplice_precheck *precheck);

/*
 * Inside the stop: check the tasks that have run since, and the idle tasks; not
 * the stopper tasks.  Return: whether one may conflict.
 *
 * In a rehearsal the machine runs, so a task is pinned while it is checked, and
 * only some of them are.
 */
bool ksplice_precheck_last(struct ksplice_precheck *precheck,
			   enum ksplice_tasks_are state);

#endif
