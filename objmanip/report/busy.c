// SPDX-License-Identifier: GPL-2.0-only
/*
 * busy.c - functions that a task is likely to be in
 *
 * A function is replaced when no task is in it.  Some always have one:
 * they are known by name.  Others are likely to have one, as they call what
 * puts a task to sleep until something happens.  Locks, memory and short
 * delays are waited for, too, but not for long: they do not count.  Both is a
 * hint for people, nothing is decided by it.
 */
#include "report/busy.h"
#include "arch/arch.h"

#include <string.h>

static const char *const always[] = {
	/* The scheduler, and where a task begins */
	"__schedule", "schedule", "schedule_idle", "schedule_timeout",
	"schedule_hrtimeout_range", "schedule_hrtimeout_range_clock",
	"do_idle", "cpu_startup_entry", "ret_from_fork", "kthread",
	/* What the daemons of a quiet system sleep in */
	"do_sys_poll", "do_poll", "do_select", "core_sys_select", "ep_poll",
	"do_epoll_wait", "do_epoll_pwait", "do_wait", "kernel_wait4",
	"do_nanosleep", "hrtimer_nanosleep", "common_nsleep", "do_futex",
	"futex_wait", "futex_wait_queue", "sigsuspend", "do_sigtimedwait",
	"ksys_read", "vfs_read", "new_sync_read", "pipe_read",
	/* Kernel threads */
	"worker_thread", "rescuer_thread", "smpboot_thread_fn",
	"rcu_gp_kthread", "rcu_tasks_kthread", "kthreadd", "kswapd",
	"kcompactd", "khugepaged", "ksm_scan_thread", "kauditd_thread",
	"oom_reaper", "migration_cpu_stop", "devtmpfsd", "kdevtmpfs",
	"kjournald2", "jbd2_journal_thread", "balance_dirty_pages_ratelimited",
};

/* The way of a write into sysfs */
static const char *const writer[] = {
	"ksys_write", "vfs_write", "new_sync_write", "kernfs_fop_write_iter",
	"sysfs_kf_write", "kobj_attr_store", "stop_machine_cpuslocked",
	"stop_cpus", "__stop_cpus", "multi_cpu_stop", "cpu_stopper_thread",
};

/* Names that begin so put the calling task to sleep. */
static const char *const sleepers[] = {
	"schedule", "io_schedule", "wait_woken", "prepare_to_wait",
	"do_wait_intr", "wait_for_completion", "__wait_on_bit",
	"out_of_line_wait_on", "__wait_rcu_gp", "kthread_worker_fn",
	"wait_event", "kthread_should_stop", "kthread_parkme", "__wait_for",
	"futex_wait", "sk_wait_data", "sk_stream_wait", "inet_wait_for",
	"__skb_wait_for_more", "__skb_recv_datagram", "hrtimer_nanosleep",
	"tty_wait", "anon_pipe_wait", "pipe_wait",
};

static bool is_in(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(name, list[i]))
			return true;
	return false;
}

#define IS_IN(name, list)						\
	is_in(name, list, sizeof(list) / sizeof(*(list)))

/* Is it one of those that the architecture adds? */
static bool is_always_of(const struct span *span)
{
	const char *const *name = span->section->object->arch->always_busy;

	while (*name && strcmp(*name, span->name))
		name++;
	return *name;
}

/* Is it one of those, and no timer or work item that is queued? */
static bool is_sleeper(const char *name)
{
	if (!strncmp(name, "schedule_", 9) && strncmp(name + 9, "timeout", 7) &&
	    strncmp(name + 9, "hrtimeout", 9) && strcmp(name + 9, "preempt_disabled"))
		return false;
	for (size_t i = 0; i < sizeof(sleepers) / sizeof(*sleepers); i++)
		if (!strncmp(name, sleepers[i], strlen(sleepers[i])))
			return true;
	return false;
}

enum busy busy_function(const struct span *span, const char **by)
{
	*by = NULL;
	if (IS_IN(span->name, writer))
		return BUSY_WRITER;
	if (IS_IN(span->name, always) || is_always_of(span))
		return BUSY_ALWAYS;
	for (size_t i = 0; i < span->n_relocs; i++) {
		const char *name = referent_name(&span->relocs[i]);

		if (!is_sleeper(name))
			continue;
		*by = name;
		return BUSY_SLEEPS;
	}
	return BUSY_NOT;
}
