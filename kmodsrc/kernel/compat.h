/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.h - what the core needs and the kernel does not export
 *
 * kallsyms_lookup_name is found by a kprobe on it, all others through it, at
 * load.  A need that cannot be met refuses the load and is named in the kernel
 * log as "ksplice: this kernel has no 'NAME', which is needed to PURPOSE".
 * No kernel version is tested: what differs is probed for.
 *
 * Of functions that a header of the kernel declares the type is taken from
 * there, so a kernel that has changed one does not compile, instead of being
 * called wrongly.
 *
 * They are static calls: the address that was found is written into each call.
 * A call through a pointer could fault.  A CPU that tracks indirect branches
 * requires a mark at the start of what such a branch leads to, and a kernel
 * for it removes the mark, at boot, from functions that it calls by name only.
 */
#ifndef KSPLICE_COMPAT_H
#define KSPLICE_COMPAT_H

#include <linux/extable.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/stacktrace.h>
#include <linux/static_call.h>
#include <linux/stop_machine.h>
#include <linux/task_work.h>
#include <linux/types.h>
#include <linux/wait.h>
/* It moved in commit 5f60d5f6bbc1 (v6.12). */
#ifdef KSPLICE_HAS_LINUX_UNALIGNED
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

struct mutex;

/* ksplice_call(NAME)(ARGUMENTS) */
#define ksplice_call(name)	static_call(ksplice_##name)

/* Of a function that is wanted: does this kernel have it? */
#define ksplice_has(name)	(!!static_call_query(ksplice_##name))

/* NEED(name, purpose), without kallsyms_lookup_name */
#define KSPLICE_NEEDED_FUNCTIONS(NEED)					\
	NEED(kallsyms_on_each_symbol, "find candidate addresses")	\
	NEED(kernel_text_address, "tell code from data")		\
	NEED(stack_trace_save_tsk_reliable, "check stacks")		\
	NEED(get_kprobe, "find kprobes in code to be replaced")	\
	NEED(__is_insn_slot_addr,					\
	     "find tasks in the copies that kprobes make")		\
	NEED(stop_machine_cpuslocked, "stop the machine")		\
	NEED(idle_task, "check the stacks of idle tasks")		\
	NEED(task_call_func, "check the stacks of sleeping tasks")	\
	NEED(put_task_stack, "check the stacks of sleeping tasks")	\
	NEED(task_work_cancel_match, "let kicked tasks continue")	\
	NEED(search_exception_tables, "follow exceptions in old code")	\
	NEED(find_module, "find the module to be patched")		\
	NEED(kallsyms_show_value,					\
	     "find out which users may see addresses")

/* WANT(name): the core does without it where it is missing. */
#define KSPLICE_WANTED_FUNCTIONS(WANT)					\
	WANT(kallsyms_on_each_match_symbol)				\
	WANT(kallsyms_lookup)						\
	WANT(kallsyms_lookup_size_offset)

/* Commit 4dc533e0f2c0 (v6.2) added it, and it was backported. */
int kallsyms_on_each_match_symbol(int (*fn)(void *data, unsigned long addr),
				  const char *name, void *data);

#define KSPLICE_DECLARE_CALL(name, ...)					\
	DECLARE_STATIC_CALL(ksplice_##name, name)
/* It is called only once its address is known. */
#define KSPLICE_DEFINE_CALL(name, ...)					\
	DEFINE_STATIC_CALL_NULL(ksplice_##name, name);

KSPLICE_DECLARE_CALL(kallsyms_lookup_name);
KSPLICE_NEEDED_FUNCTIONS(KSPLICE_DECLARE_CALL)
KSPLICE_WANTED_FUNCTIONS(KSPLICE_DECLARE_CALL)

/* Data that is needed */
struct ksplice_needs {
	struct mutex *text_mutex;
	struct mutex *kprobe_mutex;
	struct kprobe_insn_cache *kprobe_insn_slots;
	/* Not needed of a kernel without CONFIG_OPTPROBES. */
	struct kprobe_insn_cache *kprobe_optinsn_slots;
	struct mutex *module_mutex;
	/* Not needed of a kernel without CONFIG_LIVEPATCH. */
	struct mutex *klp_mutex;
	struct list_head *klp_patches;
};

extern struct ksplice_needs ksplice_need;

/* A line of a table of needs: where the address goes, and what it is for. */
struct ksplice_need_line {
	const char *name;
	void *data;			/* a pointer; NULL for a function */
	struct static_call_key *key;	/* of a function */
	void *trampoline;
	const char *purpose;		/* NULL: the core does without it */
};

#define KSPLICE_NEED_FUNCTION(_name, _purpose)				\
	{								\
		.name = #_name,						\
		.key = &STATIC_CALL_KEY(ksplice_##_name),		\
		.trampoline = STATIC_CALL_TRAMP_ADDR(ksplice_##_name),	\
		.purpose = _purpose,					\
	},

/*
 * Find all of a table, once kallsyms_lookup_name is known.  Return: 0, or
 * -EOPNOTSUPP and the log names the need.
 */
int ksplice_needs_find(const struct ksplice_need_line *needs, unsigned int n);

/*
 * The function that is called for each symbol received its module until commit
 * 3703bd54cd37 (v6.4).
 */
#define ksplice_symbols_have_module					\
	__builtin_types_compatible_p(typeof(kallsyms_on_each_symbol),	\
		int(int (*)(void *, const char *, struct module *,	\
			    unsigned long), void *))

/* Is there code of the kernel or of a module? */
static inline bool ksplice_is_text(unsigned long addr)
{
	return ksplice_call(kernel_text_address)(addr);
}

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

/* The same of a need that is found without a symbol lookup. */
int ksplice_compat_check(bool is_met, const char *name, const char *purpose);

/*
 * Of two modules, that the source uses the target: in the source_list of the
 * target and in the target_list of the source.  The kernel's struct module_use
 * is private to its loader in later versions (7.3), so it is described here.
 * The list of the core verifies this with each module of an update.
 */
struct ksplice_module_use {
	struct list_head source_list;
	struct list_head target_list;
	struct module *source, *target;
};

/* Is the user found in the core's list, in that form?  Takes module_mutex. */
bool ksplice_knows_user(const struct module *user);

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
