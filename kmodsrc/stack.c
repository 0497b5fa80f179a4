// SPDX-License-Identifier: GPL-2.0-only
/*
 * stack.c - is any thread inside code that is to be replaced or taken away?
 *
 * Every word of the live part of every stack, saved registers included, is
 * compared with the ranges; so are the return addresses that the function
 * graph tracer and kretprobes took from the stack, and restart_block.fn.  A
 * word that looks like a hit may be a stale one.  The kernel's reliable
 * unwinder clears or confirms it; where it can't, the hit stands.
 *
 * A return address lies in (start, end]: a call can be the last instruction of
 * a function that does not come back.  An interrupted instruction and a
 * function pointer lie in [start, end).
 *
 * Threads that run while the machine is stopped, the stopper threads, have no
 * saved stack pointer: each CPU leaves its own on arrival.  A hit there stands.
 * Idle tasks are not in the list of processes: each CPU's is looked up.
 */
#include <linux/cpumask.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/llist.h>
#include <linux/mm.h>
#include <linux/rethook.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include "arch.h"
#include "compat.h"
#include "stack.h"

#define TRACE_DEPTH	256
#define FORMAT_SIZE	(4 * PAGE_SIZE)

/* What a word is decides which addresses of a range it can be. */
enum word_kind {
	RETURN_ADDRESS,
	INSTRUCTION,
};

/* What is known of the task that is being looked at. */
struct suspect {
	const struct ksplice_range *range;	/* NULL: nothing found yet */
	unsigned long addr;
	bool at_start;		/* an INSTRUCTION was seen */
	bool is_certain;	/* no unwinder can clear it */
};

int ksplice_stack_init(struct ksplice_stack *stack, unsigned int max_ranges)
{
	memset(stack, 0, sizeof(*stack));
	stack->lowest = ULONG_MAX;
	stack->max_ranges = max_ranges;
	stack->ranges = kvcalloc(max_ranges, sizeof(*stack->ranges),
				 GFP_KERNEL);
	stack->running = kvcalloc(nr_cpu_ids, sizeof(*stack->running),
				  GFP_KERNEL);
	stack->trace = kvcalloc(TRACE_DEPTH, sizeof(*stack->trace),
				GFP_KERNEL);
	stack->conflicts = kvcalloc(KSPLICE_MAX_CONFLICTS,
				    sizeof(*stack->conflicts), GFP_KERNEL);
	if (!stack->ranges || !stack->running || !stack->trace ||
	    !stack->conflicts)
		return -ENOMEM;
	return 0;
}

void ksplice_stack_release(struct ksplice_stack *stack)
{
	kvfree(stack->ranges);
	kvfree(stack->running);
	kvfree(stack->trace);
	kvfree(stack->conflicts);
}

void ksplice_stack_add(struct ksplice_stack *stack, unsigned long start,
		       unsigned long size, const char *name)
{
	struct ksplice_range *range;

	if (WARN_ON_ONCE(stack->n_ranges >= stack->max_ranges))
		return;
	range = &stack->ranges[stack->n_ranges++];
	range->start = start;
	range->end = start + size;
	range->name = name;
	stack->lowest = min(stack->lowest, range->start);
	stack->highest = max(stack->highest, range->end);
}

void ksplice_stack_running(struct ksplice_stack *stack)
{
	struct ksplice_running *running = &stack->running[smp_processor_id()];

	running->task = current;
	running->sp = current_stack_pointer;
}

static const struct ksplice_range *
range_find(const struct ksplice_stack *stack, unsigned long addr,
	   enum word_kind kind)
{
	const struct ksplice_range *range;
	unsigned int i;

	if (addr < stack->lowest || addr > stack->highest)
		return NULL;
	for (i = 0; i < stack->n_ranges; i++) {
		range = &stack->ranges[i];
		if (kind == RETURN_ADDRESS ?
		    addr > range->start && addr <= range->end :
		    addr >= range->start && addr < range->end)
			return range;
	}
	return NULL;
}

static void suspect_word(const struct ksplice_stack *stack,
			 struct suspect *suspect, unsigned long addr,
			 enum word_kind kind)
{
	const struct ksplice_range *range = range_find(stack, addr, kind);

	if (!range)
		return;
	if (kind == INSTRUCTION)
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

		suspect_word(stack, suspect, addr, RETURN_ADDRESS);
		if (ksplice_is_saved_ip(word, end))
			suspect_word(stack, suspect, addr, INSTRUCTION);
	}
}

/*
 * Return addresses that the function graph tracer keeps for the stack.  All
 * words of its entries are looked at, so that their layout does not matter:
 * it was made an array of words by commit 7aa1eaef9f42 (v6.11).
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
		suspect_word(stack, suspect, *word, RETURN_ADDRESS);
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
			     RETURN_ADDRESS);
#elif defined(CONFIG_KRETPROBES)
	for (node = task->kretprobe_instances.first; node; node = node->next)
		suspect_word(stack, suspect,
			     (unsigned long)llist_entry(node,
					struct kretprobe_instance,
					llist)->ret_addr,
			     RETURN_ADDRESS);
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

	n = ksplice_need.stack_trace_save_tsk_reliable(task, stack->trace,
						       TRACE_DEPTH);
	if (n < 0)
		return;
	for (i = 0; i < n; i++) {
		range = range_find(stack, stack->trace[i], RETURN_ADDRESS);
		if (!range && suspect->at_start)
			range = range_find(stack, stack->trace[i],
					   INSTRUCTION);
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
	unsigned int i;

	if (stack->n_conflicts++ >= KSPLICE_MAX_CONFLICTS)
		return;
	conflict = &stack->conflicts[stack->n_conflicts - 1];
	conflict->pid = task->pid;
	memcpy(conflict->comm, task->comm, sizeof(conflict->comm));
	conflict->comm[sizeof(conflict->comm) - 1] = '\0';
	conflict->range = suspect->range;
	conflict->addr = suspect->addr;
	for (i = 0; i < KSPLICE_CONFLICT_DEPTH && stack->trace[i]; i++)
		conflict->stack[i] = stack->trace[i];
	conflict->depth = i;
}

static void check_task(struct ksplice_stack *stack, struct task_struct *task)
{
	const struct ksplice_running *running;
	struct suspect suspect = { };
	const struct ksplice_range *range;
	bool is_running;

	stack->n_tasks++;
	/* A dead task waiting for its parent has given its stack back. */
	if (!task_stack_page(task) || !refcount_read(&task->stack_refcount))
		return;
	running = &stack->running[task_cpu(task)];
	is_running = running->task == task;

	scan_stack(stack, &suspect, task,
		   is_running ? running->sp : ksplice_saved_sp(task));
	scan_graph_tracer(stack, &suspect, task);
	scan_return_hooks(stack, &suspect, task);

	memset(stack->trace, 0, TRACE_DEPTH * sizeof(*stack->trace));
	if (suspect.range && !is_running)
		suspect_unwind(stack, &suspect, task);
	if (!suspect.range) {
		range = range_find(stack,
				   (unsigned long)task->restart_block.fn,
				   INSTRUCTION);
		suspect.range = range;
		suspect.addr = (unsigned long)task->restart_block.fn;
	}
	if (suspect.range)
		conflict_add(stack, &suspect, task);
}

bool ksplice_stack_check(struct ksplice_stack *stack)
{
	struct task_struct *process, *thread;
	unsigned int cpu;

	stack->n_conflicts = 0;
	stack->n_tasks = 0;
	for_each_process_thread(process, thread)
		check_task(stack, thread);
	for_each_online_cpu(cpu)
		check_task(stack, ksplice_need.idle_task(cpu));
	return stack->n_conflicts;
}

static size_t format_place(char *to, size_t size,
			   const struct ksplice_conflict *conflict)
{
	const struct ksplice_range *range = conflict->range;
	char symbol[KSYM_SYMBOL_LEN];

	if (range->name)
		return scnprintf(to, size, "%s+0x%lx", range->name,
				 conflict->addr - range->start);
	sprint_symbol(symbol, conflict->addr);
	*strchrnul(symbol, '/') = '\0';
	return scnprintf(to, size, "%s", symbol);
}

char *ksplice_stack_format(const struct ksplice_stack *stack)
{
	unsigned int i, j, n = min_t(unsigned int, stack->n_conflicts,
				     KSPLICE_MAX_CONFLICTS);
	char *text = kmalloc(FORMAT_SIZE, GFP_KERNEL);
	size_t len = 0;

	if (!text)
		return NULL;
	text[0] = '\0';
	for (i = 0; i < n; i++) {
		const struct ksplice_conflict *conflict =
			&stack->conflicts[i];

		len += scnprintf(text + len, FORMAT_SIZE - len, "%d %s ",
				 conflict->pid, conflict->comm);
		len += format_place(text + len, FORMAT_SIZE - len, conflict);
		len += scnprintf(text + len, FORMAT_SIZE - len, "\n");
		for (j = 0; j < conflict->depth; j++)
			len += scnprintf(text + len, FORMAT_SIZE - len,
					 "  %pB\n",
					 (void *)conflict->stack[j]);
	}
	return text;
}
