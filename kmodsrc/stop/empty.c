// SPDX-License-Identifier: GPL-2.0-only
/*
 * empty.c - what a stop costs at least
 *
 * debugfs ksplice/empty_stop: reading it stops the machine once, for nothing,
 * and returns how many ns that took.  Reading it is a command, and takes the
 * rights of one.
 */
#include <linux/cpu.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/stop_machine.h>
#include "kernel/compat.h"
#include "model/debug.h"
#include "model/rights.h"
#include "stop/empty.h"

static int stop_nothing(void *arg)
{
	return 0;
}

/* In ns.  May sleep. */
static u64 stop_empty(void)
{
	u64 start;

	cpus_read_lock();
	mutex_lock(ksplice_need.text_mutex);
	start = ktime_get_ns();
	ksplice_call(stop_machine_cpuslocked)(stop_nothing, NULL,
					      cpu_online_mask);
	start = ktime_get_ns() - start;
	mutex_unlock(ksplice_need.text_mutex);
	cpus_read_unlock();
	return start;
}

static int empty_stop_get(void *data, u64 *ns)
{
	*ns = stop_empty();
	return 0;
}

static int empty_stop_open(struct inode *inode, struct file *file)
{
	if (!ksplice_may_command(file))
		return -EPERM;
	return simple_attr_open(inode, file, empty_stop_get, NULL, "%llu\n");
}

static ssize_t empty_stop_read(struct file *file, char __user *to,
			       size_t count, loff_t *offset)
{
	if (!ksplice_may_command(file))
		return -EPERM;
	return debugfs_attr_read(file, to, count, offset);
}

static const struct file_operations empty_stop_fops = {
	.owner = THIS_MODULE,
	.open = empty_stop_open,
	.release = simple_attr_release,
	.read = empty_stop_read,
};

void ksplice_empty_init(void)
{
	debugfs_create_file_unsafe("empty_stop", 0400, ksplice_debug_dir, NULL,
				   &empty_stop_fops);
}
