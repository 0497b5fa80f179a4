// SPDX-License-Identifier: GPL-2.0-only
/*
 * stack.c - is a task inside code that is to be replaced or removed?
 *
 * Every word of the live part of its stack, saved registers included, is
 * compared with the ranges; so are the return addresses that the function
 * graph tracer and kretprobes took from the stack, and restart_block.fn.  A
 * word that looks like a hit may be a stale one.  The kernel's reliable
 * unwinder clears or confirms it; where it cannot, the hit stands.
 *
 * A probed instruction runs from a copy, in a slot.  That of an optimized
 * kprobe is jumped to and jumps back, so a task that is preempted in it need
 * not have any address of the function on its stack.  So every slot counts: the
 * probe may have been removed just now, and can no longer be found.  The
 * unwinder has no answer for a task that is in one, and the task will soon have
 * left it.  (The slot of a kprobe with a trap is run with interrupts off, and a
 * fault in it happens at the probed address, so no task sleeps there.)
 *
 * A task that runs while the machine is stopped, a stopper task, has no saved
 * stack pointer: its CPU passes it.  A hit there stands.
 */
#include <linux/kprobes.h>
#include <linux/llist.h>
#include <linux/mm.h>
#include <linux/rethook.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include "arch.h"
#include "kernel/compat.h"
#include "model/words.h"
#include "tasks/ranges.h"
#include "tasks/stack.h"

#define TRACE_DEPTH	256

/* Stands for all slots of kprobes. */
static const struct ksplice_range probe_slots = { .name = "kprobe_slot" };

/* The task that is being checked. */
struct suspect {
	const struct ksplice_range *range;	/* NULL: nothing found yet */
	unsigned long addr;
	bool at_start;		/* an instruction was seen */
};

int ksplice_stack_init(struct ksplice_stack *stack)
{
	memset(stack, 0, sizeof(*stack));
	stack->trace = kvcalloc(TRACE_DEPTH, sizeof(*stack->trace),
				GFP_KERNEL);
	stack->conflicts = kvcalloc(KSPLICE_MAX_CONFLICTS,
				    sizeof(*stack->conflicts), GFP_KERNEL);
	return stack->trace && stack->conflicts ? 0 : -ENOMEM;
}

void ksplice_stack_release(struct ksplice_stack *stack)
{
	ksplice_ranges_release(&stack->ranges);
	kvfree(stack->trace);
	kvfree(stack->conflicts);
}

void ksplice_stack_reset(struct ksplice_stack *stack)
{
	stack->n_conflicts = 0;
	stack->n_tasks = 0;
}

static bool is_probe_slot(unsigned long addr)
{
	if (!ksplice_may_be_probe_slot(addr))
		return false;
	if (ksplice_call(__is_insn_slot_addr)(ksplice_need.kprobe_insn_slots,
					      addr))
		return true;
	return ksplice_need.kprobe_optinsn_slots &&
	       ksplice_call(__is_insn_slot_addr)(
			ksplice_need.kprobe_optinsn_slots, addr);
}

/*
 * False only if find() does not find it.  Fast: it is false for most words.
 */
static bool may_find(const struct ksplice_stack *stack, unsigned long addr)
{
	return ksplice_ranges_may_have(&stack->ranges, addr) ||
	       ksplice_may_be_probe_slot(addr);
}

static const struct ksplice_range *find(const struct ksplice_stack *stack,
					unsigned long addr,
					enum ksplice_addr_kind kind)
{
	const struct ksplice_range *range;

	range = ksplice_ranges_find(&stack->ranges, addr, kind);
	if (!range && stack->ranges.n && is_probe_slot(addr))
		return &probe_slots;
	return range;
}

static void suspect_word(const struct ksplice_stack *stack,
			 struct suspect *suspect, unsigned long addr,
			 enum ksplice_addr_kind kind)
{
	const struct ksplice_range *range = find(stack, addr, kind);

	if (!range)
		return;
	if (kind == KSPLICE_INSTRUCTION)
		suspect->at_start = true;
	if (suspect->range)
		return;
	suspect->range = range;
	suspect->addr = addr;
}

static void scan_stack(const struct ksplice_stack *stack,
		       struct suspect *suspect, struct task_struct *task,
		       unsigned long sp)
{
	unsigned long base = (unsigned long)task_stack_page(task);
	const unsigned long *word, *end = (void *)(base + THREAD_SIZE);

	if (sp < base || sp >= base + THREAD_SIZE)
		sp = base;
	for (word = (void *)ALIGN(sp, sizeof(*word)); word < end; word++) {
		unsigned long addr = READ_ONCE_NOCHECK(*word);

		if (!may_find(stack, addr))
			continue;
		suspect_word(stack, suspect, addr, KSPLICE_RETURN_ADDRESS);
		if (ksplice_is_saved_ip(word, end))
			suspect_word(stack, suspect, addr, KSPLICE_INSTRUCTION);
	}
}

/*
 * Return addresses that the function graph tracer keeps for the stack.  All
 * words of its entries are checked, so that their layout does not matter:
 * commit 7aa1eaef9f42 (v6.11) made it an array of words.
 */
static void scan_graph_tracer(const struct ksplice_stack *stack,
			      struct suspect *suspect,
			      struct task_struct *task)
{
#ifdef CONFIG_FUNCTION_GRAPH_TRACER
	const unsigned long *word = (void *)task->ret_stack;
	const unsigned long *end;

	if (!word || task->curr_ret_stack < 0)
		return;
	end = (void *)(task->ret_stack + task->curr_ret_stack + 1);
	for (; word < end; word++)
		suspect_word(stack, suspect, *word, KSPLICE_RETURN_ADDRESS);
#endif
}

/*
 * Return addresses that kretprobes keep for the stack: in rethooks since
 * commit 73f9b911faa7 (v5.18), before in a list of their own.
 */
static void scan_return_hooks(const struct ksplice_stack *stack,
			      struct suspect *suspect,
			      struct task_struct *task)
{
	struct llist_node *node;

#if defined(CONFIG_RETHOOK)
	for (node = task->rethooks.first; node; node = node->next)
		suspect_word(stack, suspect,
			     llist_entry(node, struct rethook_node,
					 llist)->ret_addr,
			     KSPLICE_RETURN_ADDRESS);
#elif defined(CONFIG_KRETPROBES)
	for (node = task->kretprobe_instances.first; node; node = node->next)
		suspect_word(stack, suspect,
			     (unsigned long)llist_entry(node,
					struct kretprobe_instance,
					llist)->ret_addr,
			     KSPLICE_RETURN_ADDRESS);
#endif
}

/*
 * rethook_find_ret_addr(), which the unwinder asks for what a kretprobe took
 * from the stack, warns of a task that could run, though it is pinned.  The
 * state of a pinned task does not change: its lock is held.
 */
static bool can_unwind(const struct task_struct *task)
{
#ifdef CONFIG_RETHOOK
	return !task->rethooks.first ||
	       READ_ONCE(task->__state) != TASK_RUNNING;
#else
	return true;
#endif
}

/*
 * Ask the unwinder.  Clears the suspect, or sets its addr to the one that was
 * really found; leaves it alone if there is no reliable answer.
 */
static void suspect_unwind(struct ksplice_stack *stack,
			   struct suspect *suspect, struct task_struct *task)
{
	const struct ksplice_range *range;
	int i, n;

	if (!can_unwind(task))
		return;
	n = ksplice_call(stack_trace_save_tsk_reliable)(task, stack->trace,
							TRACE_DEPTH);
	if (n < 0)
		return;
	stack->depth = n;
	for (i = 0; i < n; i++) {
		range = find(stack, stack->trace[i], KSPLICE_RETURN_ADDRESS);
		if (!range && suspect->at_start)
			range = find(stack, stack->trace[i],
				     KSPLICE_INSTRUCTION);
		if (range) {
			suspect->range = range;
			suspect->addr = stack->trace[i];
			return;
		}
	}
	suspect->range = NULL;
}

static void conflict_add(struct ksplice_stack *stack,
			 const struct suspect *suspect,
			 const struct task_struct *task)
{
	struct ksplice_conflict *conflict;

	if (stack->n_conflicts++ >= KSPLICE_MAX_CONFLICTS)
		return;
	conflict = &stack->conflicts[stack->n_conflicts - 1];
	conflict->pid = task->pid;
	memcpy(conflict->comm, task->comm, sizeof(conflict->comm));
	conflict->comm[sizeof(conflict->comm) - 1] = '\0';
	ksplice_words_clean(conflict->comm);
	conflict->range = suspect->range;
	conflict->addr = suspect->addr;
	conflict->depth = min_t(unsigned int, stack->depth,
				KSPLICE_CONFLICT_DEPTH);
	memcpy(conflict->stack, stack->trace,
	       conflict->depth * sizeof(*conflict->stack));
}

bool ksplice_stack_check(struct ksplice_stack *stack,
			 struct task_struct *task, unsigned long sp)
{
	struct suspect suspect = { };

	stack->n_tasks++;
	scan_stack(stack, &suspect, task, sp ?: ksplice_saved_sp(task));
	scan_graph_tracer(stack, &suspect, task);
	scan_return_hooks(stack, &suspect, task);

	stack->depth = 0;
	if (suspect.range && !sp)
		suspect_unwind(stack, &suspect, task);
	if (!suspect.range) {
		suspect.addr = (unsigned long)task->restart_block.fn;
		suspect.range = ksplice_ranges_find(&stack->ranges,
						    suspect.addr,
						    KSPLICE_INSTRUCTION);
	}
	if (suspect.range)
		conflict_add(stack, &suspect, task);
	return suspect.range;
}
