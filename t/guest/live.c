// SPDX-License-Identifier: GPL-2.0-only
/*
 * live.c - a livepatch: /proc/NAME reads "live: NAME"
 *
 * LIVE is version or cmdline; the module is live_version.ko or live_cmdline.ko.
 */
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/stringify.h>

static int live_show(struct seq_file *m, void *v)
{
	seq_puts(m, "live: " __stringify(LIVE) "\n");
	return 0;
}

static struct klp_func functions[] = {
	{
		.old_name = __stringify(LIVE) "_proc_show",
		.new_func = live_show,
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

MODULE_DESCRIPTION("fixture: a livepatch");
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
