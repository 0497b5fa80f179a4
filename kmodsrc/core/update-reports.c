// SPDX-License-Identifier: GPL-2.0-only
/*
 * update-reports.c - the files in the directory of an update that only report
 *
 * update-dir.c has the list of all.  Files that all users can read have no
 * addresses of the kernel and no tasks of other users in them.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/user_namespace.h>
#include "core/awaited.h"
#include "core/sysfs-file.h"
#include "core/update-reports.h"
#include "model/abort.h"
#include "model/debug.h"
#include "model/rights.h"
#include "model/update.h"

static ssize_t abort_cause_show(struct kobject *kobj,
				struct kobj_attribute *attr, char *to)
{
	struct ksplice_update *update = ksplice_update_of(kobj);
	int ret = ksplice_update_lock(update);

	if (ret)
		return ret;
	ret = sysfs_emit(to, "%s\n", ksplice_abort_name(update->abort_cause));
	ksplice_update_unlock();
	return ret;
}

static ssize_t reason_show(struct kobject *kobj, struct kobj_attribute *attr,
			   char *to)
{
	struct ksplice_update *update = ksplice_update_of(kobj);
	int ret = ksplice_update_lock(update);

	if (ret)
		return ret;
	ret = sysfs_emit(to, "%s\n", update->reason ?: "");
	ksplice_update_unlock();
	return ret;
}

static ssize_t hash_show(struct kobject *kobj, struct kobj_attribute *attr,
			 char *to)
{
	return sysfs_emit(to, "%s\n", ksplice_update_of(kobj)->hash);
}

static ssize_t pause_ns_show(struct kobject *kobj,
			     struct kobj_attribute *attr, char *to)
{
	struct ksplice_update *update = ksplice_update_of(kobj);
	int ret = ksplice_update_lock(update);

	if (ret)
		return ret;
	ret = sysfs_emit(to, "%llu\n", update->pause_ns);
	ksplice_update_unlock();
	return ret;
}

static struct kobj_attribute abort_cause_attr = __ATTR_RO(abort_cause);
static struct kobj_attribute reason_attr = __ATTR_RO_MODE(reason, 0400);
static struct kobj_attribute hash_attr = __ATTR_RO(hash);
static struct kobj_attribute pause_ns_attr = __ATTR_RO(pause_ns);

static struct attribute *report_attrs[] = {
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
			    ksplice_bin_attribute *attr, char *to,
			    loff_t offset, size_t count)
{
	struct ksplice_window window = {
		.to = to, .offset = offset, .count = count,
		.has_addresses = ksplice_may_see_addresses(file->f_cred),
	};
	struct ksplice_update *update = ksplice_update_of(kobj);
	struct ksplice_change *change;
	int ret = ksplice_update_lock(update);

	if (ret)
		return ret;
	list_for_each_entry(change, &update->changes, list) {
		ret = put_patches(&window, change);
		if (ret)
			break;
	}
	ksplice_update_unlock();
	return ret ?: window.done;
}

static ssize_t match_read(struct file *file, struct kobject *kobj,
			  ksplice_bin_attribute *attr, char *to,
			  loff_t offset, size_t count)
{
	struct ksplice_window window = {
		.to = to, .offset = offset, .count = count,
	};
	struct ksplice_update *update = ksplice_update_of(kobj);
	struct ksplice_change *change;
	char line[160];
	int len, ret = ksplice_update_lock(update);

	if (ret)
		return ret;
	list_for_each_entry(change, &update->changes, list) {
		len = scnprintf(line, sizeof(line),
				"%s matched %u of %u functions in %llu us\n",
				change->target_name, change->n_matched,
				change->n_text, change->match_ns / 1000);
		ksplice_window_put(&window, line, len);
	}
	ksplice_update_unlock();
	return window.done;
}

static ssize_t awaited_read(struct file *file, struct kobject *kobj,
			    ksplice_bin_attribute *attr, char *to,
			    loff_t offset, size_t count)
{
	struct ksplice_window window = {
		.to = to, .offset = offset, .count = count,
	};
	struct ksplice_update *update = ksplice_update_of(kobj);
	bool has_reasons = file_ns_capable(file, &init_user_ns,
					   CAP_SYS_MODULE);
	struct ksplice_awaited *awaited = NULL;
	char *line;
	int ret = ksplice_update_lock(update);

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
	ksplice_update_unlock();
	return ret;
}

static ssize_t conflicts_read(struct file *file, struct kobject *kobj,
			      ksplice_bin_attribute *attr, char *to,
			      loff_t offset, size_t count)
{
	struct ksplice_update *update = ksplice_update_of(kobj);
	ssize_t ret = ksplice_update_lock(update);

	if (ret)
		return ret;
	ret = ksplice_text_read(to, offset, count, update->conflicts ?: "");
	ksplice_update_unlock();
	return ret;
}

/* Without ksplice_mutex: it can be read while matching goes on. */
static ssize_t debug_read(struct file *file, struct kobject *kobj,
			  ksplice_bin_attribute *attr, char *to,
			  loff_t offset, size_t count)
{
	return ksplice_log_read(ksplice_update_of(kobj)->log, to, offset,
				count);
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

static ksplice_bin_attribute_ptr report_bin_attrs[] = {
	&patches_attr,
	&match_attr,
	&awaited_attr,
	&conflicts_attr,
	&debug_attr,
	NULL
};

const struct attribute_group ksplice_update_reports = {
	.attrs = report_attrs,
	.bin_attrs = report_bin_attrs,
};
