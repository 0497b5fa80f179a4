// SPDX-License-Identifier: GPL-2.0-only
/*
 * conflict.c - the conflicting tasks, as text
 *
 * For each task a line "PID COMMAND FUNCTION+0xOFFSET", and its stack below
 * it, one line per function that begins with two spaces.  A command may have
 * spaces in it; what is not printable is '?' by now (stack.c).
 */
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "model/words.h"
#include "tasks/conflict.h"
#include "tasks/stack.h"

#define FORMAT_SIZE	(16 * PAGE_SIZE)

static size_t format_addr(char *to, size_t size,
			  const struct ksplice_conflict *conflict)
{
	const struct ksplice_range *range = conflict->range;
	char symbol[KSPLICE_ADDR_NAME_LEN];

	if (range->name && !range->body)
		return scnprintf(to, size, "%s+0x%lx", range->name,
				 offset_in_page(conflict->addr));
	if (range->name)
		return scnprintf(to, size, "%s+0x%lx", range->name,
				 conflict->addr - range->body);
	ksplice_addr_name(symbol, conflict->addr);
	*strchrnul(symbol, '/') = '\0';
	return scnprintf(to, size, "%s", symbol);
}

char *ksplice_conflicts_format(const struct ksplice_stack *stack)
{
	unsigned int i, j, n = min_t(unsigned int, stack->n_conflicts,
				     KSPLICE_MAX_CONFLICTS);
	char *text = kvmalloc(FORMAT_SIZE, GFP_KERNEL);
	char name[KSPLICE_ADDR_NAME_LEN];
	size_t len = 0;

	if (!text)
		return NULL;
	text[0] = '\0';
	for (i = 0; i < n; i++) {
		const struct ksplice_conflict *conflict =
			&stack->conflicts[i];
		const unsigned long *words = conflict->stack;

		len += scnprintf(text + len, FORMAT_SIZE - len, "%d %s ",
				 conflict->pid, conflict->comm);
		len += format_addr(text + len, FORMAT_SIZE - len, conflict);
		len += scnprintf(text + len, FORMAT_SIZE - len, "\n");
		for (j = 0; j < conflict->depth; j++)
			len += scnprintf(text + len, FORMAT_SIZE - len, "  %s\n",
					 ksplice_return_name(name, words[j]));
	}
	return text;
}
