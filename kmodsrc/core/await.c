// SPDX-License-Identifier: GPL-2.0-only
/*
 * await.c - targets that are not loaded yet, and those that go away
 *
 * An update that is applied in part awaits the targets that are not loaded.
 * When such a module comes, the kernel has linked it and tells its notifiers,
 * and none of its code has run.  There it is held: a program in user space, the
 * helper, loads the two modules of the change and has it applied.  So there is
 * no moment at which anybody could call the old code.  However the module is
 * loaded, by name, as what another one needs, or by the kernel itself, it
 * comes through here.  It is held until
 *
 * 1. nobody awaits it any more: it is patched, or the update was reversed;
 * 2. the helper has ended without that;
 * 3. somebody wants to write the list of notifiers: the modules that the
 *    helper loads would have to wait for him, and he waits for us;
 * 4. whoever loads it is killed (the module is not loaded then), or
 * 5. HOLD_MS are over.
 *
 * In the cases 2, 3 and 5 the module runs as it is, and the log says so.
 *
 * Only what an applied update awaits is held.  While an update is being applied,
 * and perhaps waits for a thread, the old code runs anyway: a module that is
 * loaded meanwhile continues at once, and ksplice-apply has it patched as
 * soon as the update is applied.
 *
 * A target may go although a change has a reference of it: its init fails, or
 * it is removed by force.  Its memory is going to be freed, so the change is no
 * longer applied, and the new code, which the kernel's jump labels and static
 * calls have tied to variables of the target, has to be removed before: the
 * helper does that.  New code that stays all the same may never go.
 *
 * await_mutex guards the lists here and nests inside ksplice_mutex, which the
 * notifier takes only if the module is one of ours: a module may come while an
 * update is being applied, and that may even wait for it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kmod.h>
#include <linux/limits.h>
#include <linux/module.h>
#include <linux/namei.h>
#include <linux/notifier.h>
#include <linux/pid.h>
#include <linux/rwsem.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include "core/await.h"
#include "core/updates.h"
#include "kernel/compat.h"
#include "model/abort.h"
#include "model/redirects.h"
#include "model/update.h"

#define HOLD_MS		30000
#define LOOK_MS		10

struct held {
	struct list_head list;
	const struct module *module;
};

static DEFINE_MUTEX(await_mutex);
static LIST_HEAD(all_awaited);
static LIST_HEAD(held_modules);
static LIST_HEAD(targets);		/* changes that have a reference */
static LIST_HEAD(lost);			/* changes whose target is gone */
static char helper_path[PATH_MAX];

/* Of the kernel's notifiers; NULL if it is not to be found. */
static struct blocking_notifier_head *notifiers;

/* --- what is awaited ----------------------------------------------------- */

struct ksplice_awaited *__ksplice_find_awaited(struct ksplice_update *update,
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
__ksplice_next_awaited(struct ksplice_update *update,
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

unsigned int __ksplice_count_absent(struct ksplice_update *update)
{
	struct ksplice_awaited *awaited = NULL;
	unsigned int n = 0;

	while ((awaited = __ksplice_next_awaited(update, awaited)))
		n += !__find_change(awaited);
	return n;
}

/* The caller holds await_mutex. */
static void __set_refusal(struct ksplice_awaited *awaited, int cause,
			  const char *reason)
{
	awaited->abort_cause = cause;
	kfree(awaited->reason);
	awaited->reason = reason ? kstrdup(reason, GFP_KERNEL) : NULL;
}

void __ksplice_await_refresh(struct ksplice_update *update)
{
	struct ksplice_awaited *awaited = NULL;
	const struct ksplice_change *change;

	mutex_lock(&await_mutex);
	while ((awaited = __ksplice_next_awaited(update, awaited))) {
		change = __find_change(awaited);
		awaited->is_wanted = update->stage == KSPLICE_APPLIED &&
				     !(change && change->is_applied);
		if (change && change->is_applied)
			__set_refusal(awaited, KSPLICE_OK, NULL);
	}
	mutex_unlock(&await_mutex);
}

void __ksplice_await_refused(struct ksplice_update *update,
			     const char *target_name)
{
	struct ksplice_awaited *awaited =
		__ksplice_find_awaited(update, target_name);

	if (!awaited)
		return;
	mutex_lock(&await_mutex);
	__set_refusal(awaited, update->abort_cause, update->reason);
	mutex_unlock(&await_mutex);
}

/* An entry more; it is there already if the target was lost twice. */
static int __await(struct ksplice_update *update, const char *target_name)
{
	struct ksplice_awaited *awaited;

	if (__ksplice_find_awaited(update, target_name))
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
	mutex_lock(&await_mutex);
	list_add_tail(&awaited->list, &all_awaited);
	mutex_unlock(&await_mutex);
	return 0;
}

void __ksplice_await_forget(struct ksplice_update *update)
{
	struct ksplice_awaited *awaited, *next;

	mutex_lock(&await_mutex);
	list_for_each_entry_safe(awaited, next, &all_awaited, list) {
		if (awaited->update != update)
			continue;
		list_del(&awaited->list);
		kfree(awaited->target_name);
		kfree(awaited->reason);
		kfree(awaited);
	}
	mutex_unlock(&await_mutex);
}

int ksplice_await(char *text)
{
	struct ksplice_update *update;
	const char *kid = strsep(&text, " ");
	const char *hash = strsep(&text, " ");
	char *count = strsep(&text, " ");
	unsigned int n_changes, n = 0;
	const char *target;
	int ret = 0;

	if (!count || kstrtouint(count, 10, &n_changes))
		return -EINVAL;
	update = ksplice_update_begin(kid, hash, n_changes);
	if (IS_ERR(update))
		return PTR_ERR(update);
	while ((target = strsep(&text, " "))) {
		ret = *target && strcmp(target, "vmlinux") &&
		      ++n <= n_changes ? __await(update, target) : -EINVAL;
		if (ret)
			break;
	}
	ksplice_update_begun(update, ret);
	return ret;
}

static bool is_loaded(const char *name)
{
	bool ret;

	preempt_disable();
	ret = ksplice_need.find_module(name);
	preempt_enable();
	return ret;
}

char *__ksplice_await_line(const struct ksplice_awaited *awaited,
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

/* --- the helper ---------------------------------------------------------- */

char *ksplice_helper_line(void)
{
	char *line;

	mutex_lock(&await_mutex);
	line = kasprintf(GFP_KERNEL, "%s\n", helper_path);
	mutex_unlock(&await_mutex);
	return line;
}

static bool is_writable_by_others(const struct inode *inode)
{
	return !uid_eq(inode->i_uid, GLOBAL_ROOT_UID) ||
	       inode->i_mode & (S_IWGRP | S_IWOTH);
}

/* To the directory that a file or directory is in; false at the very top. */
static bool go_up(struct path *path)
{
	struct dentry *parent;

	while (path->dentry == path->mnt->mnt_root)
		if (!follow_up(path))
			return false;
	parent = dget_parent(path->dentry);
	dput(path->dentry);
	path->dentry = parent;
	return true;
}

/*
 * Refuse a program that others than root can change: the file, or a directory
 * on the way to it, is not root's, or its group or all may write to it (which
 * is so as well if an access control list grants another user the right).  A
 * symbolic link on the way could be changed apart from that, so there must be
 * none.
 */
static int helper_check(const char *name)
{
	struct path path;
	int ret = kern_path(name, LOOKUP_NO_SYMLINKS, &path);

	if (ret)
		return ret;
	if (!d_is_reg(path.dentry))
		ret = -EACCES;
	do {
		if (is_writable_by_others(d_backing_inode(path.dentry)))
			ret = -EACCES;
	} while (!ret && go_up(&path));
	path_put(&path);
	return ret;
}

int ksplice_helper_set(const char *path)
{
	int ret;

	if ((*path && *path != '/') || strlen(path) >= sizeof(helper_path))
		return -EINVAL;
	ret = *path ? helper_check(path) : 0;
	if (ret)
		return ret;
	mutex_lock(&await_mutex);
	strscpy(helper_path, path, sizeof(helper_path));
	mutex_unlock(&await_mutex);
	return 0;
}

/*
 * In the child, which is about to become the helper.  It has the root directory
 * and the mounts that the helper will see, which those of the task that has
 * named it or that loads the module need not be.  What is fine now stays so:
 * root alone can change it.
 */
static int helper_init(struct subprocess_info *info, struct cred *cred)
{
	struct pid **pid = info->data;
	int ret = helper_check(info->argv[3]);

	if (!ret)
		*pid = get_pid(task_pid(current));
	return ret;
}

/* The helper's process, to be put; or an error. */
static struct pid *helper_start(const char *option, const char *name)
{
	static char *envp[] = {
		"HOME=/", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL
	};
	/* It starts without files: its messages go to the kernel log. */
	char *argv[] = {
		"/bin/sh", "-c",
		"exec \"$0\" -q \"$1\" </dev/null >/dev/null 2>/dev/kmsg",
		NULL, NULL, NULL
	};
	struct subprocess_info *info;
	struct pid *pid = NULL;
	int ret = -ENOMEM;

	mutex_lock(&await_mutex);
	argv[3] = kstrdup(helper_path, GFP_KERNEL);
	mutex_unlock(&await_mutex);
	argv[4] = kasprintf(GFP_KERNEL, "%s=%s", option, name);
	if (!argv[3] || !argv[4])
		goto out_free;
	ret = -ENOENT;
	if (!*argv[3])
		goto out_free;
	ret = -ENOMEM;
	info = call_usermodehelper_setup(argv[0], argv, envp, GFP_KERNEL,
					 helper_init, NULL, &pid);
	if (!info)
		goto out_free;
	ret = call_usermodehelper_exec(info, UMH_WAIT_EXEC);
out_free:
	if (ret)
		pr_warn("cannot run '%s %s': %d\n", argv[3] ?: "",
			argv[4] ?: "", ret);
	kfree(argv[3]);
	kfree(argv[4]);
	if (!ret && pid)
		return pid;
	put_pid(pid);
	return ERR_PTR(ret ?: -ESRCH);
}

static bool helper_has_ended(struct pid *pid)
{
	bool ret;

	rcu_read_lock();
	ret = !pid_task(pid, PIDTYPE_PID);
	rcu_read_unlock();
	return ret;
}

/*
 * Run the helper until is_done(name), or one of the other reasons at the head
 * of this file.  Not with ksplice_mutex.
 */
static void helper_run(const char *option, const char *name,
		       bool (*is_done)(const char *name), bool is_killable)
{
	unsigned long end = jiffies + msecs_to_jiffies(HOLD_MS);
	struct pid *pid = helper_start(option, name);

	if (IS_ERR(pid))
		return;
	while (!is_done(name) && !helper_has_ended(pid)) {
		if (notifiers && rwsem_is_contended(&notifiers->rwsem)) {
			pr_warn("module '%s' cannot be held: another one wants to be notified\n",
				name);
			break;
		}
		if (time_after(jiffies, end)) {
			pr_warn("module '%s' was held for %u s, no longer\n",
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

/* --- a module comes ------------------------------------------------------ */

static bool is_wanted(const char *name)
{
	const struct ksplice_awaited *awaited;
	bool ret = false;

	mutex_lock(&await_mutex);
	list_for_each_entry(awaited, &all_awaited, list)
		ret = ret || (awaited->is_wanted &&
			      !strcmp(awaited->target_name, name));
	mutex_unlock(&await_mutex);
	return ret;
}

static bool is_settled(const char *name)
{
	return !is_wanted(name);
}

bool ksplice_is_held(const struct module *module)
{
	const struct held *held;
	bool ret = false;

	mutex_lock(&await_mutex);
	list_for_each_entry(held, &held_modules, list)
		ret = ret || held->module == module;
	mutex_unlock(&await_mutex);
	return ret;
}

static void warn_unpatched(const char *name)
{
	const struct ksplice_awaited *awaited;

	mutex_lock(&await_mutex);
	list_for_each_entry(awaited, &all_awaited, list)
		if (awaited->is_wanted && !strcmp(awaited->target_name, name))
			pr_warn("module '%s' runs without its change of update '%s'%s%s\n",
				name, awaited->update->kid,
				awaited->reason ? ": " : "",
				awaited->reason ?: "");
	mutex_unlock(&await_mutex);
}

static int module_comes(const struct module *module)
{
	struct held held = { .module = module };
	struct ksplice_awaited *awaited;

	if (!is_wanted(module->name))
		return 0;
	mutex_lock(&await_mutex);
	list_add(&held.list, &held_modules);
	/* What was said of an earlier load is not about this one. */
	list_for_each_entry(awaited, &all_awaited, list)
		if (awaited->is_wanted &&
		    !strcmp(awaited->target_name, module->name))
			__set_refusal(awaited, KSPLICE_OK, NULL);
	mutex_unlock(&await_mutex);
	helper_run("--complete", module->name, is_settled, true);
	mutex_lock(&await_mutex);
	list_del(&held.list);
	mutex_unlock(&await_mutex);
	if (is_settled(module->name))
		return 0;
	if (fatal_signal_pending(current))
		return -EINTR;
	warn_unpatched(module->name);
	return 0;
}

/* --- a module goes ------------------------------------------------------- */

void __ksplice_target_add(struct ksplice_change *change)
{
	mutex_lock(&await_mutex);
	list_add(&change->of_target, &targets);
	mutex_unlock(&await_mutex);
}

void __ksplice_target_remove(struct ksplice_change *change)
{
	mutex_lock(&await_mutex);
	list_del_init(&change->of_target);
	mutex_unlock(&await_mutex);
	if (change->target)
		module_put(change->target);
	change->target = NULL;
}

static bool is_target(const struct module *module)
{
	const struct ksplice_change *change;
	bool ret = false;

	mutex_lock(&await_mutex);
	list_for_each_entry(change, &targets, of_target)
		ret = ret || change->target == module;
	mutex_unlock(&await_mutex);
	return ret;
}

/* Is new code of a change that has lost its target still there? */
static bool is_released(const char *name)
{
	const struct ksplice_change *change;
	bool ret = true;

	mutex_lock(&await_mutex);
	list_for_each_entry(change, &lost, of_target)
		if (!strcmp(change->target_name, name))
			ret = false;
	mutex_unlock(&await_mutex);
	return ret;
}

static void __lose_target(struct ksplice_change *change)
{
	struct ksplice_update *update = change->update;

	mutex_lock(&await_mutex);
	list_move(&change->of_target, &lost);
	mutex_unlock(&await_mutex);
	change->target = NULL;
	change->is_lost = true;
	if (!change->is_applied)
		return;
	change->is_applied = false;
	__ksplice_redirects_remove(change);
	module_put(change->new_module);
	pr_warn("module '%s' goes away, although update '%s' has patched it\n",
		change->target_name, update->kid);
	/* Without memory it is not patched when it comes again. */
	if (__await(update, change->target_name))
		pr_warn("update '%s' will not patch it again\n", update->kid);
	__ksplice_await_refresh(update);
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
				pr_warn("module '%s' has to stay, as '%s' is gone\n",
					change->new_module->name, name);
		}
	}
}

static void module_goes(const struct module *module)
{
	struct ksplice_change *change, *next;

	if (!is_target(module))
		return;
	mutex_lock(&ksplice_mutex);
	list_for_each_entry_safe(change, next, &targets, of_target)
		if (change->target == module)
			__lose_target(change);
	mutex_unlock(&ksplice_mutex);

	helper_run("--release", module->name, is_released, false);
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
		return notifier_from_errno(module_comes(data));
	case MODULE_STATE_GOING:
		module_goes(data);
		break;
	}
	return NOTIFY_DONE;
}

/* After all others: jump labels and static calls are ready. */
static struct notifier_block notifier = {
	.notifier_call = notify,
	.priority = INT_MIN,
};

int ksplice_await_init(void)
{
	notifiers = (void *)ksplice_need.kallsyms_lookup_name(
						"module_notify_list");
	return register_module_notifier(&notifier);
}

void ksplice_await_exit(void)
{
	unregister_module_notifier(&notifier);
}
