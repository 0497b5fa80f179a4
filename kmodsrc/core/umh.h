/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * umh.h - the usermode helper
 */
#ifndef KSPLICE_UMH_H
#define KSPLICE_UMH_H

#include <linux/types.h>

struct pid;

/*
 * The program that is run; "" for none.  The line is to be freed, and NULL if
 * there is no memory.  Set returns 0; -EINVAL if it is no absolute path;
 * -EACCES if others than root could change what is run.
 */
char *ksplice_umh_line(void);
int ksplice_umh_set(const char *path);

/*
 * Run it with OPTION=NAME.  May sleep; without ksplice_mutex.  Return: its
 * process, to be put; or an error, which is logged.
 */
struct pid *ksplice_umh_start(const char *option, const char *name);
bool ksplice_umh_has_ended(struct pid *pid);

#endif
