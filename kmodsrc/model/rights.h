/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rights.h - the rights of a task that reads or writes one of our files
 */
#ifndef KSPLICE_RIGHTS_H
#define KSPLICE_RIGHTS_H

#include <linux/errno.h>
#include <linux/moduleparam.h>
#include <linux/types.h>

struct cred;
struct file;

/*
 * May a command be given by this file?  Both the task and the one that opened
 * the file need CAP_SYS_MODULE in the initial user namespace.
 */
bool ksplice_may_command(const struct file *file);

/*
 * May this task set a parameter of the core?  It needs CAP_SYS_MODULE in the
 * initial user namespace.  Who opened the file is not known here.
 */
bool ksplice_may_set(void);

/*
 * A module_param() that can also be set while the core is loaded.  As with
 * that, the name of a bool alone is enough for insmod.
 */
#define KSPLICE_PARAM(_name, _variable, _type)				\
	static int _name##_set(const char *words,			\
			       const struct kernel_param *param)	\
	{								\
		return ksplice_may_set() ?				\
		       param_set_##_type(words, param) : -EPERM;	\
	}								\
	static const struct kernel_param_ops _name##_ops = {		\
		.flags = __same_type(_variable, bool) ?			\
			 KERNEL_PARAM_OPS_FL_NOARG : 0,			\
		.set = _name##_set,					\
		.get = param_get_##_type,				\
	};								\
	param_check_##_type(_name, &(_variable));			\
	module_param_cb(_name, &_name##_ops, &_variable, 0644);		\
	__MODULE_PARM_TYPE(_name, #_type)

/* May a reader with these credentials see addresses of the kernel? */
bool ksplice_may_see_addresses(const struct cred *cred);

#endif
