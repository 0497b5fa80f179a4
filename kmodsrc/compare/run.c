// SPDX-License-Identifier: GPL-2.0-only
/*
 * run.c - reading the running code
 *
 * What hidden updates have overwritten is restored in the copy, the last one
 * applied first: the oldest of them saved what was there before all.
 *
 * All writers of kernel text hold text_mutex while it is not whole, so the copy
 * is made under it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "arch/probe.h"
#include "compare/run.h"
#include "kernel/compat.h"
#include "model/redirects.h"
#include "model/update.h"

/* The part of the len bytes for address at that lies in the copy of addr. */
static void overlay(u8 *buf, unsigned long addr, size_t size,
		    const u8 *bytes, unsigned long at, size_t len)
{
	unsigned long start = max(addr, at);
	unsigned long end = min(addr + size, at + len);

	if (start < end)
		memcpy(buf + (start - addr), bytes + (start - at),
		       end - start);
}

static void uncover_change(u8 *buf, unsigned long addr, size_t size,
			   const struct ksplice_change *change)
{
	const struct ksplice_function *function;
	unsigned int i;

	for (i = 0; i < change->n_functions; i++) {
		function = &change->functions[i];
		if (!function->is_part)
			overlay(buf, addr, size, function->saved,
				function->redirect, function->redirect_len);
	}
	for (i = 0; i < change->n_data; i++)
		overlay(buf, addr, size, change->data[i].saved,
			change->data[i].addr, change->data[i].size);
}

static void uncover(u8 *buf, unsigned long addr, size_t size)
{
	const struct ksplice_update *update;
	const struct ksplice_change *change;

	list_for_each_entry_reverse(update, &ksplice_updates, list) {
		if (!update->is_hidden)
			continue;
		list_for_each_entry(change, &update->changes, list)
			if (change->is_applied)
				uncover_change(buf, addr, size, change);
	}
}

int ksplice_run_peek(void *buf, unsigned long addr, size_t len)
{
	int err = copy_from_kernel_nofault(buf, (void *)addr, len);

	if (!err)
		uncover(buf, addr, len);
	return err;
}

u32 ksplice_run_read(u8 *buf, unsigned long addr, u32 max, u32 min,
		     bool *probed)
{
	u32 len = max;

	mutex_lock(ksplice_need.text_mutex);
	if (copy_from_kernel_nofault(buf, (void *)addr, len)) {
		len = min;
		if (copy_from_kernel_nofault(buf, (void *)addr, len))
			len = 0;
	}
	uncover(buf, addr, len);
	if (probed)
		*probed = len && ksplice_probe_restore(buf, addr, len);
	mutex_unlock(ksplice_need.text_mutex);
	return len;
}

unsigned long ksplice_run_body(unsigned long addr)
{
	unsigned long body;

	__ksplice_last_redirect(addr, &body);
	return body;
}
