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
 * An update that is off the list is about to be removed: -ENODEV.  The files
 * from awaited on only report, see update-reports.c.
 */
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/string.h>
#include "core/request.h"
#include "core/stage.h"
#include "core/sysfs-file.h"
#include "core/update-dir.h"
#include "core/update-reports.h"
#include "model/update.h"

static ssize_t stage_read(struct file *file, struct kobject *kobj,
			  ksplice_bin_attribute *attr, char *to, loff_t offset,
			  size_t count)
{
	struct ksplice_update *update = ksplice_update_of(kobj);
	char text[16];
	int ret = ksplice_update_lock(update);

	if (ret)
		return ret;
	scnprintf(text, sizeof(text), "%s\n",
		  ksplice_stage_name(update->stage));
	ksplice_update_unlock();
	return ksplice_text_read(to, offset, count, text);
}

static int stage_run(struct kobject *kobj, char *words)
{
	struct ksplice_update *update = ksplice_update_of(kobj);
	int action = ksplice_action_of(words);
	int ret;

	if (action < 0)
		return action;
	ret = ksplice_update_lock(update);
	if (ret)
		return ret;
	ret = __ksplice_act(update, action);
	ksplice_update_unlock();
	return ret;
}
KSPLICE_COMMAND(stage, 0644, stage_read);

static ssize_t request_read(struct file *file, struct kobject *kobj,
			    ksplice_bin_attribute *attr, char *to,
			    loff_t offset, size_t count)
{
	char text[32];

	ksplice_request_show(ksplice_update_of(kobj), text, sizeof(text));
	return ksplice_text_read(to, offset, count, text);
}

static int request_run(struct kobject *kobj, char *words)
{
	int action = ksplice_action_of(words);

	return action < 0 ? action :
	       ksplice_request_start(ksplice_update_of(kobj), action);
}
KSPLICE_COMMAND(request, 0644, request_read);

/* Such a list, a line; an empty one if there is none. */
static ssize_t kids_read(struct kobject *kobj, char *to, loff_t offset,
			 size_t count, bool is_needs)
{
	struct ksplice_window window = {
		.to = to, .offset = offset, .count = count,
	};
	struct ksplice_update *update = ksplice_update_of(kobj);
	const char *kids;
	int ret = ksplice_update_lock(update);

	if (ret)
		return ret;
	kids = is_needs ? update->needs : update->replaces;
	if (kids)
		ksplice_window_put(&window, kids, strlen(kids));
	ksplice_window_put(&window, "\n", 1);
	ksplice_update_unlock();
	return window.done;
}

static int kids_run(struct kobject *kobj, const char *words, bool is_needs)
{
	struct ksplice_update *update = ksplice_update_of(kobj);
	int ret = ksplice_update_lock(update);

	if (ret)
		return ret;
	ret = __ksplice_add_kids(update, is_needs ? &update->needs :
				 &update->replaces, words);
	ksplice_update_unlock();
	return ret;
}

static ssize_t needs_read(struct file *file, struct kobject *kobj,
			  ksplice_bin_attribute *attr, char *to, loff_t offset,
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
			     ksplice_bin_attribute *attr, char *to,
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
			 ksplice_bin_attribute *attr, char *to, loff_t offset,
			 size_t count)
{
	return ksplice_text_read(to, offset, count,
			 READ_ONCE(ksplice_update_of(kobj)->kick) ? "1\n" : "0\n");
}

static int kick_run(struct kobject *kobj, char *words)
{
	struct ksplice_update *update = ksplice_update_of(kobj);
	bool kick;
	int ret = kstrtobool(words, &kick);

	if (!ret)
		ret = ksplice_update_lock(update);
	if (ret)
		return ret;
	update->kick = kick;
	ksplice_update_unlock();
	return 0;
}
KSPLICE_COMMAND(kick, 0644, kick_read);

static ksplice_bin_attribute_ptr command_attrs[] = {
	&stage_attr,
	&request_attr,
	&kick_attr,
	&needs_attr,
	&replaces_attr,
	NULL
};

static const struct attribute_group commands = {
	.bin_attrs = command_attrs,
};

static const struct attribute_group *update_groups[] = {
	&commands,
	&ksplice_update_reports,
	NULL
};

static void update_release(struct kobject *kobj)
{
	ksplice_update_free(ksplice_update_of(kobj));
}

static const struct kobj_type update_type = {
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
