/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.h - what the core needs of the kernel and is not given by export
 *
 * kallsyms_lookup_name is found by a kprobe on it, all others through it, at
 * load.  A need that cannot be met refuses the load and is named in the kernel
 * log as "ksplice: this kernel has no 'NAME', which is needed to PURPOSE".
 * No kernel version is tested: what differs is probed for.
 *
 * Of functions that a header of the kernel declares the type is taken from
 * there, so a kernel that has changed one does not compile, instead of being
 * called wrongly.
 */
#ifndef KSPLICE_COMPAT_H
#define KSPLICE_COMPAT_H

#include <linux/extable.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/stacktrace.h>
#include <linux/stop_machine.h>
#include <linux/task_work.h>
#include <linux/types.h>
#include <linux/wait.h>
/* It moved in commit 5f60d5f6bbc1 (v6.12). */
#if __has_include(<linux/unaligned.h>)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

struct mutex;

struct ksplice_needs {
#define NEED_FUNCTION(name) typeof(name) *name
	NEED_FUNCTION(kallsyms_lookup_name);
	NEED_FUNCTION(kallsyms_on_each_symbol);
	struct mutex *text_mutex;
	NEED_FUNCTION(stack_trace_save_tsk_reliable);
	NEED_FUNCTION(get_kprobe);
	struct mutex *kprobe_mutex;
	NEED_FUNCTION(__is_insn_slot_addr);
	struct kprobe_insn_cache *kprobe_insn_slots;
	/* Not needed of a kernel without CONFIG_OPTPROBES. */
	struct kprobe_insn_cache *kprobe_optinsn_slots;
	NEED_FUNCTION(stop_machine_cpuslocked);
	NEED_FUNCTION(idle_task);
	NEED_FUNCTION(task_call_func);
	NEED_FUNCTION(put_task_stack);
	NEED_FUNCTION(task_work_cancel_match);
	NEED_FUNCTION(search_exception_tables);
	NEED_FUNCTION(find_module);
	NEED_FUNCTION(kallsyms_show_value);
#undef NEED_FUNCTION
	struct mutex *module_mutex;
	/* Not needed of a kernel without CONFIG_LIVEPATCH. */
	struct mutex *klp_mutex;
	struct list_head *klp_patches;
};

extern struct ksplice_needs ksplice_need;

/* A line of a table of needs: where the address goes, and what it is for. */
struct ksplice_need_line {
	const char *name;
	unsigned int offset;
	const char *purpose;
};

#define KSPLICE_NEED(type, name, purpose)				\
	{ #name, offsetof(type, name), purpose }

/*
 * Find all of a table, once kallsyms_lookup_name is known.  Return: 0, or
 * -EOPNOTSUPP and the log names the need.
 */
int ksplice_needs_find(void *to, const struct ksplice_need_line *needs,
		       unsigned int n);

/*
 * What is called for each symbol was told its module before commit 3703bd54cd37
 * (v6.4), and is not from then on.
 */
#define ksplice_symbols_have_module					\
	__builtin_types_compatible_p(typeof(kallsyms_on_each_symbol),	\
		int(int (*)(void *, const char *, struct module *,	\
			    unsigned long), void *))

/* Pinned by task_call_func(), or the machine is stopped. */
static inline bool ksplice_is_on_cpu(const struct task_struct *task)
{
#ifdef CONFIG_SMP
	return READ_ONCE(task->on_cpu);
#else
	return task == current;
#endif
}

/* Fill ksplice_need.  Return: 0, or -EOPNOTSUPP and the log names the need. */
int ksplice_compat_init(void);

/* The same of a need that no look-up of a symbol tells of. */
int ksplice_compat_check(bool is_met, const char *name, const char *purpose);

/*
 * Where the running code of a module lies; its size is rounded up to pages.
 * One block before commit ac3b43283923 (v6.4), one of several from then on.
 */
static inline unsigned long ksplice_module_text(const struct module *module)
{
#ifdef for_each_mod_mem_type
	return (unsigned long)module->mem[MOD_TEXT].base;
#else
	return (unsigned long)module->core_layout.base;
#endif
}

static inline unsigned long
ksplice_module_text_size(const struct module *module)
{
#ifdef for_each_mod_mem_type
	return module->mem[MOD_TEXT].size;
#else
	return module->core_layout.text_size;
#endif
}

#endif
