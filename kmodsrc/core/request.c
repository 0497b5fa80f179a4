// SPDX-License-Identifier: GPL-2.0-only
/*
 * request.c - a change of stage without a task that waits in the kernel
 *
 * A task that writes to the stage file is in vfs_write() and its callers while
 * the update is applied, so these functions could never be replaced.  So a
 * kernel thread carries out a request: its stack has nothing else on it.  The
 * requesting task polls for the end.
 *
 * The kernel thread holds the update's kobject, and the core by a reference
 * that it drops in its last step.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include "core/request.h"
#include "core/stage.h"
#include "model/update.h"

static int carry_out(void *data)
{
	struct ksplice_update *update = data;
	struct ksplice_request *request = &update->request;
	int ret = -ENODEV;

	mutex_lock(&ksplice_mutex);
	update->requester = request->requester;
	if (!list_empty(&update->list))
		ret = __ksplice_act(update, request->action);
	update->requester = NULL;
	mutex_unlock(&ksplice_mutex);

	put_task_struct(request->requester);
	WRITE_ONCE(request->result, ret);
	/* pairs with the acquire in ksplice_request_show() */
	smp_store_release(&request->state, KSPLICE_REQUEST_DONE);
	kobject_put(&update->kobj);
	module_put_and_kthread_exit(0);
}

int ksplice_request_start(struct ksplice_update *update,
			  enum ksplice_action action)
{
	struct ksplice_request *request = &update->request;
	struct task_struct *thread;
	int state = READ_ONCE(request->state);

	if (state == KSPLICE_REQUEST_RUNNING ||
	    cmpxchg(&request->state, state, KSPLICE_REQUEST_RUNNING) != state)
		return -EBUSY;
	request->action = action;
	request->requester = get_task_struct(current);
	kobject_get(&update->kobj);
	__module_get(THIS_MODULE);
	thread = kthread_run(carry_out, update, "ksplice/%s", update->kid);
	if (!IS_ERR(thread))
		return 0;
	module_put(THIS_MODULE);
	put_task_struct(request->requester);
	WRITE_ONCE(request->state, state);
	kobject_put(&update->kobj);
	return PTR_ERR(thread);
}

void ksplice_request_show(const struct ksplice_update *update, char *to,
			  size_t size)
{
	const struct ksplice_request *request = &update->request;

	/* pairs with the release in carry_out() */
	switch (smp_load_acquire(&request->state)) {
	case KSPLICE_REQUEST_RUNNING:
		scnprintf(to, size, "running\n");
		break;
	case KSPLICE_REQUEST_DONE:
		scnprintf(to, size, "done %d\n",
			  -READ_ONCE(request->result));
		break;
	default:
		scnprintf(to, size, "none\n");
	}
}
