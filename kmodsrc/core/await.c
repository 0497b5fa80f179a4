// SPDX-License-Identifier: GPL-2.0-only
/*
 * await.c - an update is announced before its modules are loaded
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "core/await.h"
#include "core/awaited.h"
#include "core/updates.h"

int ksplice_await(char *text)
{
	struct ksplice_update *update;
	const char *kid = strsep(&text, " ");
	const char *hash = strsep(&text, " ");
	char *count = strsep(&text, " ");
	unsigned int n_changes, n = 0;
	const char *target;
	int ret = 0;

	if (!count || kstrtouint(count, 10, &n_changes))
		return -EINVAL;
	update = ksplice_update_begin(kid, hash, n_changes);
	if (IS_ERR(update))
		return PTR_ERR(update);
	while ((target = strsep(&text, " "))) {
		ret = *target && strcmp(target, "vmlinux") &&
		      ++n <= n_changes ?
		      __ksplice_awaited_add(update, target) : -EINVAL;
		if (ret)
			break;
	}
	ksplice_update_begun(update, ret);
	return ret;
}
