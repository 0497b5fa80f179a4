/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * labelval.h - what matching has learnt about the values of labels
 *
 * A value goes from unknown to candidate while one span is compared, and to
 * learnt when all of the span has matched:
 *
 *	mark = ksplice_labelvals_mark(vals);
 *	... ksplice_labelval_set() for each reference ...
 *	ksplice_labelvals_commit(vals)
 *		or ksplice_labelvals_rollback(vals, mark)
 *
 * What was learnt stays: a second, different value is a mismatch.
 */
#ifndef KSPLICE_LABELVAL_H
#define KSPLICE_LABELVAL_H

#include <linux/types.h>

enum ksplice_value_state {
	KSPLICE_VALUE_UNKNOWN,
	KSPLICE_VALUE_CANDIDATE,
	KSPLICE_VALUE_LEARNT,
};

struct ksplice_labelval {
	unsigned long value;
	enum ksplice_value_state state;
	u32 learnt_at;			/* n_learnt, then */
};

struct ksplice_labelvals {
	struct ksplice_labelval *vals;	/* by label */
	u32 *candidates;		/* labels in that state, oldest first */
	u32 n_candidates;
	u32 n_learnt;
};

/* Return: 0 or -ENOMEM. */
int ksplice_labelvals_init(struct ksplice_labelvals *vals, u32 n_labels);
void ksplice_labelvals_release(struct ksplice_labelvals *vals);

/*
 * Note a value that was seen.  Return: false if the label has another one.
 * The value is already canonical.
 */
bool ksplice_labelval_set(struct ksplice_labelvals *vals, u32 label,
			  unsigned long value);

/* Return: whether it is learnt or a candidate, and is this one. */
bool ksplice_labelval_is(const struct ksplice_labelvals *vals, u32 label,
			 unsigned long value);

/* Return: whether it is learnt; then *value is set. */
bool ksplice_labelval_get(const struct ksplice_labelvals *vals, u32 label,
			  unsigned long *value);

u32 ksplice_labelvals_mark(const struct ksplice_labelvals *vals);
/* Forget the candidates that were set since the mark. */
void ksplice_labelvals_rollback(struct ksplice_labelvals *vals, u32 mark);
/* All candidates are learnt. */
void ksplice_labelvals_commit(struct ksplice_labelvals *vals);

#endif
