/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * update-dir.h - /sys/kernel/ksplice/KID, the directory of an update
 *
 * The files take ksplice_mutex; removing a directory waits for the tasks in
 * its files.  So it must be called without ksplice_mutex.
 */
#ifndef KSPLICE_UPDATE_DIR_H
#define KSPLICE_UPDATE_DIR_H

struct ksplice_update;

/*
 * Make the directory of an update.  From then on it is freed by its kobject:
 * on failure too the caller must not touch it again.
 */
int ksplice_update_dir_add(struct ksplice_update *update);

/* Remove the directory and drop the reference that keeps the update. */
void ksplice_update_dir_remove(struct ksplice_update *update);

#endif
