// SPDX-License-Identifier: GPL-2.0-only
/*
 * run.c - reading the running code
 *
 * All writers of kernel text hold text_mutex while it is not whole, so the copy
 * is made under it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mutex.h>
#include <linux/uaccess.h>
#include "compat.h"
#include "probe.h"
#include "redirects.h"
#include "run.h"

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
