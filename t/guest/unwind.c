// SPDX-License-Identifier: GPL-2.0-only
/*
 * unwind.c - is the stack of a thread reliable?
 *
 * Write a thread's id to the parameter pid, then read stack: an errno, or its
 * functions as the kernel's reliable unwinder finds them, one a line.
 */
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched/task.h>

static int pid;
module_param(pid, int, 0600);

/* Not exported: a kprobe tells where it is. */
static int (*save_reliable)(struct task_struct *task, unsigned long *store,
			    unsigned int size);

static int stack_get(char *to, const struct kernel_param *param)
{
	unsigned long entries[64];
	struct task_struct *task;
	int i, n, len = 0;

	rcu_read_lock();
	task = pid_task(find_vpid(pid), PIDTYPE_PID);
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	if (!task)
		return -ESRCH;
	n = save_reliable(task, entries, ARRAY_SIZE(entries));
	put_task_struct(task);
	if (n < 0)
		return sysfs_emit(to, "errno %d\n", -n);
	for (i = 0; i < n; i++)
		len += sysfs_emit_at(to, len, "%pS\n", (void *)entries[i]);
	return len;
}

static const struct kernel_param_ops stack_ops = {
	.get = stack_get,
};
module_param_cb(stack, &stack_ops, NULL, 0400);

static int __init unwind_init(void)
{
	struct kprobe probe = { .symbol_name = "stack_trace_save_tsk_reliable" };
	int ret = register_kprobe(&probe);

	if (ret)
		return ret;
	save_reliable = (void *)probe.addr;
	unregister_kprobe(&probe);
	return 0;
}
module_init(unwind_init);

static void __exit unwind_exit(void)
{
}
module_exit(unwind_exit);

MODULE_DESCRIPTION("fixture: the reliable stack of a thread");
MODULE_LICENSE("GPL");
