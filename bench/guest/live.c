// SPDX-License-Identifier: GPL-2.0-only
/*
 * live.c - the update of bench/guest/call.patch as a livepatch
 *
 * Active as long as it is loaded: write 0 to enabled, wait for the transition,
 * then it may go.
 */
#include <linux/jiffies.h>
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/time64.h>

static u64 live_jiffies64_to_msecs(u64 j)
{
	return (MSEC_PER_SEC / HZ) * j + 1;
}

static struct klp_func functions[] = {
	{
		.old_name = "jiffies64_to_msecs",
		.new_func = live_jiffies64_to_msecs,
	},
	{ }
};

static struct klp_object objects[] = {
	{ .funcs = functions },
	{ }
};

static struct klp_patch patch = {
	.mod = THIS_MODULE,
	.objs = objects,
};

static int __init live_init(void)
{
	return klp_enable_patch(&patch);
}
module_init(live_init);

static void __exit live_exit(void)
{
}
module_exit(live_exit);

MODULE_DESCRIPTION("bench/call: a livepatch");
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
