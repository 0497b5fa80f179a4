// SPDX-License-Identifier: GPL-2.0-only
/*
 * update-dir.c - /sys/kernel/ksplice/KID, the directory of an update
 *
 *	stage	what it is; write "applied" or "reversed" to do it, and the
 *		write returns the errno; "try" is all of "applied" but the stop
 *	hash	of the files of the update; empty if they were loaded by hand
 *	request	write the same: it is begun, and the write returns at once;
 *		reads "none", "running" or "done ERRNO"
 *	needs	KID=HASH of updates that must be applied, and stay
 *	replaces	KIDs of updates that are reversed in the stop that
 *		applies it, or were; both are written before its modules are
 *		loaded, and a write adds to what was there
 *	kick	write 1: conflicting tasks are asked to leave the kernel
 *	awaited	TARGET, and absent, applied, or unpatched and why, a line a
 *		target that was not loaded
 *	abort_cause, reason	why the last attempt was refused
 *	conflicts	the conflicting tasks
 *	patches	TARGET FUNCTION OLDADDR NEWADDR, a line a function
 *	match	what matching did, a line a change
 *	pause_ns	how long the last stop took
 *	debug	the log of the update
 *
 * An update that is off the list is about to be removed: -ENODEV.
 *
 * Files that all users can read have no addresses of the kernel and no tasks of
 * other users in them.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/user_namespace.h>
#include "core/awaited.h"
#include "core/request.h"
#include "core/stage.h"
#include "core/sysfs-file.h"
#include "core/update-dir.h"
#include "model/abort.h"
#include "model/debug.h"
#include "model/rights.h"
#include "model/update.h"

static struct ksplice_update *update_of(struct kobject *kobj)
{
	return container_of(kobj, struct ksplice_update, kobj);
}

/* Take ksplice_mutex to look at an update.  Return: 0 or why not. */
static int update_lock(struct ksplice_update *update)
{
	if (mutex_lock_killable(&ksplice_mutex))
		return -EINTR;
	if (list_empty(&update->list)) {
		mutex_unlock(&ksplice_mutex);
		return -ENODEV;
	}
	return 0;
}

static void update_unlock(void)
{
	mutex_unlock(&ksplice_mutex);
}

static ssize_t stage_read(struct file *file, struct kobject *kobj,
			  struct bin_attribute *attr, char *to, loff_t offset,
			  size_t count)
{
	struct ksplice_update *update = update_of(kobj);
	char text[16];
	int ret = update_lock(update);

	if (ret)
		return ret;
	scnprintf(text, sizeof(text), "%s\n",
		  ksplice_stage_name(update->stage));
	update_unlock();
	return ksplice_text_read(to, offset, count, text);
}

static int stage_run(struct kobject *kobj, char *words)
{
	struct ksplice_update *update = update_of(kobj);
	int action = ksplice_action_of(words);
	int ret;

	if (action < 0)
		return action;
	ret = update_lock(update);
	if (ret)
		return ret;
	ret = __ksplice_act(update, action);
	update_unlock();
	return ret;
}
KSPLICE_COMMAND(stage, 0644, stage_read);

static ssize_t request_read(struct file *file, struct kobject *kobj,
			    struct bin_attribute *attr, char *to,
			    loff_t offset, size_t count)
{
	char text[32];

	ksplice_request_show(update_of(kobj), text, sizeof(text));
	return ksplice_text_read(to, offset, count, text);
}

static int request_run(struct kobject *kobj, char *words)
{
	int action = ksplice_action_of(words);

	return action < 0 ? action :
	       ksplice_request_start(update_of(kobj), action);
}
KSPLICE_COMMAND(request, 0644, request_read);

/* Such a list, a line; an empty one if there is none. */
static ssize_t kids_read(struct kobject *kobj, char *to, loff_t offset,
			 size_t count, bool is_needs)
{
	struct ksplice_window window = {
		.to = to, .offset = offset, .count = count,
	};
	struct ksplice_update *update = update_of(kobj);
	const char *kids;
	int ret = update_lock(update);

	if (ret)
		return ret;
	kids = is_needs ? update->needs : update->replaces;
	if (kids)
		ksplice_window_put(&window, kids, strlen(kids));
	ksplice_window_put(&window, "\n", 1);
	update_unlock();
	return window.done;
}

static int kids_run(struct kobject *kobj, const char *words, bool is_needs)
{
	struct ksplice_update *update = update_of(kobj);
	int ret = update_lock(update);

	if (ret)
		return ret;
	ret = __ksplice_add_kids(update, is_needs ? &update->needs :
				 &update->replaces, words);
	update_unlock();
	return ret;
}

static ssize_t needs_read(struct file *file, struct kobject *kobj,
			  struct bin_attribute *attr, char *to, loff_t offset,
			  size_t count)
{
	return kids_read(kobj, to, offset, count, true);
}

static int needs_run(struct kobject *kobj, char *words)
{
	return kids_run(kobj, words, true);
}
KSPLICE_COMMAND(needs, 0644, needs_read);

static ssize_t replaces_read(struct file *file, struct kobject *kobj,
			     struct bin_attribute *attr, char *to,
			     loff_t offset, size_t count)
{
	return kids_read(kobj, to, offset, count, false);
}

static int replaces_run(struct kobject *kobj, char *words)
{
	return kids_run(kobj, words, false);
}
KSPLICE_COMMAND(replaces, 0644, replaces_read);

static ssize_t kick_read(struct file *file, struct kobject *kobj,
			 struct bin_attribute *attr, char *to, loff_t offset,
			 size_t count)
{
	return ksplice_text_read(to, offset, count,
			 READ_ONCE(update_of(kobj)->kick) ? "1\n" : "0\n");
}

static int kick_run(struct kobject *kobj, char *words)
{
	struct ksplice_update *update = update_of(kobj);
	bool kick;
	int ret = kstrtobool(words, &kick);

	if (!ret)
		ret = update_lock(update);
	if (ret)
		return ret;
	update->kick = kick;
	update_unlock();
	return 0;
}
KSPLICE_COMMAND(kick, 0644, kick_read);

/* --- what an update says ------------------------------------------------- */

static ssize_t abort_cause_show(struct kobject *kobj,
				struct kobj_attribute *attr, char *to)
{
	struct ksplice_update *update = update_of(kobj);
	int ret = update_lock(update);

	if (ret)
		return ret;
	ret = sysfs_emit(to, "%s\n", ksplice_abort_name(update->abort_cause));
	update_unlock();
	return ret;
}

static ssize_t reason_show(struct kobject *kobj, struct kobj_attribute *attr,
			   char *to)
{
	struct ksplice_update *update = update_of(kobj);
	int ret = update_lock(update);

	if (ret)
		return ret;
	ret = sysfs_emit(to, "%s\n", update->reason ?: "");
	update_unlock();
	return ret;
}

static ssize_t hash_show(struct kobject *kobj, struct kobj_attribute *attr,
			 char *to)
{
	return sysfs_emit(to, "%s\n", update_of(kobj)->hash);
}

static ssize_t pause_ns_show(struct kobject *kobj,
			     struct kobj_attribute *attr, char *to)
{
	struct ksplice_update *update = update_of(kobj);
	int ret = update_lock(update);

	if (ret)
		return ret;
	ret = sysfs_emit(to, "%llu\n", update->pause_ns);
	update_unlock();
	return ret;
}

static struct kobj_attribute abort_cause_attr = __ATTR_RO(abort_cause);
static struct kobj_attribute reason_attr = __ATTR_RO_MODE(reason, 0400);
static struct kobj_attribute hash_attr = __ATTR_RO(hash);
static struct kobj_attribute pause_ns_attr = __ATTR_RO(pause_ns);

static struct attribute *update_attrs[] = {
	&abort_cause_attr.attr,
	&reason_attr.attr,
	&hash_attr.attr,
	&pause_ns_attr.attr,
	NULL
};

/*
 * "target name old new", of data with one word more; the addresses are 0 for
 * readers that must not see them.  Return: 0 or -ENOMEM.
 */
static int put_patch(struct ksplice_window *window,
		     const struct ksplice_change *change,
		     const char *name, unsigned long addr,
		     unsigned long new_addr, const char *kind)
{
	char *line = kasprintf(GFP_KERNEL, "%s %s %016lx %016lx%s\n",
			       change->target_name, name,
			       window->has_addresses ? addr : 0,
			       window->has_addresses ? new_addr : 0, kind);

	if (!line)
		return -ENOMEM;
	ksplice_window_put(window, line, strlen(line));
	kfree(line);
	return 0;
}

static int put_patches(struct ksplice_window *window,
		       const struct ksplice_change *change)
{
	const struct ksplice_function *function;
	const struct ksplice_data *data;
	int ret = 0;

	for (function = change->functions; !ret &&
	     function < change->functions + change->n_functions; function++)
		if (!function->is_part)
			ret = put_patch(window, change, function->name,
					function->addr, function->new_addr, "");
	for (data = change->data; !ret && data < change->data + change->n_data;
	     data++)
		ret = put_patch(window, change, data->name, data->addr,
				data->new_addr, " data");
	return ret;
}

static ssize_t patches_read(struct file *file, struct kobject *kobj,
			    struct bin_attribute *attr, char *to,
			    loff_t offset, size_t count)
{
	struct ksplice_window window = {
		.to = to, .offset = offset, .count = count,
		.has_addresses = ksplice_may_see_addresses(file->f_cred),
	};
	struct ksplice_update *update = update_of(kobj);
	struct ksplice_change *change;
	int ret = update_lock(update);

	if (ret)
		return ret;
	list_for_each_entry(change, &update->changes, list) {
		ret = put_patches(&window, change);
		if (ret)
			break;
	}
	update_unlock();
	return ret ?: window.done;
}

static ssize_t match_read(struct file *file, struct kobject *kobj,
			  struct bin_attribute *attr, char *to,
			  loff_t offset, size_t count)
{
	struct ksplice_window window = {
		.to = to, .offset = offset, .count = count,
	};
	struct ksplice_update *update = update_of(kobj);
	struct ksplice_change *change;
	char line[160];
	int len, ret = update_lock(update);

	if (ret)
		return ret;
	list_for_each_entry(change, &update->changes, list) {
		len = scnprintf(line, sizeof(line),
				"%s matched %u of %u functions in %llu us\n",
				change->target_name, change->n_matched,
				change->n_text, change->match_ns / 1000);
		ksplice_window_put(&window, line, len);
	}
	update_unlock();
	return window.done;
}

static ssize_t awaited_read(struct file *file, struct kobject *kobj,
			    struct bin_attribute *attr, char *to,
			    loff_t offset, size_t count)
{
	struct ksplice_window window = {
		.to = to, .offset = offset, .count = count,
	};
	struct ksplice_update *update = update_of(kobj);
	bool has_reasons = file_ns_capable(file, &init_user_ns,
					   CAP_SYS_MODULE);
	struct ksplice_awaited *awaited = NULL;
	char *line;
	int ret = update_lock(update);

	if (ret)
		return ret;
	while ((awaited = __ksplice_awaited_next(update, awaited))) {
		line = __ksplice_awaited_line(awaited, has_reasons);
		if (!line) {
			ret = -ENOMEM;
			goto out_unlock;
		}
		ksplice_window_put(&window, line, strlen(line));
		kfree(line);
	}
	ret = window.done;
out_unlock:
	update_unlock();
	return ret;
}

static ssize_t conflicts_read(struct file *file, struct kobject *kobj,
			      struct bin_attribute *attr, char *to,
			      loff_t offset, size_t count)
{
	struct ksplice_window window = {
		.to = to, .offset = offset, .count = count,
	};
	struct ksplice_update *update = update_of(kobj);
	int ret = update_lock(update);

	if (ret)
		return ret;
	if (update->conflicts)
		ksplice_window_put(&window, update->conflicts,
				   strlen(update->conflicts));
	update_unlock();
	return window.done;
}

/* Without ksplice_mutex: it can be read while matching goes on. */
static ssize_t debug_read(struct file *file, struct kobject *kobj,
			  struct bin_attribute *attr, char *to,
			  loff_t offset, size_t count)
{
	return ksplice_log_read(update_of(kobj)->log, to, offset, count);
}

/* Files that show addresses or tasks are for root. */
static struct bin_attribute patches_attr =
	__BIN_ATTR(patches, 0400, patches_read, NULL, 0);
static struct bin_attribute match_attr =
	__BIN_ATTR(match, 0444, match_read, NULL, 0);
static struct bin_attribute awaited_attr =
	__BIN_ATTR(awaited, 0444, awaited_read, NULL, 0);
static struct bin_attribute conflicts_attr =
	__BIN_ATTR(conflicts, 0400, conflicts_read, NULL, 0);
static struct bin_attribute debug_attr =
	__BIN_ATTR(debug, 0400, debug_read, NULL, 0);

static struct bin_attribute *update_bin_attrs[] = {
	&stage_attr,
	&request_attr,
	&kick_attr,
	&needs_attr,
	&replaces_attr,
	&patches_attr,
	&match_attr,
	&awaited_attr,
	&conflicts_attr,
	&debug_attr,
	NULL
};

static const struct attribute_group update_group = {
	.attrs = update_attrs,
	.bin_attrs = update_bin_attrs,
};

static const struct attribute_group *update_groups[] = {
	&update_group,
	NULL
};

static void update_release(struct kobject *kobj)
{
	ksplice_update_free(update_of(kobj));
}

static struct kobj_type update_type = {
	.release = update_release,
	.sysfs_ops = &kobj_sysfs_ops,
	.default_groups = update_groups,
};

int ksplice_update_dir_add(struct ksplice_update *update)
{
	int ret;

	ret = kobject_init_and_add(&update->kobj, &update_type,
				   ksplice_sysfs_root, "%s", update->kid);
	if (ret)
		kobject_put(&update->kobj);
	return ret;
}

void ksplice_update_dir_remove(struct ksplice_update *update)
{
	kobject_del(&update->kobj);
	kobject_put(&update->kobj);
}
