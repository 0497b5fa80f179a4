// SPDX-License-Identifier: GPL-2.0-only
/*
 * compat.c - find what the core needs of the kernel and is not exported
 *
 * A kprobe on kallsyms_lookup_name gives its address, it gives all others.
 * The table below is the whole list.  A missing need refuses the load with
 * -EOPNOTSUPP and is named in the kernel log.  What is looked up later is what
 * only some kernels have, and what is done without where it is missing.
 *
 * The module parameter "without" makes the named need look missing, so that
 * the refusal can be seen on a kernel that has everything.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/string.h>
#include "kernel/compat.h"

struct ksplice_needs ksplice_need;

static char *without = "";
module_param(without, charp, 0444);
MODULE_PARM_DESC(without, "name of a need that counts as missing, for tests");

static const struct ksplice_need_line needs[] = {
#define NEED(name, purpose) KSPLICE_NEED(struct ksplice_needs, name, purpose)
	NEED(kallsyms_on_each_symbol, "find candidate addresses"),
	NEED(text_mutex, "write to kernel text"),
	NEED(stack_trace_save_tsk_reliable, "check stacks"),
	NEED(get_kprobe, "find kprobes in code to be replaced"),
	NEED(kprobe_mutex, "keep kprobes out of code to be replaced"),
	NEED(__is_insn_slot_addr, "find tasks in the copies that kprobes make"),
	NEED(kprobe_insn_slots, "find tasks in the copies that kprobes make"),
#ifdef CONFIG_OPTPROBES
	NEED(kprobe_optinsn_slots,
	     "find tasks in the copies that kprobes make"),
#endif
	NEED(stop_machine_cpuslocked, "stop the machine"),
	NEED(idle_task, "check the stacks of idle tasks"),
	NEED(task_call_func, "check the stacks of sleeping tasks"),
	NEED(put_task_stack, "check the stacks of sleeping tasks"),
	NEED(task_work_cancel_match, "let kicked tasks continue"),
	NEED(search_exception_tables, "follow exceptions in old code"),
	NEED(find_module, "find the module to be patched"),
	NEED(kallsyms_show_value, "find out which users may see addresses"),
	NEED(module_mutex, "see which modules use new code"),
#ifdef CONFIG_LIVEPATCH
	NEED(klp_mutex, "find functions that are live-patched"),
	NEED(klp_patches, "find functions that are live-patched"),
#endif
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

static unsigned long find_kallsyms_lookup_name(void)
{
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };
	unsigned long addr;

	if (is_hidden(probe.symbol_name) || register_kprobe(&probe))
		return 0;
	addr = (unsigned long)probe.addr;
	unregister_kprobe(&probe);
	return addr;
}

int ksplice_needs_find(void *to, const struct ksplice_need_line *lines,
		       unsigned int n)
{
	unsigned long addr;
	unsigned int i;

	for (i = 0; i < n; i++) {
		addr = 0;
		if (!is_hidden(lines[i].name))
			addr = ksplice_need.kallsyms_lookup_name(lines[i].name);
		if (!addr)
			return refuse(lines[i].name, lines[i].purpose);
		*(unsigned long *)(to + lines[i].offset) = addr;
	}
	return 0;
}

int ksplice_compat_init(void)
{
	unsigned long addr;

	addr = find_kallsyms_lookup_name();
	if (!addr)
		return refuse("kallsyms_lookup_name",
			      "find all other symbols (by a kprobe on it)");
	ksplice_need.kallsyms_lookup_name = (void *)addr;
	return ksplice_needs_find(&ksplice_need, needs, ARRAY_SIZE(needs));
}

int ksplice_compat_check(bool is_met, const char *name, const char *purpose)
{
	return is_met && !is_hidden(name) ? 0 : refuse(name, purpose);
}
