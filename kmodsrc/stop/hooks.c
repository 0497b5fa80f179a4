// SPDX-License-Identifier: GPL-2.0-only
/*
 * hooks.c - functions of the patch's author, called while the stage changes
 *
 * The records of all changes are put into one row, in the order of the calls:
 * that of the changes and of the units in them, and the other way round for
 * undo.  An update that replaces others comes after them in the row, so at each
 * moment their hooks for undo are called first, then its own.  A unit has at
 * most one hook of each kind, so "the fail hook of the same unit as this pre
 * hook" is one or none, and it follows that of no other unit.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/slab.h>
#include "model/abort.h"
#include "model/update.h"
#include "records.h"
#include "stop/hooks.h"
#include "stop/replace.h"

/* What each moment is called, by the direction of the update. */
struct moment {
	const char *name;
	enum ksplice_hook_kind kind;
};

static const struct moment pre[] = {
	[KSPLICE_REVERSE] = { "pre_reverse", KSPLICE_HOOK_PRE_REVERSE },
	[KSPLICE_APPLY] = { "pre_apply", KSPLICE_HOOK_PRE_APPLY },
};
static const struct moment check[] = {
	[KSPLICE_REVERSE] = { "check_reverse", KSPLICE_HOOK_CHECK_REVERSE },
	[KSPLICE_APPLY] = { "check_apply", KSPLICE_HOOK_CHECK_APPLY },
};
static const struct moment commit[] = {
	[KSPLICE_REVERSE] = { "reverse", KSPLICE_HOOK_REVERSE },
	[KSPLICE_APPLY] = { "apply", KSPLICE_HOOK_APPLY },
};
static const struct moment post[] = {
	[KSPLICE_REVERSE] = { "post_reverse", KSPLICE_HOOK_POST_REVERSE },
	[KSPLICE_APPLY] = { "post_apply", KSPLICE_HOOK_POST_APPLY },
};
static const struct moment fail[] = {
	[KSPLICE_REVERSE] = { "fail_reverse", KSPLICE_HOOK_FAIL_REVERSE },
	[KSPLICE_APPLY] = { "fail_apply", KSPLICE_HOOK_FAIL_APPLY },
};

static bool is_of(const struct ksplice_hooks *hooks, unsigned int i,
		  const struct moment *moment)
{
	const struct ksplice_hook *hook = &hooks->all[i];

	return hook->record->kind == moment[hook->way].kind;
}

static const struct ksplice_hook *
call_until_failure(const struct ksplice_hooks *hooks,
		   const struct moment *moment, int *error)
{
	int (*call)(void);
	unsigned int i;

	for (i = 0; i < hooks->n; i++) {
		if (!is_of(hooks, i, moment))
			continue;
		call = (void *)hooks->all[i].record->call;
		*error = call();
		if (*error)
			return &hooks->all[i];
	}
	return NULL;
}

static void call_one(const struct ksplice_hook *hook)
{
	void (*call)(void) = (void *)hook->record->call;

	call();
}

static void call_all(const struct ksplice_hooks *hooks,
		     const struct moment *moment)
{
	unsigned int i;

	for (i = 0; i < hooks->n; i++)
		if (is_of(hooks, i, moment))
			call_one(&hooks->all[i]);
}

/* The fail hooks of the units before that of the hook, from its place back. */
static void call_fail_before(const struct ksplice_hooks *hooks,
			     const struct ksplice_hook *end)
{
	unsigned int i = end - hooks->all;

	while (i--)
		if (is_of(hooks, i, fail) &&
		    (hooks->all[i].change != end->change ||
		     hooks->all[i].record->unit != end->record->unit))
			call_one(&hooks->all[i]);
}

static int abort_failed(const struct ksplice_hooks *hooks,
			const struct ksplice_hook *hook,
			const struct moment *moment, int error)
{
	const struct ksplice_update *update = hook->change->update;
	bool is_own = update == hooks->update;

	return ksplice_abort(hooks->update, KSPLICE_CALL_FAILED,
			     "hook %s '%s' of '%s'%s%s%s returned %d",
			     moment[hook->way].name,
			     (const char *)hook->record->name,
			     hook->change->target_name,
			     is_own ? "" : " in update '",
			     is_own ? "" : update->kid, is_own ? "" : "'",
			     error);
}

static unsigned int count_hooks(const struct ksplice_part *part)
{
	const struct ksplice_change *change;
	unsigned int n = 0;

	list_for_each_entry(change, &part->update->changes, list)
		if (ksplice_change_takes_part(change, part->way))
			n += change->n_hooks;
	return n;
}

/* Fills the part's place in the row, which has room for n. */
static void add_hooks(struct ksplice_hook *row, unsigned int n,
		      const struct ksplice_part *part)
{
	const struct ksplice_change *change;
	unsigned int i, at = 0;

	list_for_each_entry(change, &part->update->changes, list) {
		if (!ksplice_change_takes_part(change, part->way))
			continue;
		for (i = 0; i < change->n_hooks; i++, at++)
			row[part->way == KSPLICE_APPLY ? at : n - 1 - at] =
				(struct ksplice_hook) {
					.change = change,
					.record = &change->hooks[i],
					.way = part->way,
				};
	}
}

int ksplice_hooks_init(struct ksplice_hooks *hooks,
		       const struct ksplice_plan *plan)
{
	const struct ksplice_part *part;
	unsigned int n, at = 0;

	*hooks = (struct ksplice_hooks) { .update = plan->update };
	ksplice_for_each_part(part, plan)
		hooks->n += count_hooks(part);
	hooks->all = kvcalloc(hooks->n + 1, sizeof(*hooks->all), GFP_KERNEL);
	if (!hooks->all)
		return ksplice_abort(plan->update, KSPLICE_OUT_OF_MEMORY,
				     "no memory for the hooks");
	ksplice_for_each_part(part, plan) {
		n = count_hooks(part);
		add_hooks(hooks->all + at, n, part);
		at += n;
	}
	return 0;
}

void ksplice_hooks_release(struct ksplice_hooks *hooks)
{
	kvfree(hooks->all);
}

int ksplice_hooks_pre(struct ksplice_hooks *hooks)
{
	const struct ksplice_hook *failed;
	int error;

	failed = call_until_failure(hooks, pre, &error);
	if (!failed)
		return 0;
	call_fail_before(hooks, failed);
	return abort_failed(hooks, failed, pre, error);
}

bool ksplice_hooks_check(struct ksplice_hooks *hooks)
{
	hooks->failed = call_until_failure(hooks, check, &hooks->error);
	return !hooks->failed;
}

int ksplice_hooks_abort(const struct ksplice_hooks *hooks)
{
	return abort_failed(hooks, hooks->failed, check, hooks->error);
}

void ksplice_hooks_commit(const struct ksplice_hooks *hooks,
			  enum ksplice_direction way)
{
	unsigned int i;

	for (i = 0; i < hooks->n; i++)
		if (hooks->all[i].way == way && is_of(hooks, i, commit))
			call_one(&hooks->all[i]);
}

void ksplice_hooks_post(const struct ksplice_hooks *hooks)
{
	call_all(hooks, post);
}

void ksplice_hooks_fail(const struct ksplice_hooks *hooks)
{
	unsigned int i = hooks->n;

	while (i--)
		if (is_of(hooks, i, fail))
			call_one(&hooks->all[i]);
}
