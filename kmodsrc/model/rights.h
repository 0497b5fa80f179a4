/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rights.h - the rights of a task that reads or writes one of our files
 */
#ifndef KSPLICE_RIGHTS_H
#define KSPLICE_RIGHTS_H

#include <linux/types.h>

struct cred;
struct file;

/*
 * May a command be given by this file?  Both the task and the one that opened
 * the file need CAP_SYS_MODULE in the initial user namespace.
 */
bool ksplice_may_command(const struct file *file);

/* May a reader with these credentials see addresses of the kernel? */
bool ksplice_may_see_addresses(const struct cred *cred);

#endif
