// SPDX-License-Identifier: GPL-2.0-only
/*
 * updates.c - how updates are made and dropped
 *
 * An update is made by its first -old.ko and dropped with its last one.  One
 * that failed while matching has no modules; it stays, so that the reason can
 * be read, until it is forgotten, replaced by a new attempt or the core is
 * unloaded.
 *
 * An update may await changes whose targets are not loaded (awaited.c).  Then
 * it is made before its first -old.ko, those count as if they were in, and may
 * come while it is applied: they are matched, and applied by another
 * stage=applied.  Their removal does not change the stage.
 *
 * Locks: membership_mutex is held while updates are made or dropped,
 * ksplice_mutex guards everything in them and nests inside.  The directory in
 * sysfs is removed with membership_mutex only: removal waits for a writer of
 * the stage file, and that one may be waiting for ksplice_mutex.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "core/awaited.h"
#include "core/update-dir.h"
#include "core/updates.h"
#include "model/debug.h"
#include "model/kids.h"
#include "model/update.h"

static DEFINE_MUTEX(membership_mutex);

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
	if (ksplice_update_dir_add(update))
		return NULL;
	list_add_tail(&update->list, &ksplice_updates);
	return update;
}

/* From here on it cannot be found. */
static void __update_unlink(struct ksplice_update *update)
{
	__ksplice_awaited_forget(update);
	list_del_init(&update->list);
}

/*
 * The update is off the list.  Called with membership_mutex and without
 * ksplice_mutex; a new one of the same name may be made after it.
 */
static void update_remove(struct ksplice_update *update)
{
	ksplice_log_hide(update->log);
	ksplice_update_dir_remove(update);
}

/* Is something known of it that its modules do not record? */
static bool is_announced(struct ksplice_update *update)
{
	return __ksplice_awaited_next(update, NULL) || update->needs ||
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

static unsigned int __count_changes(const struct ksplice_update *update)
{
	const struct ksplice_change *change;
	unsigned int n = 0;

	list_for_each_entry(change, &update->changes, list)
		n++;
	return n;
}

void __ksplice_check_complete(struct ksplice_update *update)
{
	if (update->stage == KSPLICE_PREPARING &&
	    __count_changes(update) + __ksplice_awaited_count_absent(update) ==
	    update->n_changes)
		update->stage = KSPLICE_MATCHED;
}

void ksplice_updates_lock(void)
{
	mutex_lock(&membership_mutex);
	mutex_lock(&ksplice_mutex);
}

void ksplice_updates_unlock(struct ksplice_update *gone)
{
	if (gone)
		__update_unlink(gone);
	mutex_unlock(&ksplice_mutex);
	if (gone)
		update_remove(gone);
	mutex_unlock(&membership_mutex);
}

struct ksplice_update *ksplice_update_begin(const char *kid, const char *hash,
					    unsigned int n_changes)
{
	struct ksplice_update *update;
	int ret = -EEXIST;

	if (!ksplice_kid_is_valid(kid) || !ksplice_hash_is_valid(hash))
		return ERR_PTR(-EINVAL);
	ksplice_updates_lock();
	if (__find_or_drop(kid, true))
		goto err_unlock;
	ret = -ENOMEM;
	update = update_new(kid, hash, n_changes);
	if (update)
		return update;
err_unlock:
	ksplice_updates_unlock(NULL);
	return ERR_PTR(ret);
}

void ksplice_update_begun(struct ksplice_update *update, int ret)
{
	if (!ret)
		__ksplice_check_complete(update);
	ksplice_updates_unlock(ret ? update : NULL);
}

struct ksplice_update *ksplice_update_join(const struct ksplice_change_id *id,
					   const struct module *owner)
{
	struct ksplice_update *update;

	if (!ksplice_kid_is_valid(id->kid)) {
		pr_err("'%s' cannot be the id of an update\n", id->kid);
		return ERR_PTR(-EINVAL);
	}
	if (!ksplice_hash_is_valid(id->hash)) {
		pr_err("'%s' has an invalid hash\n", owner->name);
		return ERR_PTR(-EINVAL);
	}
	ksplice_updates_lock();
	update = __find_or_drop(id->kid, false);
	if (!update)
		update = update_new(id->kid, id->hash, id->n_changes);
	if (update)
		return update;
	ksplice_updates_unlock(NULL);
	return ERR_PTR(-ENOMEM);
}

int ksplice_forget_update(const char *kid)
{
	struct ksplice_update *update;
	int ret = 0;

	ksplice_updates_lock();
	update = __ksplice_find_update(kid);
	if (!update)
		ret = -ENOENT;
	else if (!list_empty(&update->changes) ||
		 update->stage == KSPLICE_APPLIED)
		ret = -EBUSY;
	ksplice_updates_unlock(ret ? NULL : update);
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
