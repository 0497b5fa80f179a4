/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sysfs.h - /sys/kernel/ksplice
 */
#ifndef KSPLICE_SYSFS_H
#define KSPLICE_SYSFS_H

int ksplice_sysfs_init(void);
void ksplice_sysfs_exit(void);

#endif
