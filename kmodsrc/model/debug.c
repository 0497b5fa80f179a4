// SPDX-License-Identifier: GPL-2.0-only
/*
 * debug.c - the log of an update, a buffer that grows up to a cap
 *
 * A line that does not fit under the cap, or for which there is no memory, is
 * dropped, and so is all that follows it: a log with holes would mislead.
 * A log has its own mutex, so that it can be read while matching goes on.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "model/debug.h"
#include "model/update.h"
#include "model/words.h"

#define LOG_CAP		(1U << 20)
#define LOG_FIRST	4096U

static const char full[] = "(the log is full)\n";

struct ksplice_log {
	struct mutex mutex;		/* guards all below */
	char *text;
	size_t len;
	size_t size;
	bool is_full;
	struct dentry *dir;		/* set once */
};

struct dentry *ksplice_debug_dir;

static int log_grow(struct ksplice_log *log, size_t need)
{
	size_t size = max_t(size_t, log->size, LOG_FIRST);
	char *text;

	while (size < need)
		size *= 2;
	if (size > LOG_CAP)
		return -EFBIG;
	if (size == log->size)
		return 0;
	text = kvmalloc(size, GFP_KERNEL | __GFP_NOWARN);
	if (!text)
		return -ENOMEM;
	if (log->len)
		memcpy(text, log->text, log->len);
	kvfree(log->text);
	log->text = text;
	log->size = size;
	return 0;
}

void ksplice_debug(struct ksplice_update *update, const char *fmt, ...)
{
	struct ksplice_log *log = update->log;
	va_list args;
	char *line;
	int len;

	if (!log)
		return;
	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);

	mutex_lock(&log->mutex);
	if (log->is_full)
		goto out_unlock;
	/* Room for the line, its newline and the note that may follow it. */
	if (log_grow(log, log->len + len + 1 + sizeof(full))) {
		log->is_full = true;
		if (log->text) {
			memcpy(log->text + log->len, full, sizeof(full) - 1);
			log->len += sizeof(full) - 1;
		}
		goto out_unlock;
	}
	va_start(args, fmt);
	line = log->text + log->len;
	log->len += vscnprintf(line, len + 1, fmt, args);
	va_end(args);
	ksplice_words_clean(line);
	log->text[log->len++] = '\n';
out_unlock:
	mutex_unlock(&log->mutex);
}

ssize_t ksplice_log_read(struct ksplice_log *log, char *to, loff_t offset,
			 size_t count)
{
	ssize_t ret = 0;

	if (!log)
		return 0;
	mutex_lock(&log->mutex);
	if (log->text)
		ret = memory_read_from_buffer(to, count, &offset, log->text,
					      log->len);
	mutex_unlock(&log->mutex);
	return ret;
}

static ssize_t log_read(struct file *file, char __user *to, size_t count,
			loff_t *offset)
{
	struct ksplice_log *log = file->private_data;
	ssize_t ret = 0;

	mutex_lock(&log->mutex);
	if (log->text)
		ret = simple_read_from_buffer(to, count, offset, log->text,
					      log->len);
	mutex_unlock(&log->mutex);
	return ret;
}

static const struct file_operations log_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = log_read,
	.llseek = default_llseek,
};

struct ksplice_log *ksplice_log_new(const char *kid)
{
	struct ksplice_log *log = kzalloc(sizeof(*log), GFP_KERNEL);

	if (!log)
		return NULL;
	mutex_init(&log->mutex);
	log->dir = debugfs_create_dir(kid, ksplice_debug_dir);
	debugfs_create_file("log", 0400, log->dir, log, &log_fops);
	return log;
}

void ksplice_log_hide(struct ksplice_log *log)
{
	if (!log)
		return;
	debugfs_remove(log->dir);
	log->dir = NULL;
}

void ksplice_log_free(struct ksplice_log *log)
{
	if (!log)
		return;
	kvfree(log->text);
	mutex_destroy(&log->mutex);
	kfree(log);
}

void ksplice_debug_init(void)
{
	ksplice_debug_dir = debugfs_create_dir("ksplice", NULL);
}

void ksplice_debug_exit(void)
{
	debugfs_remove(ksplice_debug_dir);
}
