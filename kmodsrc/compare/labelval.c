// SPDX-License-Identifier: GPL-2.0-only
/*
 * labelval.c - what matching has learnt about the values of labels
 *
 * The candidates are kept on a stack, so that an attempt that fails (a whole
 * span, or one choice of an alternative) is undone by popping it.  A label is
 * on the stack at most once, so it never holds more than there are labels.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/slab.h>
#include "compare/labelval.h"

int ksplice_labelvals_init(struct ksplice_labelvals *vals, u32 n_labels)
{
	vals->n_candidates = 0;
	vals->n_learnt = 0;
	vals->vals = kvcalloc(n_labels + 1, sizeof(*vals->vals), GFP_KERNEL);
	vals->candidates = kvcalloc(n_labels + 1, sizeof(*vals->candidates),
				    GFP_KERNEL);
	if (vals->vals && vals->candidates)
		return 0;

	ksplice_labelvals_release(vals);
	return -ENOMEM;
}

void ksplice_labelvals_release(struct ksplice_labelvals *vals)
{
	kvfree(vals->vals);
	kvfree(vals->candidates);
	vals->vals = NULL;
	vals->candidates = NULL;
}

bool ksplice_labelval_set(struct ksplice_labelvals *vals, u32 label,
			  unsigned long value)
{
	struct ksplice_labelval *val = &vals->vals[label];

	if (val->state != KSPLICE_VALUE_UNKNOWN)
		return val->value == value;

	val->value = value;
	val->state = KSPLICE_VALUE_CANDIDATE;
	vals->candidates[vals->n_candidates++] = label;
	return true;
}

bool ksplice_labelval_is(const struct ksplice_labelvals *vals, u32 label,
			 unsigned long value)
{
	const struct ksplice_labelval *val = &vals->vals[label];

	return val->state != KSPLICE_VALUE_UNKNOWN && val->value == value;
}

bool ksplice_labelval_get(const struct ksplice_labelvals *vals, u32 label,
			  unsigned long *value)
{
	const struct ksplice_labelval *val = &vals->vals[label];

	if (val->state != KSPLICE_VALUE_LEARNT)
		return false;
	*value = val->value;
	return true;
}

u32 ksplice_labelvals_mark(const struct ksplice_labelvals *vals)
{
	return vals->n_candidates;
}

void ksplice_labelvals_rollback(struct ksplice_labelvals *vals, u32 mark)
{
	while (vals->n_candidates > mark) {
		u32 label = vals->candidates[--vals->n_candidates];

		vals->vals[label].state = KSPLICE_VALUE_UNKNOWN;
	}
}

void ksplice_labelvals_commit(struct ksplice_labelvals *vals)
{
	vals->n_learnt += vals->n_candidates;
	while (vals->n_candidates) {
		u32 label = vals->candidates[--vals->n_candidates];

		vals->vals[label].state = KSPLICE_VALUE_LEARNT;
		vals->vals[label].learnt_at = vals->n_learnt;
	}
}
