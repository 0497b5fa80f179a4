// SPDX-License-Identifier: GPL-2.0-only
/*
 * awaited.c - targets that an update is applied without
 *
 * Only what an applied update awaits is wanted.  While an update is being
 * applied, and perhaps waits for a task, the old code runs anyway: a module
 * that is loaded meanwhile continues at once, and ksplice-apply has it patched
 * as soon as the update is applied.
 *
 * awaited_mutex guards the list here and nests inside ksplice_mutex.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "core/awaited.h"
#include "kernel/compat.h"
#include "model/abort.h"
#include "model/update.h"

static DEFINE_MUTEX(awaited_mutex);
static LIST_HEAD(all_awaited);

struct ksplice_awaited *__ksplice_awaited_find(struct ksplice_update *update,
					       const char *target_name)
{
	struct ksplice_awaited *awaited;

	list_for_each_entry(awaited, &all_awaited, list)
		if (awaited->update == update &&
		    !strcmp(awaited->target_name, target_name))
			return awaited;
	return NULL;
}

struct ksplice_awaited *
__ksplice_awaited_next(struct ksplice_update *update,
		       struct ksplice_awaited *after)
{
	struct list_head *at = after ? &after->list : &all_awaited;
	struct ksplice_awaited *awaited;

	for (at = at->next; at != &all_awaited; at = at->next) {
		awaited = list_entry(at, struct ksplice_awaited, list);
		if (awaited->update == update)
			return awaited;
	}
	return NULL;
}

static const struct ksplice_change *
__find_change(const struct ksplice_awaited *awaited)
{
	const struct ksplice_change *change;

	list_for_each_entry(change, &awaited->update->changes, list)
		if (!strcmp(change->target_name, awaited->target_name))
			return change;
	return NULL;
}

unsigned int __ksplice_awaited_count_absent(struct ksplice_update *update)
{
	struct ksplice_awaited *awaited = NULL;
	unsigned int n = 0;

	while ((awaited = __ksplice_awaited_next(update, awaited)))
		n += !__find_change(awaited);
	return n;
}

/* The caller holds awaited_mutex. */
static void __set_refusal(struct ksplice_awaited *awaited, int cause,
			  const char *reason)
{
	awaited->abort_cause = cause;
	kfree(awaited->reason);
	awaited->reason = reason ? kstrdup(reason, GFP_KERNEL) : NULL;
}

void __ksplice_awaited_refresh(struct ksplice_update *update)
{
	struct ksplice_awaited *awaited = NULL;
	const struct ksplice_change *change;

	mutex_lock(&awaited_mutex);
	while ((awaited = __ksplice_awaited_next(update, awaited))) {
		change = __find_change(awaited);
		awaited->is_wanted = update->stage == KSPLICE_APPLIED &&
				     !(change && change->is_applied);
		if (change && change->is_applied)
			__set_refusal(awaited, KSPLICE_OK, NULL);
	}
	mutex_unlock(&awaited_mutex);
}

void __ksplice_awaited_refused(struct ksplice_update *update,
			       const char *target_name)
{
	struct ksplice_awaited *awaited =
		__ksplice_awaited_find(update, target_name);

	if (!awaited)
		return;
	mutex_lock(&awaited_mutex);
	__set_refusal(awaited, update->abort_cause, update->reason);
	mutex_unlock(&awaited_mutex);
}

int __ksplice_awaited_add(struct ksplice_update *update,
			  const char *target_name)
{
	struct ksplice_awaited *awaited;

	if (__ksplice_awaited_find(update, target_name))
		return 0;
	awaited = kzalloc(sizeof(*awaited), GFP_KERNEL);
	if (!awaited)
		return -ENOMEM;
	awaited->target_name = kstrdup(target_name, GFP_KERNEL);
	if (!awaited->target_name) {
		kfree(awaited);
		return -ENOMEM;
	}
	awaited->update = update;
	mutex_lock(&awaited_mutex);
	list_add_tail(&awaited->list, &all_awaited);
	mutex_unlock(&awaited_mutex);
	return 0;
}

void __ksplice_awaited_forget(struct ksplice_update *update)
{
	struct ksplice_awaited *awaited, *next;

	mutex_lock(&awaited_mutex);
	list_for_each_entry_safe(awaited, next, &all_awaited, list) {
		if (awaited->update != update)
			continue;
		list_del(&awaited->list);
		kfree(awaited->target_name);
		kfree(awaited->reason);
		kfree(awaited);
	}
	mutex_unlock(&awaited_mutex);
}

static bool is_loaded(const char *name)
{
	bool ret;

	preempt_disable();
	ret = ksplice_call(find_module)(name);
	preempt_enable();
	return ret;
}

char *__ksplice_awaited_line(const struct ksplice_awaited *awaited,
			     bool has_reason)
{
	const struct ksplice_change *change = __find_change(awaited);
	const char *name = awaited->target_name;

	if (change && change->is_applied)
		return kasprintf(GFP_KERNEL, "%s applied\n", name);
	if (!is_loaded(name))
		return kasprintf(GFP_KERNEL, "%s absent\n", name);
	return kasprintf(GFP_KERNEL, "%s unpatched %s %s\n", name,
			 ksplice_abort_name(awaited->abort_cause),
			 has_reason && awaited->reason ? awaited->reason : "");
}

bool ksplice_awaited_is_wanted(const char *target_name)
{
	const struct ksplice_awaited *awaited;
	bool ret = false;

	mutex_lock(&awaited_mutex);
	list_for_each_entry(awaited, &all_awaited, list)
		ret = ret || (awaited->is_wanted &&
			      !strcmp(awaited->target_name, target_name));
	mutex_unlock(&awaited_mutex);
	return ret;
}

/* The refusal of an earlier load is not about this one. */
void ksplice_awaited_begin(const char *target_name)
{
	struct ksplice_awaited *awaited;

	mutex_lock(&awaited_mutex);
	list_for_each_entry(awaited, &all_awaited, list)
		if (awaited->is_wanted &&
		    !strcmp(awaited->target_name, target_name))
			__set_refusal(awaited, KSPLICE_OK, NULL);
	mutex_unlock(&awaited_mutex);
}

void ksplice_awaited_warn(const char *target_name)
{
	const struct ksplice_awaited *awaited;

	mutex_lock(&awaited_mutex);
	list_for_each_entry(awaited, &all_awaited, list)
		if (awaited->is_wanted &&
		    !strcmp(awaited->target_name, target_name))
			pr_warn("module '%s' runs without its change of update '%s'%s%s\n",
				target_name, awaited->update->kid,
				awaited->reason ? ": " : "",
				awaited->reason ?: "");
	mutex_unlock(&awaited_mutex);
}
