// SPDX-License-Identifier: GPL-2.0-only
/*
 * stage.c - the stages that an update goes through
 *
 *	          all changes are in           stage=applied
 *	preparing ------------------> matched ----------------> applied
 *	     ^                           |                       |   ^
 *	     +---- a change goes away ---+-------- reversed <----+   |
 *	                                              +--------------+
 *
 * The first of these arrows are drawn by updates.c and change.c.  What is here
 * is one stop: it applies an update, or the changes that were loaded since, or
 * reverses it.  If that is refused the stage is what it was.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "core/awaited.h"
#include "core/stage.h"
#include "model/abort.h"
#include "model/redirects.h"
#include "model/update.h"
#include "stop/attempt.h"
#include "stop/hooks.h"
#include "stop/replace.h"

static const char *const stage_names[] = {
	[KSPLICE_PREPARING]	= "preparing",
	[KSPLICE_MATCHED]	= "matched",
	[KSPLICE_APPLIED]	= "applied",
	[KSPLICE_REVERSED]	= "reversed",
};

const char *ksplice_stage_name(enum ksplice_stage stage)
{
	return stage_names[stage];
}

/*
 * Drop the references of the changes that are to be applied, up to end, which
 * may be the list.
 */
static void __put_new_modules(struct ksplice_update *update,
			      struct list_head *end)
{
	struct ksplice_change *change;

	list_for_each_entry(change, &update->changes, list) {
		if (&change->list == end)
			return;
		if (ksplice_change_takes_part(change, KSPLICE_APPLY))
			module_put(change->new_module);
	}
}

static int __check_new_modules(struct ksplice_update *update)
{
	struct ksplice_change *change;
	unsigned int n = 0;

	list_for_each_entry(change, &update->changes, list)
		if (change->new_module && !change->is_lost)
			n++;
	/* A change loaded later is applied when it has both of its own. */
	if (update->stage != KSPLICE_APPLIED &&
	    n + __ksplice_awaited_count_absent(update) != update->n_changes)
		return ksplice_abort(update, KSPLICE_UNEXPECTED,
				     "%u of %u changes have all their modules loaded; load the rest first",
				     n, update->n_changes);
	return 0;
}

static int __get_new_modules(struct ksplice_update *update)
{
	struct ksplice_change *change;
	int ret = __check_new_modules(update);

	if (ret)
		return ret;
	list_for_each_entry(change, &update->changes, list) {
		if (!ksplice_change_takes_part(change, KSPLICE_APPLY) ||
		    try_module_get(change->new_module))
			continue;
		__put_new_modules(update, &change->list);
		return ksplice_abort(update, KSPLICE_MODULE_BUSY,
				     "module '%s' is being unloaded",
				     change->new_module->name);
	}
	return 0;
}

static bool __takes_part(const struct ksplice_update *update,
			 enum ksplice_direction way)
{
	const struct ksplice_change *change;

	list_for_each_entry(change, &update->changes, list)
		if (ksplice_change_takes_part(change, way))
			return true;
	return false;
}

static bool __has_work(const struct ksplice_plan *plan)
{
	const struct ksplice_part *part;

	ksplice_for_each_part(part, plan)
		if (__takes_part(part->update, part->way))
			return true;
	return false;
}

/*
 * Apply or reverse, and what is to be done before it or if it fails.  On
 * success the caller calls the post hooks and releases them.
 */
static int __carry_out_with_hooks(struct ksplice_hooks *hooks,
				  const struct ksplice_plan *plan)
{
	int ret;

	ret = ksplice_hooks_init(hooks, plan);
	if (ret)
		return ret;
	ret = ksplice_hooks_pre(hooks);
	if (ret)
		goto err_release;
	if (__has_work(plan))
		ret = __ksplice_carry_out(plan, hooks);
	if (ret)
		goto err_fail;
	return 0;

err_fail:
	ksplice_hooks_fail(hooks);
err_release:
	ksplice_hooks_release(hooks);
	return ret;
}

static void __change_set_applied(struct ksplice_change *change)
{
	change->is_applied = true;
	change->has_run = true;
	__ksplice_redirects_add(change);
}

static void __set_applied(struct ksplice_update *update)
{
	struct ksplice_change *change;

	/*
	 * The order of updates is that of applying.  A change loaded later
	 * is that of its update.
	 */
	if (update->stage != KSPLICE_APPLIED) {
		list_move_tail(&update->list, &ksplice_updates);
		__module_get(THIS_MODULE);
	}
	update->stage = KSPLICE_APPLIED;
	list_for_each_entry(change, &update->changes, list)
		if (ksplice_change_takes_part(change, KSPLICE_APPLY))
			__change_set_applied(change);
}

/* The post hooks have been called: its new code may go. */
static void __set_reversed(struct ksplice_update *update)
{
	struct ksplice_change *change;

	update->stage = KSPLICE_REVERSED;
	module_put(THIS_MODULE);
	/* What it has replaced is not there to be replaced again. */
	kfree(update->replaces);
	update->replaces = NULL;
	list_for_each_entry(change, &update->changes, list) {
		if (!ksplice_change_takes_part(change, KSPLICE_REVERSE))
			continue;
		change->is_applied = false;
		__ksplice_redirects_remove(change);
		module_put(change->new_module);
	}
}

/* All has been written. */
static void __plan_done(struct ksplice_plan *plan, struct ksplice_hooks *hooks)
{
	const struct ksplice_part *part;

	ksplice_for_each_part(part, plan)
		if (part->way == KSPLICE_APPLY)
			__set_applied(part->update);
	ksplice_hooks_post(hooks);
	ksplice_hooks_release(hooks);
	ksplice_for_each_part(part, plan) {
		if (part->way == KSPLICE_APPLY)
			continue;
		__set_reversed(part->update);
		if (part->update == plan->update)
			continue;
		__ksplice_awaited_refresh(part->update);
		pr_info("update '%s' is replaced by '%s'\n", part->update->kid,
			plan->update->kid);
	}
}

static int __update_apply(struct ksplice_update *update)
{
	struct ksplice_hooks hooks;
	struct ksplice_plan plan;
	int ret;

	ret = __get_new_modules(update);
	if (ret)
		return ret;
	ret = __ksplice_plan_make(&plan, update, KSPLICE_APPLY);
	if (ret)
		goto err_put_modules;
	ret = __carry_out_with_hooks(&hooks, &plan);
	if (ret)
		goto err_release_plan;
	__plan_done(&plan, &hooks);
	__ksplice_plan_release(&plan);
	return 0;

err_release_plan:
	__ksplice_plan_release(&plan);
err_put_modules:
	__put_new_modules(update, &update->changes);
	return ret;
}

static int __update_reverse(struct ksplice_update *update)
{
	struct ksplice_hooks hooks;
	struct ksplice_plan plan;
	int ret;

	if (update->stage != KSPLICE_APPLIED)
		return ksplice_abort(update, KSPLICE_UNEXPECTED,
				     "the update is not applied");
	ret = __ksplice_plan_make(&plan, update, KSPLICE_REVERSE);
	if (ret)
		return ret;
	ret = __carry_out_with_hooks(&hooks, &plan);
	if (!ret)
		__plan_done(&plan, &hooks);
	__ksplice_plan_release(&plan);
	return ret;
}

static int __update_try(struct ksplice_update *update)
{
	struct ksplice_plan plan;
	int ret;

	if (!__takes_part(update, KSPLICE_APPLY) &&
	    update->stage == KSPLICE_APPLIED)
		return 0;
	__ksplice_clear_abort(update);
	ret = __check_new_modules(update);
	if (!ret)
		ret = __ksplice_plan_make(&plan, update, KSPLICE_APPLY);
	if (ret)
		return ret;
	if (__has_work(&plan))
		ret = __ksplice_carry_out_try(&plan);
	__ksplice_plan_release(&plan);
	return ret;
}

static int __go_to(struct ksplice_update *update, enum ksplice_stage stage)
{
	struct ksplice_change *change;
	int ret;

	if (update->stage == stage &&
	    (stage != KSPLICE_APPLIED || !__takes_part(update, KSPLICE_APPLY)))
		return 0;
	__ksplice_clear_abort(update);
	ret = stage == KSPLICE_APPLIED ? __update_apply(update) :
					 __update_reverse(update);
	if (ret) {
		list_for_each_entry(change, &update->changes, list)
			if (!change->is_applied)
				__ksplice_awaited_refused(update,
							  change->target_name);
	}
	__ksplice_awaited_refresh(update);
	if (!ret)
		pr_info("update '%s' %s, stopped for %llu us\n", update->kid,
			ksplice_stage_name(stage), update->pause_ns / 1000);
	return ret;
}

static int __apply(struct ksplice_update *update)
{
	return __go_to(update, KSPLICE_APPLIED);
}

static int __reverse(struct ksplice_update *update)
{
	return __go_to(update, KSPLICE_REVERSED);
}

static const struct {
	const char *word;
	int (*run)(struct ksplice_update *update);
} actions[] = {
	[KSPLICE_DO_APPLY]	= { "applied", __apply },
	[KSPLICE_DO_REVERSE]	= { "reversed", __reverse },
	[KSPLICE_DO_TRY]	= { "try", __update_try },
};

int ksplice_action_of(const char *word)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(actions); i++)
		if (!strcmp(word, actions[i].word))
			return i;
	return -EINVAL;
}

int __ksplice_act(struct ksplice_update *update, enum ksplice_action action)
{
	return actions[action].run(update);
}
