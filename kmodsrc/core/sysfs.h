/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sysfs.h - /sys/kernel/ksplice
 *
 * The files take ksplice_mutex; removing a directory waits for whoever is in
 * one of its files.  So it must be called without ksplice_mutex.
 */
#ifndef KSPLICE_SYSFS_H
#define KSPLICE_SYSFS_H

#include <linux/types.h>

struct file;
struct ksplice_update;

/*
 * May a command be given by this file?  Both the task and the one that opened the
 * file need CAP_SYS_MODULE in the initial user namespace.
 */
bool ksplice_may_command(const struct file *file);

int ksplice_sysfs_init(void);
void ksplice_sysfs_exit(void);

/*
 * Make the directory of an update.  From then on it is freed by its kobject:
 * on failure too the caller must not touch it again.
 */
int ksplice_sysfs_add(struct ksplice_update *update);

/* Remove the directory and drop the reference that keeps the update. */
void ksplice_sysfs_remove(struct ksplice_update *update);

#endif
