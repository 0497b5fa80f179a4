/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * precheck.h - look at all threads before the machine is stopped
 *
 * Calling sequence: _start; _turns until it finds nothing; inside the stop
 * _last; if that finds something _turns again; _end in any case.
 */
#ifndef KSPLICE_PRECHECK_H
#define KSPLICE_PRECHECK_H

#include "threads/stack.h"
#include "threads/tasks.h"

struct ksplice_watch;

enum ksplice_last_look {
	KSPLICE_LOOK_AT_RECORDED,	/* those who have run since */
	KSPLICE_LOOK_AT_ALL,
};

/* While _last looks at them */
enum ksplice_threads_are {
	KSPLICE_THREADS_STAND,		/* in the stop */
	KSPLICE_THREADS_RUN,		/* in a rehearsal */
};

struct ksplice_precheck {
	struct ksplice_stack *stack;	/* its conflicts are the last ones' */
	struct ksplice_watch *watch;
	struct ksplice_tasks todo;	/* who has to be looked at (again) */
	enum ksplice_last_look whom;	/* the stop looks at */
	unsigned int n_before;		/* looked at before the stop */
};

/*
 * The ranges of the stack are sealed; it is used until _end.  May sleep, for
 * long.  Return: 0 or -ENOMEM; nothing is left to be ended then.
 */
int ksplice_precheck_start(struct ksplice_precheck *precheck,
			   struct ksplice_stack *stack);
void ksplice_precheck_end(struct ksplice_precheck *precheck);

/*
 * Look at those who have not been seen yet, have run since or were in the way,
 * until hardly anybody has run since.  May sleep.  Return: how many are in the
 * way, or -ENOMEM.
 */
int ksplice_precheck_turns(struct ksplice_precheck *precheck);

/*
 * Inside the stop: look at whoever has run since, and at the idle threads; not
 * at the stopper threads.  Return: whether somebody may be in the way.
 *
 * In a rehearsal all runs, so they are pinned while they are looked at, and
 * some of them will do.
 */
bool ksplice_precheck_last(struct ksplice_precheck *precheck,
			   enum ksplice_threads_are state);

#endif
