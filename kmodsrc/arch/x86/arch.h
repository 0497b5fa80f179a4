/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arch.h - x86: numbers, types and short functions that all may use
 */
#ifndef KSPLICE_ARCH_H
#define KSPLICE_ARCH_H

#include <linux/sched.h>
#include <asm/pgtable.h>
#include <asm/segment.h>
#include <asm/sync_core.h>

/* int3, tail, first byte: see redirect.c */
#define KSPLICE_WRITE_STEPS	3

/* A jump of 32 bits; with the rest of the last instruction that it covers */
#define KSPLICE_MIN_REDIRECT	5
#define KSPLICE_MAX_REDIRECT	20

/* What the compiler aligns functions to, at most */
#define KSPLICE_FUNCTION_ALIGN	16

/* Before most functions, where the kernel may write code of its own */
#ifdef CONFIG_CALL_PADDING
#define KSPLICE_FUNCTION_PADDING	CONFIG_FUNCTION_PADDING_BYTES
#else
#define KSPLICE_FUNCTION_PADDING	0
#endif

/*
 * The instruction that counts calls: len bytes of code, 0 if the kernel has
 * none.  At field there are four bytes of distance to its operand, which are
 * others in each copy; field is len if there is no such distance.
 */
struct ksplice_call_depth {
	u8 code[16];
	u32 len, field;
	unsigned long operand;
};

/* What the running kernel is like; 0 or NULL if it has no such thing. */
struct ksplice_site_env {
	unsigned long return_thunks[10];
	unsigned int n_return_thunks;
	unsigned long pv_ops, pv_nop, pv_bug;
	unsigned long static_call_return, static_call_return0;
	unsigned long warn_trap, native_unlock;
	struct ksplice_call_depth depth;
};

/* Why nothing can be done on this machine, or NULL: no reason is known. */
static inline const char *ksplice_arch_refuses(void)
{
	return NULL;
}

/* Make this CPU forget what it has fetched of text changed by another. */
static inline void ksplice_serialize(void)
{
	sync_core();
}

/* The saved stack pointer of a task that is not running. */
static inline unsigned long ksplice_saved_sp(const struct task_struct *task)
{
	return task->thread.sp;
}

/*
 * Is *word the instruction pointer of a saved struct pt_regs?  An interrupted
 * function may be at its very first byte, where no return address can be, but
 * many a function pointer.  The code segment follows it.
 */
static inline bool ksplice_is_saved_ip(const unsigned long *word,
				       const unsigned long *end)
{
	return word + 1 < end && READ_ONCE_NOCHECK(word[1]) == __KERNEL_CS;
}

/* May kprobes have put a copy of instructions there?  A fast test. */
static inline bool ksplice_may_be_probe_slot(unsigned long addr)
{
	return addr >= MODULES_VADDR && addr < MODULES_END;
}

#endif
