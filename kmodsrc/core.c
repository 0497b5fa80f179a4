// SPDX-License-Identifier: GPL-2.0-only
/*
 * core.c - ksplice.ko: its init and exit
 *
 * The modules of updates call the functions of ksplice.h, which update.c exports;
 * they depend on this module by them, so it stays while one of them is loaded.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include "arch/redirect.h"
#include "core/await.h"
#include "core/sysfs.h"
#include "kernel/compat.h"
#include "model/debug.h"
#include "model/update.h"
#include "shadow.h"
#include "threads/park.h"

static int __init ksplice_init(void)
{
	int ret;

	ret = ksplice_compat_init();
	if (ret)
		return ret;
	ksplice_debug_init();
	ret = ksplice_redirect_init();
	if (ret)
		goto err_debug_exit;
	ret = ksplice_await_init();
	if (ret)
		goto err_redirect_exit;
	ret = ksplice_shadow_init();
	if (ret)
		goto err_await_exit;
	ret = ksplice_sysfs_init();
	if (ret)
		goto err_shadow_exit;
	return 0;

err_shadow_exit:
	ksplice_shadow_exit();
err_await_exit:
	ksplice_await_exit();
err_redirect_exit:
	ksplice_redirect_exit();
err_debug_exit:
	ksplice_debug_exit();
	return ret;
}

static void __exit ksplice_exit(void)
{
	ksplice_await_exit();
	ksplice_forget_all();
	ksplice_sysfs_exit();
	ksplice_shadow_exit();
	ksplice_redirect_exit();
	ksplice_debug_exit();
	ksplice_park_exit();
}

module_init(ksplice_init);
module_exit(ksplice_exit);
MODULE_DESCRIPTION("hot patching of the running kernel");
MODULE_LICENSE("GPL v2");
