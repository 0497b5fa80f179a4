// SPDX-License-Identifier: GPL-2.0-only
/*
 * change.c - the modules of a change are loaded and unloaded
 *
 * An -old.ko is matched in its init; the change is there from then until its
 * exit.  Its -new.ko says where the new functions are.
 *
 * References: a change holds its target; its new code holds the -old.ko, whose
 * export table it was linked with; an applied one holds its -new.ko, and an
 * applied update the core.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "core/awaited.h"
#include "core/new-records.h"
#include "core/targets.h"
#include "core/updates.h"
#include "kernel/compat.h"
#include "ksplice.h"
#include "match/match.h"
#include "match/overlap.h"
#include "match/result.h"
#include "model/abort.h"
#include "model/debug.h"
#include "model/update.h"
#include "stop/replace.h"

/* Take a reference of the module to be patched. */
static int __change_hold_target(struct ksplice_change *change)
{
	struct ksplice_update *update = change->update;
	struct module *target;
	bool is_held = false;

	if (!strcmp(change->target_name, "vmlinux"))
		return 0;
	preempt_disable();	/* keeps the module's memory */
	target = ksplice_call(find_module)(change->target_name);
	is_held = target && try_module_get(target);
	preempt_enable();
	if (is_held && target->state != MODULE_STATE_LIVE &&
	    !ksplice_is_held(target)) {
		module_put(target);
		is_held = false;
	}
	if (!target)
		return ksplice_abort(update, KSPLICE_TARGET_NOT_LOADED,
				     "module '%s' is not loaded",
				     change->target_name);
	if (!is_held)
		return ksplice_abort(update, KSPLICE_MODULE_BUSY,
				     "module '%s' is being loaded or unloaded",
				     change->target_name);
	change->target = target;
	__ksplice_target_add(change);
	return 0;
}

static void change_free(struct ksplice_change *change)
{
	ksplice_result_free(change);
	__ksplice_target_remove(change);
	kfree(change->target_name);
	kfree(change);
}

static const char user_purpose[] =
	"find the users of a module, in the form that is known";

/* All modules of an update are of the same files. */
static int __check_hash(struct ksplice_update *update,
			const struct ksplice_change_id *id,
			const struct module *owner)
{
	if (!strcmp(id->hash, update->hash))
		return 0;
	return ksplice_abort(update, KSPLICE_UNEXPECTED,
			     "'%s' belongs to the update with hash '%s', but '%s' has '%s'",
			     owner->name, id->hash, update->kid, update->hash);
}

static int __change_match(struct ksplice_update *update,
			  const struct ksplice_change_id *id,
			  struct module *owner, const void *pre,
			  unsigned long size)
{
	struct ksplice_change *change;
	int ret;

	ret = __check_hash(update, id, owner);
	if (ret)
		return ret;
	if (ksplice_compat_check(ksplice_knows_user(owner), "module_use",
				 user_purpose))
		return ksplice_abort(update, KSPLICE_UNSUPPORTED_KERNEL,
				     "this kernel has no 'module_use', which is needed to %s",
				     user_purpose);
	if (id->n_changes != update->n_changes)
		return ksplice_abort(update, KSPLICE_UNEXPECTED,
				     "'%s' belongs to an update of %u changes, the others to one of %u",
				     owner->name, id->n_changes,
				     update->n_changes);
	if (__ksplice_find_change(update, id->target))
		return ksplice_abort(update, KSPLICE_UNEXPECTED,
				     "the change of '%s' is already loaded",
				     id->target);
	/* It would be undone without ever having been applied. */
	if (__ksplice_awaited_find(update, id->target)) {
		if (update->stage != KSPLICE_APPLIED)
			return ksplice_abort(update, KSPLICE_UNEXPECTED,
					     "'%s' is too early: its target is awaited, and the update is not applied yet",
					     owner->name);
	} else if (update->stage != KSPLICE_PREPARING)
		return ksplice_abort(update, KSPLICE_UNEXPECTED,
				     "'%s' is too late: all %u changes are already loaded",
				     owner->name, update->n_changes);

	change = kzalloc(sizeof(*change), GFP_KERNEL);
	if (!change)
		return ksplice_abort(update, KSPLICE_OUT_OF_MEMORY,
				     "no memory for the change of '%s'",
				     id->target);
	INIT_LIST_HEAD(&change->of_target);
	change->update = update;
	change->old_module = owner;
	change->target_name = kstrdup(id->target, GFP_KERNEL);
	if (!change->target_name) {
		ret = ksplice_abort(update, KSPLICE_OUT_OF_MEMORY,
				    "no memory for the change of '%s'",
				    id->target);
		goto err_free_change;
	}
	ret = __change_hold_target(change);
	if (ret)
		goto err_free_change;
	ret = __ksplice_hide_replaced(update);
	if (ret)
		goto err_free_change;
	ret = __ksplice_match_change(change, pre, size) ?:
	      __ksplice_overlap_check(change);
	__ksplice_show_replaced(update);
	if (ret)
		goto err_free_change;
	list_add_tail(&change->list, &update->changes);
	ksplice_debug(update, "%s matched %u of %u functions in %llu us",
		      change->target_name, change->n_matched, change->n_text,
		      change->match_ns / 1000);
	return 0;

err_free_change:
	change_free(change);
	return ret;
}

int ksplice_register_old_code(const struct ksplice_change_id *id,
			      struct module *owner, const void *pre,
			      unsigned long size)
{
	struct ksplice_update *update = ksplice_update_join(id, owner);
	int ret;

	if (IS_ERR(update))
		return PTR_ERR(update);
	__ksplice_clear_abort(update);
	ret = __change_match(update, id, owner, pre, size);
	if (ret)
		__ksplice_awaited_refused(update, id->target);
	else
		__ksplice_check_complete(update);
	ksplice_updates_unlock(NULL);
	return ret;
}
EXPORT_SYMBOL_GPL(ksplice_register_old_code);

static struct ksplice_change *__find_change_of(const struct module *owner)
{
	struct ksplice_update *update;
	struct ksplice_change *change;

	list_for_each_entry(update, &ksplice_updates, list)
		list_for_each_entry(change, &update->changes, list)
			if (change->old_module == owner ||
			    change->new_module == owner)
				return change;
	return NULL;
}

void ksplice_unregister_old_code(struct module *owner)
{
	struct ksplice_update *gone = NULL;
	struct ksplice_change *change;

	ksplice_updates_lock();
	change = __find_change_of(owner);
	if (WARN_ON_ONCE(!change))
		goto out_unlock;
	list_del(&change->list);
	if (change->update->stage != KSPLICE_APPLIED) {
		change->update->stage = KSPLICE_PREPARING;
		if (list_empty(&change->update->changes))
			gone = change->update;
	}
	change_free(change);
out_unlock:
	ksplice_updates_unlock(gone);
}
EXPORT_SYMBOL_GPL(ksplice_unregister_old_code);

static int __change_add_new_code(struct ksplice_change *change,
				 const struct ksplice_change_id *id,
				 struct module *owner,
				 const struct ksplice_new_records *records)
{
	struct ksplice_update *update = change->update;
	int ret;

	ret = __check_hash(update, id, owner);
	if (ret)
		return ret;
	if (change->is_lost)
		return ksplice_abort(update, KSPLICE_TARGET_NOT_LOADED,
				     "module '%s' was removed",
				     change->target_name);
	if (change->new_module)
		return ksplice_abort(update, KSPLICE_UNEXPECTED,
				     "the new code of '%s' is already loaded",
				     change->target_name);
	ret = __ksplice_records_add(change, owner, records);
	if (ret) {
		ksplice_records_forget(change);
		return ret;
	}
	if (!try_module_get(change->old_module)) {
		ksplice_records_forget(change);
		return ksplice_abort(update, KSPLICE_MODULE_BUSY,
				     "module '%s' is being unloaded",
				     change->old_module->name);
	}
	change->new_module = owner;
	return 0;
}

int ksplice_register_new_code(const struct ksplice_change_id *id,
			      struct module *owner,
			      const struct ksplice_new_records *records)
{
	struct ksplice_update *update;
	struct ksplice_change *change = NULL;
	int ret;

	mutex_lock(&ksplice_mutex);
	update = __ksplice_find_update(id->kid);
	if (update)
		change = __ksplice_find_change(update, id->target);
	if (change) {
		ret = __change_add_new_code(change, id, owner, records);
	} else {
		pr_err("'%s': the old code of its change is not loaded\n", owner->name);
		ret = -ESRCH;
	}
	mutex_unlock(&ksplice_mutex);
	return ret;
}
EXPORT_SYMBOL_GPL(ksplice_register_new_code);

/*
 * No task that the stack check sees was in the new code when it was undone.
 * One that has left the list of tasks, at the end of do_exit(), may have been;
 * so may one preempted in a kprobe's copy of an instruction of it.  Tasks RCU
 * waits for both, and its grace period is over before the code is unloaded.
 */
void ksplice_unregister_new_code(struct module *owner)
{
	struct ksplice_change *change;
	bool has_run = false;

	mutex_lock(&ksplice_mutex);
	change = __find_change_of(owner);
	/* An applied change holds its modules: only force gets us here. */
	if (WARN_ON_ONCE(!change || change->is_applied))
		goto out_unlock;
	has_run = change->has_run;
	ksplice_records_forget(change);
	change->new_module = NULL;
	module_put(change->old_module);
out_unlock:
	mutex_unlock(&ksplice_mutex);
	if (has_run)
		synchronize_rcu_tasks();
}
EXPORT_SYMBOL_GPL(ksplice_unregister_new_code);
