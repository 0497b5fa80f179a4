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

struct module;
struct mutex;
struct kprobe;
struct task_struct;
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
};

extern struct ksplice_needs ksplice_need;

/* Fill ksplice_need.  Return: 0, or -EOPNOTSUPP and the log names the need. */
int ksplice_compat_init(void);

#endif
