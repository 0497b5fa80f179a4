// SPDX-License-Identifier: GPL-2.0-only
/*
 * update.c - updates, their changes, and the stages they go through
 *
 *	          all changes are in           stage=applied
 *	preparing ------------------> matched ----------------> applied
 *	     ^                           |                       |   ^
 *	     +---- a change goes away ---+-------- reversed <----+   |
 *	                                              +--------------+
 *
 * An update is made by its first -old.ko and goes with its last one.  One that
 * failed while matching has no modules; it stays, so that the reason can be
 * read, until it is forgotten, replaced by a new attempt or the core goes.
 *
 * An update may await changes whose targets are not loaded (await.c).  Then it
 * is made before its first -old.ko, those count as if they were in, and may
 * come while it is applied: they are matched, and applied by another
 * stage=applied.  They go again without a change of the stage.
 *
 * References: a change holds its target; its new code holds the -old.ko, whose
 * export table it was linked with; an applied one holds its -new.ko, and an
 * applied update the core.
 *
 * Locks: membership_mutex is held while updates are made or go, ksplice_mutex
 * guards everything in them and nests inside.  The directory in sysfs is
 * removed with membership_mutex only: removal waits for a writer of the stage
 * file, and that one may be waiting for ksplice_mutex.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "core/await.h"
#include "core/sysfs.h"
#include "kernel/compat.h"
#include "match/places.h"
#include "model/debug.h"
#include "model/kids.h"
#include "model/redirects.h"
#include "model/update.h"
#include "patch/hooks.h"
#include "patch/patch.h"
#include "patch/replace.h"

DEFINE_MUTEX(ksplice_mutex);
LIST_HEAD(ksplice_updates);

static DEFINE_MUTEX(membership_mutex);

static const char *const stage_names[] = {
	[KSPLICE_PREPARING]	= "preparing",
	[KSPLICE_MATCHED]	= "matched",
	[KSPLICE_APPLIED]	= "applied",
	[KSPLICE_REVERSED]	= "reversed",
	[KSPLICE_TRY]		= "try",
};

const char *ksplice_stage_name(enum ksplice_stage stage)
{
	return stage_names[stage];
}

/* A KID is a name in sysfs, beside these files. */
static bool is_valid_kid(const char *kid)
{
	static const char *const taken[] = {
		"state", "version", "forget", "await", "helper"
	};
	const char *p;

	for (p = kid; *p; p++)
		if (!islower(*p) && !isdigit(*p) && *p != '_')
			return false;
	return p != kid && match_string(taken, ARRAY_SIZE(taken), kid) < 0;
}

/* Return: is it a SHA-256 in hexadecimal, or empty? */
static bool is_valid_hash(const char *hash)
{
	const char *p;

	for (p = hash; *p; p++)
		if (!isxdigit(*p) || isupper(*p))
			return false;
	return p == hash || p == hash + KSPLICE_HASH_LEN;
}

static struct ksplice_update *update_new(const char *kid, const char *hash,
					 unsigned int n_changes)
{
	struct ksplice_update *update = kzalloc(sizeof(*update), GFP_KERNEL);

	if (!update)
		return NULL;
	INIT_LIST_HEAD(&update->list);
	INIT_LIST_HEAD(&update->changes);
	strscpy(update->hash, hash, sizeof(update->hash));
	update->n_changes = n_changes;
	update->stage = KSPLICE_PREPARING;
	update->kid = kstrdup(kid, GFP_KERNEL);
	if (!update->kid) {
		kfree(update);
		return NULL;
	}
	update->log = ksplice_log_new(update->kid);
	if (ksplice_sysfs_add(update))
		return NULL;
	list_add_tail(&update->list, &ksplice_updates);
	return update;
}

void ksplice_update_free(struct ksplice_update *update)
{
	WARN_ON_ONCE(!list_empty(&update->changes));
	ksplice_log_hide(update->log);
	ksplice_log_free(update->log);
	kfree(update->reason);
	kfree(update->needs);
	kfree(update->replaces);
	kvfree(update->conflicts);
	kfree(update->kid);
	kfree(update);
}

/* Nobody finds it any more. */
static void __update_unlink(struct ksplice_update *update)
{
	__ksplice_await_forget(update);
	list_del_init(&update->list);
}

/*
 * The update is off the list.  Called with membership_mutex and without
 * ksplice_mutex; a new one of the same name may be made after it.
 */
static void update_remove(struct ksplice_update *update)
{
	ksplice_log_hide(update->log);
	ksplice_sysfs_remove(update);
}

struct ksplice_update *__ksplice_find_update(const char *kid)
{
	struct ksplice_update *update;

	list_for_each_entry(update, &ksplice_updates, list)
		if (!strcmp(update->kid, kid))
			return update;
	return NULL;
}

static struct ksplice_change *
__find_change(struct ksplice_update *update, const char *target_name)
{
	struct ksplice_change *change;

	list_for_each_entry(change, &update->changes, list)
		if (!strcmp(change->target_name, target_name))
			return change;
	return NULL;
}

static unsigned int __count_changes(const struct ksplice_update *update)
{
	const struct ksplice_change *change;
	unsigned int n = 0;

	list_for_each_entry(change, &update->changes, list)
		n++;
	return n;
}

/* Take a reference of the module to be patched. */
static int __change_hold_target(struct ksplice_change *change)
{
	struct ksplice_update *update = change->update;
	struct module *target;
	bool is_held = false;

	if (!strcmp(change->target_name, "vmlinux"))
		return 0;
	preempt_disable();	/* keeps the module's memory */
	target = ksplice_need.find_module(change->target_name);
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
				     "module '%s' is coming or going",
				     change->target_name);
	change->target = target;
	__ksplice_target_add(change);
	return 0;
}

static void change_free(struct ksplice_change *change)
{
	ksplice_free_functions(change);
	__ksplice_target_remove(change);
	kfree(change->target_name);
	kfree(change);
}

/* All modules of an update are of the same files. */
static int __check_hash(struct ksplice_update *update,
			const struct ksplice_change_id *id,
			const struct module *owner)
{
	if (!strcmp(id->hash, update->hash))
		return 0;
	return ksplice_abort(update, KSPLICE_UNEXPECTED,
			     "'%s' is of an update with the hash '%s', but '%s' has '%s'",
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
	if (id->n_changes != update->n_changes)
		return ksplice_abort(update, KSPLICE_UNEXPECTED,
				     "'%s' is of an update of %u changes, the others of one of %u",
				     owner->name, id->n_changes,
				     update->n_changes);
	if (__find_change(update, id->target))
		return ksplice_abort(update, KSPLICE_UNEXPECTED,
				     "the change of '%s' is there already",
				     id->target);
	/* It would be undone without ever having been applied. */
	if (__ksplice_find_awaited(update, id->target)) {
		if (update->stage != KSPLICE_APPLIED)
			return ksplice_abort(update, KSPLICE_UNEXPECTED,
					     "'%s' is awaited when the others are applied",
					     owner->name);
	} else if (update->stage != KSPLICE_PREPARING)
		return ksplice_abort(update, KSPLICE_UNEXPECTED,
				     "'%s' comes too late: all %u changes are there",
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
	      __ksplice_places_check(change);
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

/* Is something known of it that its modules do not tell? */
static bool is_announced(struct ksplice_update *update)
{
	return __ksplice_next_awaited(update, NULL) || update->needs ||
	       update->replaces;
}

/*
 * NULL if there is no such update, or one that is replaced by a new attempt:
 * it has no modules, nor is it made for some that are to come, unless
 * is_restart.  Lets go of ksplice_mutex for a while.
 */
static struct ksplice_update *__find_or_drop(const char *kid, bool is_restart)
{
	struct ksplice_update *update = __ksplice_find_update(kid);

	if (!update || !list_empty(&update->changes) ||
	    update->stage == KSPLICE_APPLIED ||
	    (is_announced(update) && !is_restart))
		return update;
	__update_unlink(update);
	mutex_unlock(&ksplice_mutex);
	update_remove(update);
	mutex_lock(&ksplice_mutex);
	return NULL;
}

/* Are all changes in, or known to come later? */
static void __check_complete(struct ksplice_update *update)
{
	if (update->stage == KSPLICE_PREPARING &&
	    __count_changes(update) + __ksplice_count_absent(update) ==
	    update->n_changes)
		update->stage = KSPLICE_MATCHED;
}

struct ksplice_update *ksplice_update_begin(const char *kid, const char *hash,
					    unsigned int n_changes)
{
	struct ksplice_update *update;
	int ret = -EEXIST;

	if (!is_valid_kid(kid) || !is_valid_hash(hash))
		return ERR_PTR(-EINVAL);
	mutex_lock(&membership_mutex);
	mutex_lock(&ksplice_mutex);
	if (__find_or_drop(kid, true))
		goto err_unlock;
	ret = -ENOMEM;
	update = update_new(kid, hash, n_changes);
	if (update)
		return update;
err_unlock:
	mutex_unlock(&ksplice_mutex);
	mutex_unlock(&membership_mutex);
	return ERR_PTR(ret);
}

void ksplice_update_begun(struct ksplice_update *update, int ret)
{
	if (ret)
		__update_unlink(update);
	else
		__check_complete(update);
	mutex_unlock(&ksplice_mutex);
	if (ret)
		update_remove(update);
	mutex_unlock(&membership_mutex);
}

int ksplice_register_old_code(const struct ksplice_change_id *id,
			      struct module *owner, const void *pre,
			      unsigned long size)
{
	struct ksplice_update *update;
	int ret = -ENOMEM;

	if (!is_valid_kid(id->kid)) {
		pr_err("'%s' cannot be the id of an update\n", id->kid);
		return -EINVAL;
	}
	if (!is_valid_hash(id->hash)) {
		pr_err("'%s' has a hash that is not one\n", owner->name);
		return -EINVAL;
	}
	mutex_lock(&membership_mutex);
	mutex_lock(&ksplice_mutex);
	update = __find_or_drop(id->kid, false);
	if (!update)
		update = update_new(id->kid, id->hash, id->n_changes);
	if (!update)
		goto out_unlock;
	__ksplice_clear_abort(update);
	ret = __change_match(update, id, owner, pre, size);
	if (ret)
		__ksplice_await_refused(update, id->target);
	else
		__check_complete(update);
out_unlock:
	mutex_unlock(&ksplice_mutex);
	mutex_unlock(&membership_mutex);
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
	struct ksplice_update *update = NULL;
	struct ksplice_change *change;

	mutex_lock(&membership_mutex);
	mutex_lock(&ksplice_mutex);
	change = __find_change_of(owner);
	if (WARN_ON_ONCE(!change))
		goto out_unlock;
	list_del(&change->list);
	if (change->update->stage != KSPLICE_APPLIED) {
		change->update->stage = KSPLICE_PREPARING;
		if (list_empty(&change->update->changes))
			update = change->update;
	}
	if (update)
		__update_unlink(update);
	change_free(change);
out_unlock:
	mutex_unlock(&ksplice_mutex);
	if (update)
		update_remove(update);
	mutex_unlock(&membership_mutex);
}
EXPORT_SYMBOL_GPL(ksplice_unregister_old_code);

static struct ksplice_function *
change_find_span(struct ksplice_change *change, unsigned int span)
{
	unsigned int i;

	for (i = 0; i < change->n_functions; i++)
		if (change->functions[i].span == span &&
		    !change->functions[i].is_part)
			return &change->functions[i];
	return NULL;
}

static void change_forget_new_code(struct ksplice_change *change)
{
	unsigned int i;

	for (i = 0; i < change->n_functions; i++) {
		change->functions[i].new_addr = 0;
		change->functions[i].new_size = 0;
	}
	for (i = 0; i < change->n_data; i++)
		change->data[i].new_addr = 0;
	change->hooks = NULL;
	change->n_hooks = 0;
}

static bool __add_new_function(struct ksplice_change *change,
			       const struct ksplice_patch_record *patch)
{
	struct ksplice_function *function = change_find_span(change,
							     patch->span);

	if (!function || function->new_addr)
		return false;
	function->new_addr = patch->new_addr;
	function->new_size = patch->new_size;
	return true;
}

static bool __add_new_data(struct ksplice_change *change,
			   const struct ksplice_patch_record *patch)
{
	struct ksplice_data *data;

	for (data = change->data; data < change->data + change->n_data;
	     data++) {
		if (data->span != patch->span)
			continue;
		if (data->new_addr || data->size != patch->new_size)
			return false;
		data->new_addr = patch->new_addr;
		return true;
	}
	return false;
}

static bool __add_patch(struct ksplice_change *change,
			const struct module *owner,
			const struct ksplice_patch_record *patch)
{
	if (!patch->new_size ||
	    !within_module_core(patch->new_addr, owner) ||
	    !within_module_core(patch->new_addr + patch->new_size - 1, owner))
		return false;
	switch (patch->kind) {
	case KSPLICE_PATCH_FUNCTION:
		return __add_new_function(change, patch);
	case KSPLICE_PATCH_DATA:
		return __add_new_data(change, patch);
	default:
		return false;
	}
}

/* Those of a unit follow one another. */
static bool is_hook_good(const struct ksplice_new_records *records,
			 unsigned int i, const struct module *owner)
{
	const struct ksplice_hook_record *hook = &records->hooks[i];

	return hook->kind && hook->kind < KSPLICE_N_HOOK_KINDS &&
	       within_module_core(hook->call, owner) &&
	       within_module_core(hook->name, owner) &&
	       (!i || hook->unit >= hook[-1].unit);
}

/* They are where a symbol of the module says, up to where another one does. */
static bool is_table_in(const struct module *owner, const void *table,
			unsigned int n, size_t entry)
{
	unsigned long start = (unsigned long)table;

	return !n || (within_module_core(start, owner) &&
		      within_module_core(start + n * entry - 1, owner));
}

static int __change_check_records(struct ksplice_change *change,
				  struct module *owner,
				  const struct ksplice_new_records *records)
{
	unsigned int i;

	if (!is_table_in(owner, records->patches, records->n_patches,
			 sizeof(*records->patches)) ||
	    !is_table_in(owner, records->hooks, records->n_hooks,
			 sizeof(*records->hooks)))
		return ksplice_abort(change->update, KSPLICE_UNEXPECTED,
				     "the records of '%s' are not in it",
				     owner->name);
	for (i = 0; i < records->n_hooks; i++)
		if (!is_hook_good(records, i, owner))
			return ksplice_abort(change->update,
					     KSPLICE_UNEXPECTED,
					     "hook record %u of '%s' is bad",
					     i, owner->name);
	return 0;
}

static int __change_add_patches(struct ksplice_change *change,
				struct module *owner,
				const struct ksplice_new_records *records)
{
	unsigned int i;
	int ret = __change_check_records(change, owner, records);

	if (ret)
		return ret;
	for (i = 0; i < records->n_patches; i++)
		if (!__add_patch(change, owner, &records->patches[i]))
			return ksplice_abort(change->update,
					     KSPLICE_UNEXPECTED,
					     "patch record %u of '%s' is bad",
					     i, owner->name);
	change->hooks = records->hooks;
	change->n_hooks = records->n_hooks;
	return 0;
}

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
				     "module '%s' is gone",
				     change->target_name);
	if (change->new_module)
		return ksplice_abort(update, KSPLICE_UNEXPECTED,
				     "the new code of '%s' is there already",
				     change->target_name);
	ret = __change_add_patches(change, owner, records);
	if (ret) {
		change_forget_new_code(change);
		return ret;
	}
	if (!try_module_get(change->old_module)) {
		change_forget_new_code(change);
		return ksplice_abort(update, KSPLICE_MODULE_BUSY,
				     "module '%s' is going",
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
		change = __find_change(update, id->target);
	if (change) {
		ret = __change_add_new_code(change, id, owner, records);
	} else {
		pr_err("'%s' has no matched old code\n", owner->name);
		ret = -ESRCH;
	}
	mutex_unlock(&ksplice_mutex);
	return ret;
}
EXPORT_SYMBOL_GPL(ksplice_register_new_code);

/*
 * No thread that the stack check sees was in the new code when it was undone.
 * One that has left the list of threads, at the end of do_exit(), may have
 * been; so may one preempted in a kprobe's copy of an instruction of it.
 * Tasks RCU waits for both, and its grace period is over before the code goes.
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
	change_forget_new_code(change);
	change->new_module = NULL;
	module_put(change->old_module);
out_unlock:
	mutex_unlock(&ksplice_mutex);
	if (has_run)
		synchronize_rcu_tasks();
}
EXPORT_SYMBOL_GPL(ksplice_unregister_new_code);

int __ksplice_add_kids(struct ksplice_update *update, char **list,
		       const char *kids)
{
	char *both;

	if (!ksplice_kids_are_valid(kids) ||
	    ksplice_kids_have(kids, update->kid))
		return -EINVAL;
	if (!list_empty(&update->changes) || update->stage == KSPLICE_APPLIED)
		return -EBUSY;
	both = kasprintf(GFP_KERNEL, "%s%s%s", *list ?: "", *list ? " " : "",
			 kids);
	if (!both)
		return -ENOMEM;
	kfree(*list);
	*list = both;
	return 0;
}

int ksplice_forget_update(const char *kid)
{
	struct ksplice_update *update;
	int ret = 0;

	mutex_lock(&membership_mutex);
	mutex_lock(&ksplice_mutex);
	update = __ksplice_find_update(kid);
	if (!update)
		ret = -ENOENT;
	else if (!list_empty(&update->changes) ||
		 update->stage == KSPLICE_APPLIED)
		ret = -EBUSY;
	else
		__update_unlink(update);
	mutex_unlock(&ksplice_mutex);
	if (!ret)
		update_remove(update);
	mutex_unlock(&membership_mutex);
	return ret;
}

void ksplice_forget_all(void)
{
	struct ksplice_update *update, *next;
	LIST_HEAD(all);

	mutex_lock(&membership_mutex);
	mutex_lock(&ksplice_mutex);
	list_splice_init(&ksplice_updates, &all);
	mutex_unlock(&ksplice_mutex);
	list_for_each_entry_safe(update, next, &all, list) {
		mutex_lock(&ksplice_mutex);
		__update_unlink(update);
		mutex_unlock(&ksplice_mutex);
		update_remove(update);
	}
	mutex_unlock(&membership_mutex);
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
		if (ksplice_change_takes_part(change, true))
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
	/* A change that comes later is applied when it has both of its own. */
	if (update->stage != KSPLICE_APPLIED &&
	    n + __ksplice_count_absent(update) != update->n_changes)
		return ksplice_abort(update, KSPLICE_UNEXPECTED,
				     "%u of %u changes have all their modules loaded",
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
		if (!ksplice_change_takes_part(change, true) ||
		    try_module_get(change->new_module))
			continue;
		__put_new_modules(update, &change->list);
		return ksplice_abort(update, KSPLICE_MODULE_BUSY,
				     "module '%s' is going",
				     change->new_module->name);
	}
	return 0;
}

static bool __takes_part(const struct ksplice_update *update, bool apply)
{
	const struct ksplice_change *change;

	list_for_each_entry(change, &update->changes, list)
		if (ksplice_change_takes_part(change, apply))
			return true;
	return false;
}

static bool __has_work(const struct ksplice_plan *plan)
{
	const struct ksplice_part *part;

	ksplice_for_each_part(part, plan)
		if (__takes_part(part->update, part->apply))
			return true;
	return false;
}

/*
 * Replace, or put back, and what is to be done before it or if it fails.  On
 * success the caller calls the post hooks and releases them.
 */
static int __patch_with_hooks(struct ksplice_hooks *hooks,
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
		ret = __ksplice_patch(plan, hooks);
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
	change->is_applied = change->has_run = true;
	__ksplice_redirects_add(change);
}

static void __set_applied(struct ksplice_update *update)
{
	struct ksplice_change *change;

	/*
	 * The order of updates is that of applying.  A change that comes later
	 * is that of its update.
	 */
	if (update->stage != KSPLICE_APPLIED) {
		list_move_tail(&update->list, &ksplice_updates);
		__module_get(THIS_MODULE);
	}
	update->stage = KSPLICE_APPLIED;
	list_for_each_entry(change, &update->changes, list)
		if (ksplice_change_takes_part(change, true))
			__change_set_applied(change);
	kfree(update->replaces);
	update->replaces = NULL;
}

/* The post hooks have been called: its new code may go. */
static void __set_reversed(struct ksplice_update *update)
{
	struct ksplice_change *change;

	update->stage = KSPLICE_REVERSED;
	module_put(THIS_MODULE);
	list_for_each_entry(change, &update->changes, list) {
		if (!ksplice_change_takes_part(change, false))
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
		if (part->apply)
			__set_applied(part->update);
	ksplice_hooks_post(hooks);
	ksplice_hooks_release(hooks);
	ksplice_for_each_part(part, plan) {
		if (part->apply)
			continue;
		__set_reversed(part->update);
		if (part->update == plan->update)
			continue;
		__ksplice_await_refresh(part->update);
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
	ret = __ksplice_plan_make(&plan, update, true);
	if (ret)
		goto err_put_modules;
	ret = __patch_with_hooks(&hooks, &plan);
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
	ret = __ksplice_plan_make(&plan, update, false);
	if (ret)
		return ret;
	ret = __patch_with_hooks(&hooks, &plan);
	if (!ret)
		__plan_done(&plan, &hooks);
	__ksplice_plan_release(&plan);
	return ret;
}

static int __update_try(struct ksplice_update *update)
{
	struct ksplice_plan plan;
	int ret;

	if (!__takes_part(update, true) && update->stage == KSPLICE_APPLIED)
		return 0;
	__ksplice_clear_abort(update);
	ret = __check_new_modules(update);
	if (!ret)
		ret = __ksplice_plan_make(&plan, update, true);
	if (ret)
		return ret;
	if (__has_work(&plan))
		ret = __ksplice_patch_try(&plan);
	__ksplice_plan_release(&plan);
	return ret;
}

int __ksplice_set_stage(struct ksplice_update *update,
			enum ksplice_stage stage)
{
	struct ksplice_change *change;
	int ret;

	if (stage == KSPLICE_TRY)
		return __update_try(update);
	if (update->stage == stage &&
	    (stage != KSPLICE_APPLIED || !__takes_part(update, true)))
		return 0;
	__ksplice_clear_abort(update);
	switch (stage) {
	case KSPLICE_APPLIED:
		ret = __update_apply(update);
		break;
	case KSPLICE_REVERSED:
		ret = __update_reverse(update);
		break;
	default:
		return -EINVAL;
	}
	if (ret) {
		list_for_each_entry(change, &update->changes, list)
			if (!change->is_applied)
				__ksplice_await_refused(update,
							change->target_name);
	}
	__ksplice_await_refresh(update);
	if (!ret)
		pr_info("update '%s' %s, stopped for %llu us\n", update->kid,
			ksplice_stage_name(stage), update->pause_ns / 1000);
	return ret;
}
