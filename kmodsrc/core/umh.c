// SPDX-License-Identifier: GPL-2.0-only
/*
 * umh.c - the usermode helper
 *
 * The program that loads and removes the modules of a change when its target is
 * loaded or removed: ksplice-apply, normally.  It runs as root, so the core
 * takes one only if root alone can change it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/kmod.h>
#include <linux/limits.h>
#include <linux/mutex.h>
#include <linux/namei.h>
#include <linux/pid.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include "core/umh.h"

static DEFINE_MUTEX(umh_mutex);		/* guards umh_path */
static char umh_path[PATH_MAX];

char *ksplice_umh_line(void)
{
	char *line;

	mutex_lock(&umh_mutex);
	line = kasprintf(GFP_KERNEL, "%s\n", umh_path);
	mutex_unlock(&umh_mutex);
	return line;
}

static bool is_writable_by_others(const struct inode *inode)
{
	return !uid_eq(inode->i_uid, GLOBAL_ROOT_UID) ||
	       inode->i_mode & 0022;	/* writable by group or others */
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
static int umh_check(const char *name)
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

int ksplice_umh_set(const char *path)
{
	int ret;

	if ((*path && *path != '/') || strlen(path) >= sizeof(umh_path))
		return -EINVAL;
	ret = *path ? umh_check(path) : 0;
	if (ret)
		return ret;
	mutex_lock(&umh_mutex);
	strscpy(umh_path, path, sizeof(umh_path));
	mutex_unlock(&umh_mutex);
	return 0;
}

/*
 * In the child, which is about to become the program.  It has the root
 * directory and the mounts that the program will see, which those of the task
 * that has named it or that loads the module need not be.  What is fine now
 * stays so: root alone can change it.
 */
static int umh_init(struct subprocess_info *info, struct cred *cred)
{
	struct pid **pid = info->data;
	int ret = umh_check(info->argv[3]);

	if (!ret)
		*pid = get_pid(task_pid(current));
	return ret;
}

struct pid *ksplice_umh_start(const char *option, const char *name)
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

	mutex_lock(&umh_mutex);
	argv[3] = kstrdup(umh_path, GFP_KERNEL);
	mutex_unlock(&umh_mutex);
	argv[4] = kasprintf(GFP_KERNEL, "%s=%s", option, name);
	if (!argv[3] || !argv[4])
		goto out_free;
	ret = -ENOENT;
	if (!*argv[3])
		goto out_free;
	ret = -ENOMEM;
	info = call_usermodehelper_setup(argv[0], argv, envp, GFP_KERNEL,
					 umh_init, NULL, &pid);
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

bool ksplice_umh_has_ended(struct pid *pid)
{
	bool ret;

	rcu_read_lock();
	ret = !pid_task(pid, PIDTYPE_PID);
	rcu_read_unlock();
	return ret;
}
