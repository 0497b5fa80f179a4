// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysfs.c - /sys/kernel/ksplice
 *
 *	state	one line an update: KID STAGE
 *	version	of this interface
 *	forget	write a KID: drop an update that has no modules
 *	await	write "KID N TARGET...": an update of N changes will come, those of
 *		these targets when they are loaded
 *	helper	the program that loads the modules of such a change
 *	KID/stage	what it is; write "applied" or "reversed" to do it, and the
 *		write returns the errno; "try" is all of "applied" but the stop
 *	KID/request	write the same: it is begun, and the write returns at once;
 *		reads "none", "running" or "done ERRNO"
 *	KID/kick	write 1: threads in the way are asked to leave the kernel
 *	KID/awaited	TARGET, and absent, applied, or unpatched and why, a line a
 *		target that was not loaded
 *	KID/abort_cause, reason	why the last attempt was refused
 *	KID/conflicts	the threads that were in the way
 *	KID/patches	TARGET FUNCTION OLDADDR NEWADDR, a line a function
 *	KID/match	what matching did, a line a change
 *	KID/pause_ns	how long the last stop took
 *	KID/debug	the log of the update
 *
 * Files that may grow beyond a page are binary attributes, which are read
 * piece by piece.  An update that is off the list is about to go: -ENODEV.
 */
#include <linux/kobject.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include "await.h"
#include "debug.h"
#include "request.h"
#include "sysfs.h"
#include "update.h"

static struct kobject *root;

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

static ssize_t stage_show(struct kobject *kobj, struct kobj_attribute *attr,
			  char *to)
{
	struct ksplice_update *update = update_of(kobj);
	int ret = update_lock(update);

	if (ret)
		return ret;
	ret = sysfs_emit(to, "%s\n", ksplice_stage_name(update->stage));
	update_unlock();
	return ret;
}

/* Return: the stage that a word asks for, or -EINVAL. */
static int stage_of(const char *word)
{
	if (sysfs_streq(word, ksplice_stage_name(KSPLICE_APPLIED)))
		return KSPLICE_APPLIED;
	if (sysfs_streq(word, ksplice_stage_name(KSPLICE_REVERSED)))
		return KSPLICE_REVERSED;
	if (sysfs_streq(word, ksplice_stage_name(KSPLICE_TRY)))
		return KSPLICE_TRY;
	return -EINVAL;
}

static ssize_t stage_store(struct kobject *kobj, struct kobj_attribute *attr,
			   const char *from, size_t count)
{
	struct ksplice_update *update = update_of(kobj);
	int stage = stage_of(from);
	int ret;

	if (stage < 0)
		return stage;
	ret = update_lock(update);
	if (ret)
		return ret;
	ret = __ksplice_set_stage(update, stage);
	update_unlock();
	return ret ?: count;
}

static ssize_t request_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *to)
{
	return ksplice_request_show(update_of(kobj), to);
}

static ssize_t request_store(struct kobject *kobj,
			     struct kobj_attribute *attr, const char *from,
			     size_t count)
{
	int stage = stage_of(from);
	int ret = stage < 0 ? stage :
		  ksplice_request_start(update_of(kobj), stage);

	return ret ?: count;
}

static ssize_t kick_show(struct kobject *kobj, struct kobj_attribute *attr,
			 char *to)
{
	return sysfs_emit(to, "%d\n", READ_ONCE(update_of(kobj)->kick));
}

static ssize_t kick_store(struct kobject *kobj, struct kobj_attribute *attr,
			  const char *from, size_t count)
{
	struct ksplice_update *update = update_of(kobj);
	bool kick;
	int ret = kstrtobool(from, &kick);

	if (!ret)
		ret = update_lock(update);
	if (ret)
		return ret;
	update->kick = kick;
	update_unlock();
	return count;
}

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

static struct kobj_attribute stage_attr = __ATTR_RW_MODE(stage, 0644);
static struct kobj_attribute request_attr = __ATTR_RW_MODE(request, 0644);
static struct kobj_attribute kick_attr = __ATTR_RW_MODE(kick, 0644);
static struct kobj_attribute abort_cause_attr = __ATTR_RO(abort_cause);
static struct kobj_attribute reason_attr = __ATTR_RO(reason);
static struct kobj_attribute pause_ns_attr = __ATTR_RO(pause_ns);

static struct attribute *update_attrs[] = {
	&stage_attr.attr,
	&request_attr.attr,
	&kick_attr.attr,
	&abort_cause_attr.attr,
	&reason_attr.attr,
	&pause_ns_attr.attr,
	NULL
};

/* The part of a text, made line by line, that a read asks for. */
struct window {
	char *to;
	loff_t offset;			/* of the part, in the text */
	size_t count;			/* its bytes */
	loff_t len;			/* of the text so far */
	size_t done;			/* bytes copied */
};

static void window_put(struct window *window, const char *text, size_t len)
{
	loff_t skip = window->offset + window->done - window->len;
	size_t n;

	window->len += len;
	if (skip < 0 || skip >= len)
		return;
	n = min_t(size_t, len - skip, window->count - window->done);
	memcpy(window->to + window->done, text + skip, n);
	window->done += n;
}

/* "target name old new", of data with one word more; 0 or -ENOMEM. */
static int put_patch(struct window *window, const struct ksplice_change *change,
		     const char *name, unsigned long addr,
		     unsigned long new_addr, const char *kind)
{
	char *line = kasprintf(GFP_KERNEL, "%s %s %016lx %016lx%s\n",
			       change->target_name, name, addr, new_addr, kind);

	if (!line)
		return -ENOMEM;
	window_put(window, line, strlen(line));
	kfree(line);
	return 0;
}

static int put_patches(struct window *window,
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
	struct window window = { .to = to, .offset = offset, .count = count };
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
	struct window window = { .to = to, .offset = offset, .count = count };
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
		window_put(&window, line, len);
	}
	update_unlock();
	return window.done;
}

static ssize_t awaited_read(struct file *file, struct kobject *kobj,
			    struct bin_attribute *attr, char *to,
			    loff_t offset, size_t count)
{
	struct window window = { .to = to, .offset = offset, .count = count };
	struct ksplice_update *update = update_of(kobj);
	struct ksplice_awaited *awaited = NULL;
	char *line;
	int ret = update_lock(update);

	if (ret)
		return ret;
	while ((awaited = __ksplice_next_awaited(update, awaited))) {
		line = __ksplice_await_line(awaited);
		if (!line) {
			ret = -ENOMEM;
			goto out_unlock;
		}
		window_put(&window, line, strlen(line));
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
	struct window window = { .to = to, .offset = offset, .count = count };
	struct ksplice_update *update = update_of(kobj);
	int ret = update_lock(update);

	if (ret)
		return ret;
	if (update->conflicts)
		window_put(&window, update->conflicts,
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

/* Those that show addresses are for root. */
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

int ksplice_sysfs_add(struct ksplice_update *update)
{
	int ret;

	ret = kobject_init_and_add(&update->kobj, &update_type, root, "%s",
				   update->kid);
	if (ret)
		kobject_put(&update->kobj);
	return ret;
}

void ksplice_sysfs_remove(struct ksplice_update *update)
{
	kobject_del(&update->kobj);
	kobject_put(&update->kobj);
}

static ssize_t state_show(struct kobject *kobj, struct kobj_attribute *attr,
			  char *to)
{
	struct ksplice_update *update;
	int len = 0;

	if (mutex_lock_killable(&ksplice_mutex))
		return -EINTR;
	list_for_each_entry(update, &ksplice_updates, list)
		len += sysfs_emit_at(to, len, "%s %s\n", update->kid,
				     ksplice_stage_name(update->stage));
	mutex_unlock(&ksplice_mutex);
	return len;
}

static ssize_t version_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *to)
{
	return sysfs_emit(to, "%d\n", KSPLICE_API_VERSION);
}

static ssize_t forget_store(struct kobject *kobj, struct kobj_attribute *attr,
			    const char *from, size_t count)
{
	char *copy = kmemdup_nul(from, count, GFP_KERNEL);
	int ret;

	if (!copy)
		return -ENOMEM;
	ret = ksplice_forget_update(strim(copy));
	kfree(copy);
	return ret ?: count;
}

static ssize_t await_store(struct kobject *kobj, struct kobj_attribute *attr,
			   const char *from, size_t count)
{
	char *copy = kmemdup_nul(from, count, GFP_KERNEL);
	int ret;

	if (!copy)
		return -ENOMEM;
	ret = ksplice_await(strim(copy));
	kfree(copy);
	return ret ?: count;
}

static ssize_t helper_show(struct kobject *kobj, struct kobj_attribute *attr,
			   char *to)
{
	return ksplice_helper_show(to);
}

static ssize_t helper_store(struct kobject *kobj, struct kobj_attribute *attr,
			    const char *from, size_t count)
{
	char *copy = kmemdup_nul(from, count, GFP_KERNEL);
	int ret;

	if (!copy)
		return -ENOMEM;
	ret = ksplice_helper_set(strim(copy));
	kfree(copy);
	return ret ?: count;
}

static struct kobj_attribute state_attr = __ATTR_RO(state);
static struct kobj_attribute version_attr = __ATTR_RO(version);
static struct kobj_attribute forget_attr = __ATTR_WO(forget);
static struct kobj_attribute await_attr = __ATTR_WO(await);
static struct kobj_attribute helper_attr = __ATTR_RW_MODE(helper, 0600);

static struct attribute *root_attrs[] = {
	&state_attr.attr,
	&version_attr.attr,
	&forget_attr.attr,
	&await_attr.attr,
	&helper_attr.attr,
	NULL
};

static const struct attribute_group root_group = {
	.attrs = root_attrs,
};

int ksplice_sysfs_init(void)
{
	int ret;

	root = kobject_create_and_add("ksplice", kernel_kobj);
	if (!root)
		return -ENOMEM;
	ret = sysfs_create_group(root, &root_group);
	if (ret)
		kobject_put(root);
	return ret;
}

void ksplice_sysfs_exit(void)
{
	kobject_put(root);
}
