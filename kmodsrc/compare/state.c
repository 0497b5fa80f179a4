// SPDX-License-Identifier: GPL-2.0-only
/*
 * state.c - the state of matching one change
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "compare/labelval.h"
#include "compare/state.h"
#include "compare/symbols.h"

void ksplice_match_release(struct ksplice_match *m)
{
	u32 i;

	for (i = 0; m->spans && i < m->pre.n_spans; i++) {
		kvfree(m->spans[i].shifts);
		kfree(m->spans[i].difference);
	}
	kvfree(m->spans);
	kvfree(m->queue);
	kvfree(m->parts);
	kvfree(m->run);
	kvfree(m->map);
	kvfree(m->jumps);
	ksplice_symbols_release(&m->symbols);
	ksplice_labelvals_release(&m->vals);
}

/*
 * Room for the longest span and function, so that comparing allocates nothing.
 * The image says how long; where there is no memory for it, that is no fault.
 */
int ksplice_match_init(struct ksplice_match *m)
{
	gfp_t flags = GFP_KERNEL | __GFP_NOWARN;
	u32 longest = 0, longest_text = 0;
	u32 i;
	int err;

	for (i = 0; i < m->pre.n_spans; i++) {
		if (ksplice_span_is_compared(m, i))
			longest = max(longest, m->pre.spans[i].size);
		if (ksplice_span_is_text(m, i))
			longest_text = max(longest_text, m->pre.spans[i].size);
	}
	m->max_jumps = longest_text;
	m->spans = kvcalloc(m->pre.n_spans + 1, sizeof(*m->spans), GFP_KERNEL);
	m->queue = kvmalloc_array(m->pre.n_spans + 1, sizeof(u32), GFP_KERNEL);
	m->parts = kvmalloc_array(m->pre.n_spans + 1, sizeof(u32), GFP_KERNEL);
	m->run = kvmalloc(longest + KSPLICE_RUN_SLACK, flags);
	m->map = kvmalloc_array(longest_text + 1, sizeof(*m->map), flags);
	m->jumps = kvmalloc_array(longest_text + 1, sizeof(*m->jumps), flags);
	if (!m->spans || !m->queue || !m->parts || !m->run || !m->map ||
	    !m->jumps)
		return -ENOMEM;

	err = ksplice_labelvals_init(&m->vals, m->pre.n_labels);
	if (err)
		return err;
	return ksplice_symbols_init(&m->symbols, &m->pre, m->change);
}

bool ksplice_is_weak(const struct ksplice_match *m, u32 span)
{
	const struct ksplice_label *label =
		&m->pre.labels[m->pre.spans[span].label];

	return label->flags & KSPLICE_LABEL_WEAK || label->span != span;
}

u32 ksplice_run_offset(const struct ksplice_run_span *span, u32 pre_off)
{
	u32 i = span->n_shifts;

	while (i && span->shifts[i - 1].pre > pre_off)
		i--;
	return i ? pre_off + span->shifts[i - 1].shift : pre_off;
}
