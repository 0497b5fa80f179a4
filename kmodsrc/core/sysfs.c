// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysfs.c - /sys/kernel/ksplice
 *
 *	state	one line an update: KID STAGE
 *	version	of this interface
 *	forget	write a KID: drop an update that has no modules
 *	await	write "KID HASH N TARGET...": an update of N changes will come,
 *		those of these targets when they are loaded
 *	helper	the program that loads the modules of such a change
 *	KID/	an update (update-dir.c)
 */
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include "core/await.h"
#include "core/stage.h"
#include "core/sysfs-file.h"
#include "core/sysfs.h"
#include "core/umh.h"
#include "core/updates.h"
#include "model/update.h"

static ssize_t state_read(struct file *file, struct kobject *kobj,
			  ksplice_bin_attribute *attr, char *to, loff_t offset,
			  size_t count)
{
	struct ksplice_window window = {
		.to = to, .offset = offset, .count = count,
	};
	const char *stage;
	struct ksplice_update *update;

	if (mutex_lock_killable(&ksplice_mutex))
		return -EINTR;
	list_for_each_entry(update, &ksplice_updates, list) {
		stage = ksplice_stage_name(update->stage);
		ksplice_window_put(&window, update->kid, strlen(update->kid));
		ksplice_window_put(&window, " ", 1);
		ksplice_window_put(&window, stage, strlen(stage));
		ksplice_window_put(&window, "\n", 1);
	}
	mutex_unlock(&ksplice_mutex);
	return window.done;
}

static ssize_t version_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *to)
{
	return sysfs_emit(to, "%d\n", KSPLICE_API_VERSION);
}

static int forget_run(struct kobject *kobj, char *words)
{
	return ksplice_forget_update(words);
}
KSPLICE_COMMAND(forget, 0200, NULL);

static int await_run(struct kobject *kobj, char *words)
{
	return ksplice_await(words);
}
KSPLICE_COMMAND(await, 0200, NULL);

static ssize_t helper_read(struct file *file, struct kobject *kobj,
			   ksplice_bin_attribute *attr, char *to,
			   loff_t offset, size_t count)
{
	char *text = ksplice_umh_line();
	ssize_t ret = -ENOMEM;

	if (text)
		ret = ksplice_text_read(to, offset, count, text);
	kfree(text);
	return ret;
}

static int helper_run(struct kobject *kobj, char *words)
{
	return ksplice_umh_set(words);
}
KSPLICE_COMMAND(helper, 0600, helper_read);

static struct bin_attribute state_attr =
	__BIN_ATTR(state, 0444, state_read, NULL, 0);
static struct kobj_attribute version_attr = __ATTR_RO(version);

static struct attribute *root_attrs[] = {
	&version_attr.attr,
	NULL
};

static ksplice_bin_attribute_ptr root_bin_attrs[] = {
	&state_attr,
	&forget_attr,
	&await_attr,
	&helper_attr,
	NULL
};

static const struct attribute_group root_group = {
	.attrs = root_attrs,
	.bin_attrs = root_bin_attrs,
};

int ksplice_sysfs_init(void)
{
	int ret;

	ksplice_sysfs_root = kobject_create_and_add("ksplice", kernel_kobj);
	if (!ksplice_sysfs_root)
		return -ENOMEM;
	ret = sysfs_create_group(ksplice_sysfs_root, &root_group);
	if (ret)
		kobject_put(ksplice_sysfs_root);
	return ret;
}

void ksplice_sysfs_exit(void)
{
	kobject_put(ksplice_sysfs_root);
}
