// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysfs-file.c - what all our files in sysfs share
 *
 * Files that may grow beyond a page are binary attributes, which are read
 * piece by piece.
 *
 * Files that are written to are commands.  All writes go through
 * ksplice_command_write(), which asks for CAP_SYS_MODULE in the initial user
 * namespace (rights.c).  They are binary attributes, as only those get the
 * file; their texts are short and made anew at each read, so one read(2) is to
 * have the whole of it.
 */
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "core/sysfs-file.h"
#include "model/rights.h"
#include "model/update.h"

struct kobject *ksplice_sysfs_root;

struct ksplice_update *ksplice_update_of(struct kobject *kobj)
{
	return container_of(kobj, struct ksplice_update, kobj);
}

int ksplice_update_lock(struct ksplice_update *update)
{
	if (mutex_lock_killable(&ksplice_mutex))
		return -EINTR;
	if (list_empty(&update->list)) {
		mutex_unlock(&ksplice_mutex);
		return -ENODEV;
	}
	return 0;
}

void ksplice_update_unlock(void)
{
	mutex_unlock(&ksplice_mutex);
}

void ksplice_window_put(struct ksplice_window *window, const char *text,
			size_t len)
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

ssize_t ksplice_text_read(char *to, loff_t offset, size_t count,
			  const char *text)
{
	return memory_read_from_buffer(to, count, &offset, text,
				       strlen(text));
}

/* A write is a command: the rest of one that is cut off would be another. */
ssize_t ksplice_command_write(struct file *file, struct kobject *kobj,
			      ksplice_bin_attribute *attr, char *from,
			      loff_t offset, size_t count)
{
	const struct ksplice_command *command = attr->private;
	char *words;
	int ret;

	if (!ksplice_may_command(file))
		return -EPERM;
	if (count >= PAGE_SIZE)
		return -E2BIG;
	words = kmemdup_nul(from, count, GFP_KERNEL);
	if (!words)
		return -ENOMEM;
	ret = command->run(kobj, strim(words));
	kfree(words);
	return ret ?: count;
}
