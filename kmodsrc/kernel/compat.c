// SPDX-License-Identifier: GPL-2.0-only
/*
 * compat.c - find what the core needs and the kernel does not export
 *
 * A kprobe on kallsyms_lookup_name gives its address, it gives all others.
 * The table below is the whole list.  A missing need refuses the load with
 * -EOPNOTSUPP and is named in the kernel log.  Functions that the core does
 * without where they are missing are in it as well; data of that kind is looked
 * up where it is used.
 *
 * The module parameter "without" makes the named need look missing, so that
 * the refusal can be seen on a kernel that has everything.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include "kernel/compat.h"

KSPLICE_DEFINE_CALL(kallsyms_lookup_name)
KSPLICE_NEEDED_FUNCTIONS(KSPLICE_DEFINE_CALL)
KSPLICE_WANTED_FUNCTIONS(KSPLICE_DEFINE_CALL)

struct ksplice_needs ksplice_need;

static char *without = "";
module_param(without, charp, 0444);
MODULE_PARM_DESC(without, "name of a need that counts as missing, for tests");

/* What finds all that is in the next table */
static const struct ksplice_need_line first_need[] = {
	KSPLICE_NEED_FUNCTION(kallsyms_lookup_name,
			      "find all other symbols (by a kprobe on it)")
};

static const struct ksplice_need_line needs[] = {
#define NEED(_name, _purpose)						\
	{ .name = #_name, .data = &ksplice_need._name, .purpose = _purpose }
#define WANT(name) KSPLICE_NEED_FUNCTION(name, NULL)
	KSPLICE_NEEDED_FUNCTIONS(KSPLICE_NEED_FUNCTION)
	KSPLICE_WANTED_FUNCTIONS(WANT)
	NEED(text_mutex, "write to kernel text"),
	NEED(kprobe_mutex, "keep kprobes out of code to be replaced"),
	NEED(kprobe_insn_slots, "find tasks in the copies that kprobes make"),
#ifdef CONFIG_OPTPROBES
	NEED(kprobe_optinsn_slots,
	     "find tasks in the copies that kprobes make"),
#endif
	NEED(module_mutex, "see which modules use new code"),
#ifdef CONFIG_LIVEPATCH
	NEED(klp_mutex, "find functions that a livepatch has replaced"),
	NEED(klp_patches, "find functions that a livepatch has replaced"),
#endif
#undef WANT
#undef NEED
};

static bool is_hidden(const char *name)
{
	return !strcmp(name, without);
}

static int refuse(const char *name, const char *purpose)
{
	pr_err("this kernel has no '%s', which is needed to %s\n", name,
	       purpose);
	return -EOPNOTSUPP;
}

/*
 * The probe may be after a mark at the entry (compat.h): a direct call may lead
 * there as well.
 */
static unsigned long find_kallsyms_lookup_name(void)
{
	struct kprobe probe = { .symbol_name = first_need->name };
	unsigned long addr;

	if (is_hidden(probe.symbol_name) || register_kprobe(&probe))
		return 0;
	addr = (unsigned long)probe.addr;
	unregister_kprobe(&probe);
	return addr;
}

static int set(const struct ksplice_need_line *need, unsigned long addr)
{
	if (!addr)
		return need->purpose ? refuse(need->name, need->purpose) : 0;
	if (need->data)
		*(unsigned long *)need->data = addr;
	else
		__static_call_update(need->key, need->trampoline, (void *)addr);
	return 0;
}

int ksplice_needs_find(const struct ksplice_need_line *lines, unsigned int n)
{
	unsigned long addr;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < n && !ret; i++) {
		addr = 0;
		if (!is_hidden(lines[i].name))
			addr = ksplice_call(kallsyms_lookup_name)(
							lines[i].name);
		ret = set(&lines[i], addr);
	}
	return ret;
}

int ksplice_compat_init(void)
{
	return set(first_need, find_kallsyms_lookup_name()) ?:
	       ksplice_needs_find(needs, ARRAY_SIZE(needs));
}

bool ksplice_knows_user(const struct module *user)
{
	const struct ksplice_module_use *use;
	bool found = false;

	mutex_lock(ksplice_need.module_mutex);
	list_for_each_entry(use, &THIS_MODULE->source_list, source_list) {
		found = use->source == user && use->target == THIS_MODULE;
		if (found)
			break;
	}
	mutex_unlock(ksplice_need.module_mutex);
	return found;
}

int ksplice_compat_check(bool is_met, const char *name, const char *purpose)
{
	return is_met && !is_hidden(name) ? 0 : refuse(name, purpose);
}
