/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.h - what the core needs of the kernel and is not given by export
 *
 * kallsyms_lookup_name is found by a kprobe on it, all others through it, at
 * load.  A need that cannot be met refuses the load and is named in the kernel
 * log as "ksplice: this kernel has no 'NAME', which is needed to PURPOSE".
 * No kernel version is tested: what differs is probed for.
 */
#ifndef KSPLICE_COMPAT_H
#define KSPLICE_COMPAT_H

#include <linux/types.h>
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/stop_machine.h>

struct mutex;
struct kprobe;
struct exception_table_entry;
struct insn;
enum insn_mode;

struct ksplice_needs {
	unsigned long (*kallsyms_lookup_name)(const char *name);
	int (*kallsyms_on_each_symbol)(int (*fn)(void *, const char *,
						 struct module *,
						 unsigned long), void *data);
	void *(*text_poke)(void *addr, const void *opcode, size_t len);
	struct mutex *text_mutex;
	int (*stack_trace_save_tsk_reliable)(struct task_struct *task,
					     unsigned long *store,
					     unsigned int size);
	int (*insn_decode)(struct insn *insn, const void *kaddr, int buf_len,
			   enum insn_mode mode);
	struct kprobe *(*get_kprobe)(void *addr);
	struct mutex *kprobe_mutex;
	int (*stop_machine_cpuslocked)(cpu_stop_fn_t fn, void *data,
				       const struct cpumask *cpus);
	struct task_struct *(*idle_task)(int cpu);
	int (*task_call_func)(struct task_struct *task,
			      int (*fn)(struct task_struct *, void *),
			      void *arg);
	void (*put_task_stack)(struct task_struct *task);
	struct callback_head *(*task_work_cancel_match)(
		struct task_struct *task,
		bool (*match)(struct callback_head *, void *), void *data);
	const struct exception_table_entry *
		(*search_exception_tables)(unsigned long addr);
	struct module *(*find_module)(const char *name);
	struct mutex *module_mutex;
	/* Not needed of a kernel without CONFIG_LIVEPATCH. */
	struct mutex *klp_mutex;
	struct list_head *klp_patches;
};

extern struct ksplice_needs ksplice_need;

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

static inline unsigned long ksplice_module_text_size(const struct module *module)
{
#ifdef for_each_mod_mem_type
	return module->mem[MOD_TEXT].size;
#else
	return module->core_layout.text_size;
#endif
}

#endif
