// SPDX-License-Identifier: GPL-2.0-only
/*
 * targets.c - modules that are patched are loaded and removed
 *
 * When a module is loaded that an update awaits, the kernel has linked it and
 * calls its notifiers, and none of its code has run.  There it is held: the
 * usermode helper loads the two modules of the change and has it applied.  So
 * there is no moment at which the old code could be called.  However the module
 * is loaded, by name, as a dependency, or by the kernel itself, its load passes
 * through here.  It is held until
 *
 * 1. no update awaits it any more: it is patched, or the update was reversed;
 * 2. the usermode helper has ended without that;
 * 3. a writer waits for the list of notifiers: the modules that the usermode
 *    helper loads would have to wait for it, and it waits for us;
 * 4. the task that loads it is killed (the module is not loaded then), or
 * 5. HOLD_MS are over.
 *
 * In the cases 2, 3 and 5 the module runs unpatched, and this is logged.
 *
 * A target may be freed although a change has a reference of it: its init
 * fails, or it is removed by force.  So the change is no longer applied, and
 * the new code, which the kernel's jump labels and static calls have tied to
 * variables of the target, has to be removed before: the usermode helper does
 * that.  New code that is still loaded then can never be removed.
 *
 * targets_mutex guards the lists here and nests inside ksplice_mutex, which the
 * notifier takes only if the module is one of ours: a module may be loaded
 * while an update is being applied, and that may even wait for it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/pid.h>
#include <linux/rwsem.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include "core/awaited.h"
#include "core/targets.h"
#include "core/umh.h"
#include "kernel/compat.h"
#include "model/redirects.h"
#include "model/update.h"

#define HOLD_MS		30000
#define LOOK_MS		10

struct held {
	struct list_head list;
	const struct module *module;
};

static DEFINE_MUTEX(targets_mutex);
static LIST_HEAD(held_modules);
static LIST_HEAD(targets);		/* changes that have a reference */
static LIST_HEAD(lost);			/* changes whose target is gone */

/* Of the kernel's notifiers; NULL if it is not to be found. */
static struct blocking_notifier_head *notifiers;

/*
 * Run the usermode helper until is_done(name), or one of the other reasons at
 * the head of this file.  Not with ksplice_mutex.
 */
static void hold(const char *option, const char *name,
		 bool (*is_done)(const char *name), bool is_killable)
{
	unsigned long end = jiffies + msecs_to_jiffies(HOLD_MS);
	struct pid *pid = ksplice_umh_start(option, name);

	if (IS_ERR(pid))
		return;
	while (!is_done(name) && !ksplice_umh_has_ended(pid)) {
		if (notifiers && rwsem_is_contended(&notifiers->rwsem)) {
			pr_warn("module '%s' is no longer held: a notifier registration is waiting\n",
				name);
			break;
		}
		if (time_after(jiffies, end)) {
			pr_warn("module '%s' is no longer held: gave up waiting after %u s\n",
				name, HOLD_MS / 1000);
			break;
		}
		if (!is_killable) {
			schedule_timeout_uninterruptible(
				msecs_to_jiffies(LOOK_MS));
			continue;
		}
		if (fatal_signal_pending(current))
			break;
		schedule_timeout_killable(msecs_to_jiffies(LOOK_MS));
	}
	put_pid(pid);
}

static bool is_settled(const char *name)
{
	return !ksplice_awaited_is_wanted(name);
}

bool ksplice_is_held(const struct module *module)
{
	const struct held *held;
	bool ret = false;

	mutex_lock(&targets_mutex);
	list_for_each_entry(held, &held_modules, list)
		ret = ret || held->module == module;
	mutex_unlock(&targets_mutex);
	return ret;
}

static int module_coming(const struct module *module)
{
	struct held held = { .module = module };

	if (!ksplice_awaited_is_wanted(module->name))
		return 0;
	mutex_lock(&targets_mutex);
	list_add(&held.list, &held_modules);
	mutex_unlock(&targets_mutex);
	ksplice_awaited_begin(module->name);
	hold("--complete", module->name, is_settled, true);
	mutex_lock(&targets_mutex);
	list_del(&held.list);
	mutex_unlock(&targets_mutex);
	if (is_settled(module->name))
		return 0;
	if (fatal_signal_pending(current))
		return -EINTR;
	ksplice_awaited_warn(module->name);
	return 0;
}

void __ksplice_target_add(struct ksplice_change *change)
{
	mutex_lock(&targets_mutex);
	list_add(&change->of_target, &targets);
	mutex_unlock(&targets_mutex);
}

void __ksplice_target_remove(struct ksplice_change *change)
{
	mutex_lock(&targets_mutex);
	list_del_init(&change->of_target);
	mutex_unlock(&targets_mutex);
	if (change->target)
		module_put(change->target);
	change->target = NULL;
}

static bool is_target(const struct module *module)
{
	const struct ksplice_change *change;
	bool ret = false;

	mutex_lock(&targets_mutex);
	list_for_each_entry(change, &targets, of_target)
		ret = ret || change->target == module;
	mutex_unlock(&targets_mutex);
	return ret;
}

/* Is new code of a change that has lost its target still there? */
static bool is_released(const char *name)
{
	const struct ksplice_change *change;
	bool ret = true;

	mutex_lock(&targets_mutex);
	list_for_each_entry(change, &lost, of_target)
		if (!strcmp(change->target_name, name))
			ret = false;
	mutex_unlock(&targets_mutex);
	return ret;
}

static void __lose_target(struct ksplice_change *change)
{
	struct ksplice_update *update = change->update;

	mutex_lock(&targets_mutex);
	list_move(&change->of_target, &lost);
	mutex_unlock(&targets_mutex);
	change->target = NULL;
	change->is_lost = true;
	if (!change->is_applied)
		return;
	change->is_applied = false;
	__ksplice_redirects_remove(change);
	module_put(change->new_module);
	pr_warn("module '%s' is removed, although update '%s' has patched it\n",
		change->target_name, update->kid);
	/* If this fails, it is not patched when it is loaded again. */
	if (__ksplice_awaited_add(update, change->target_name))
		pr_warn("no memory to await module '%s': update '%s' will not patch it\n",
			change->target_name, update->kid);
	__ksplice_awaited_refresh(update);
}

/* Nothing may touch the target's memory from now on. */
static void __pin_new_code(const char *name)
{
	struct ksplice_update *update;
	struct ksplice_change *change;

	list_for_each_entry(update, &ksplice_updates, list) {
		list_for_each_entry(change, &update->changes, list) {
			if (!change->is_lost || !change->new_module ||
			    strcmp(change->target_name, name))
				continue;
			if (try_module_get(change->new_module))
				pr_warn("module '%s' can never be unloaded: its target '%s' was removed first\n",
					change->new_module->name, name);
		}
	}
}

static void module_going(const struct module *module)
{
	struct ksplice_change *change, *next;

	if (!is_target(module))
		return;
	mutex_lock(&ksplice_mutex);
	list_for_each_entry_safe(change, next, &targets, of_target)
		if (change->target == module)
			__lose_target(change);
	mutex_unlock(&ksplice_mutex);

	hold("--release", module->name, is_released, false);
	if (is_released(module->name))
		return;
	mutex_lock(&ksplice_mutex);
	__pin_new_code(module->name);
	mutex_unlock(&ksplice_mutex);
}

static int notify(struct notifier_block *block, unsigned long state, void *data)
{
	switch (state) {
	case MODULE_STATE_COMING:
		return notifier_from_errno(module_coming(data));
	case MODULE_STATE_GOING:
		module_going(data);
		break;
	}
	return NOTIFY_DONE;
}

/* After all others: jump labels and static calls are ready. */
static struct notifier_block notifier = {
	.notifier_call = notify,
	.priority = INT_MIN,
};

int ksplice_targets_init(void)
{
	notifiers = (void *)ksplice_call(kallsyms_lookup_name)(
						"module_notify_list");
	return register_module_notifier(&notifier);
}

void ksplice_targets_exit(void)
{
	unregister_module_notifier(&notifier);
}
