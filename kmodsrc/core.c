// SPDX-License-Identifier: GPL-2.0-only
/*
 * core.c - ksplice.ko: its init and exit
 *
 * The modules of updates call the functions of ksplice.h, which core/change.c
 * exports; they depend on this module by them, so it stays while one of them is
 * loaded.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include "arch.h"
#include "arch/init.h"
#include "arch/redirect.h"
#include "core/sysfs.h"
#include "core/targets.h"
#include "core/updates.h"
#include "kernel/compat.h"
#include "kernel/exports.h"
#include "ksplice.h"
#include "model/debug.h"
#include "shadow.h"
#include "stop/empty.h"
#include "tasks/exiting.h"
#include "tasks/park.h"

/* What must be so on this machine and in this kernel */
static int __init check_needs(void)
{
	const char *refusal = ksplice_arch_refuses();

	if (refusal) {
		pr_err("%s\n", refusal);
		return -EOPNOTSUPP;
	}
	return ksplice_compat_init() ?: ksplice_arch_init() ?:
	       ksplice_compat_check(ksplice_exports_init(
			"ksplice_register_old_code",
			(unsigned long)ksplice_register_old_code),
		"kernel_symbol", "import symbols, in the form that is known");
}

static int __init ksplice_init(void)
{
	int ret;

	ret = check_needs();
	if (ret)
		return ret;
	ksplice_debug_init();
	ksplice_empty_init();
	ret = ksplice_redirect_init();
	if (ret)
		goto err_debug_exit;
	ret = ksplice_targets_init();
	if (ret)
		goto err_redirect_exit;
	ret = ksplice_shadow_init();
	if (ret)
		goto err_targets_exit;
	ret = ksplice_sysfs_init();
	if (ret)
		goto err_shadow_exit;
	return 0;

err_shadow_exit:
	ksplice_shadow_exit();
err_targets_exit:
	ksplice_targets_exit();
err_redirect_exit:
	ksplice_redirect_exit();
err_debug_exit:
	ksplice_debug_exit();
	return ret;
}

static void __exit ksplice_exit(void)
{
	ksplice_targets_exit();
	ksplice_forget_all();
	ksplice_sysfs_exit();
	ksplice_shadow_exit();
	ksplice_redirect_exit();
	ksplice_debug_exit();
	ksplice_park_exit();
	ksplice_exiting_exit();
}

module_init(ksplice_init);
module_exit(ksplice_exit);
MODULE_DESCRIPTION("hot patching of the running kernel");
MODULE_LICENSE("GPL v2");
