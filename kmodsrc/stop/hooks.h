/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hooks.h - functions of the patch's author, called while the stage changes
 *
 * What each kind may do, and which of them are called when one has failed, is
 * in ksplice-patch/ksplice-patch.h.  In the order of a change to a stage:
 *
 *	ksplice_hooks_init	may sleep, may fail
 *	ksplice_hooks_pre	may sleep, may fail: then nothing is left to do
 *	ksplice_hooks_check	inside the stop, may fail, changes nothing
 *	ksplice_hooks_commit	inside the stop
 *	ksplice_hooks_post	may sleep; or, if it was not to be,
 *	ksplice_hooks_fail	likewise
 *	ksplice_hooks_release
 *
 * All with ksplice_mutex held.
 */
#ifndef KSPLICE_HOOKS_H
#define KSPLICE_HOOKS_H

#include "model/update.h"

struct ksplice_plan;

struct ksplice_hook {
	const struct ksplice_change *change;
	const struct ksplice_hook_record *record;
	enum ksplice_direction way;	/* of its update */
};

/* All hooks of a plan, in the order of their calls. */
struct ksplice_hooks {
	struct ksplice_update *update;	/* that has the reason */
	struct ksplice_hook *all;
	unsigned int n;
	/* The one that failed inside the stop, and what it returned */
	const struct ksplice_hook *failed;
	int error;
};

/* Return: 0, or what ksplice_abort() returned. */
int ksplice_hooks_init(struct ksplice_hooks *hooks,
		       const struct ksplice_plan *plan);
void ksplice_hooks_release(struct ksplice_hooks *hooks);
int ksplice_hooks_pre(struct ksplice_hooks *hooks);

/* Return: whether all agree; if not, abort tells of it after the stop. */
bool ksplice_hooks_check(struct ksplice_hooks *hooks);
int ksplice_hooks_abort(const struct ksplice_hooks *hooks);

/* Those of what is applied, or of what is reversed. */
void ksplice_hooks_commit(const struct ksplice_hooks *hooks,
			  enum ksplice_direction way);
void ksplice_hooks_post(const struct ksplice_hooks *hooks);
void ksplice_hooks_fail(const struct ksplice_hooks *hooks);

#endif
