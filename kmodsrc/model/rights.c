// SPDX-License-Identifier: GPL-2.0-only
/*
 * rights.c - the rights of a task that reads or writes one of our files
 *
 * A command takes the right to load modules, and so does setting a parameter.
 * A user id of 0 is no such right, in a container least of all.  Addresses are
 * shown to readers that see them in /proc/kallsyms: the rule honours
 * kptr_restrict.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/user_namespace.h>
#include "kernel/compat.h"
#include "model/rights.h"

bool ksplice_may_command(const struct file *file)
{
	return file_ns_capable(file, &init_user_ns, CAP_SYS_MODULE) &&
	       capable(CAP_SYS_MODULE);
}

bool ksplice_may_set(void)
{
	return capable(CAP_SYS_MODULE);
}

bool ksplice_may_see_addresses(const struct cred *cred)
{
	return ksplice_call(kallsyms_show_value)(cred);
}
