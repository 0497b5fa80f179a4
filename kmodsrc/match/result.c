// SPDX-License-Identifier: GPL-2.0-only
/*
 * result.c - what a change is known to replace, once all has been compared
 *
 * What will be replaced must have matched in the end; a difference elsewhere is
 * counted and logged.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "compare/pre.h"
#include "compare/run.h"
#include "compare/state.h"
#include "match/difference.h"
#include "match/entry.h"
#include "match/imports.h"
#include "match/result.h"
#include "model/abort.h"
#include "model/redirects.h"

/* Count, log what did not match, and refuse if it was needed. */
int ksplice_result_check(struct ksplice_match *m)
{
	struct ksplice_change *change = m->change;
	u32 i;

	change->n_text = 0;
	change->n_matched = 0;
	for (i = 0; i < m->pre.n_spans; i++) {
		if (!ksplice_span_is_compared(m, i))
			continue;
		change->n_text += ksplice_span_is_text(m, i);
		if (m->spans[i].state == KSPLICE_SPAN_MATCHED)
			change->n_matched += ksplice_span_is_text(m, i);
		else
			ksplice_difference_log(m, i);
	}
	for (i = 0; i < m->pre.n_spans; i++) {
		if (ksplice_span_is_needed(m, i) &&
		    m->spans[i].state != KSPLICE_SPAN_MATCHED)
			return ksplice_difference_abort(m, i);
	}
	return 0;
}

static int add_function(struct ksplice_match *m, u32 span)
{
	struct ksplice_change *change = m->change;
	const struct ksplice_run_span *run = &m->spans[span];
	struct ksplice_function *function =
		&change->functions[change->n_functions];
	const struct ksplice_function *last;
	unsigned long body;

	*function = (struct ksplice_function) {
		.name = kstrdup(ksplice_span_title(&m->pre, span),
				GFP_KERNEL),
		.span = span,
		.is_part = m->pre.spans[span].flags & KSPLICE_SPAN_PART,
		.allow_running = m->pre.spans[span].flags &
				 KSPLICE_SPAN_ALLOW_RUNNING,
		.addr = __ksplice_canonical_addr(run->addr),
		.body = run->body,
		.size = run->size,
	};
	if (!function->name)
		return -ENOMEM;
	last = __ksplice_last_redirect(function->addr, &body);
	function->body_from = last ? last->applied_at : 0;
	change->n_functions++;
	ksplice_entry_find(m, function);
	return 0;
}

int ksplice_result_add_functions(struct ksplice_match *m)
{
	struct ksplice_change *change = m->change;
	unsigned int n = 0;
	u32 i;
	int err;

	for (i = 0; i < m->pre.n_spans; i++)
		n += ksplice_span_is_needed(m, i) && ksplice_span_is_text(m, i);
	change->functions = kvcalloc(n + 1, sizeof(*change->functions),
				     GFP_KERNEL);
	if (!change->functions)
		return -ENOMEM;
	for (i = 0; i < m->pre.n_spans; i++) {
		if (!ksplice_span_is_needed(m, i) ||
		    !ksplice_span_is_text(m, i))
			continue;
		err = add_function(m, i);
		if (err)
			return err;
	}
	return 0;
}

static int add_data(struct ksplice_match *m, u32 span)
{
	struct ksplice_change *change = m->change;
	const struct ksplice_span *s = &m->pre.spans[span];
	struct ksplice_data *data = &change->data[change->n_data];
	unsigned long addr;
	int err;

	if (m->pre.labels[s->label].flags & KSPLICE_LABEL_PERCPU)
		return ksplice_abort(change->update, KSPLICE_UNEXPECTED,
				     "'%s' is per-cpu data",
				     ksplice_span_title(&m->pre, span));
	if (ksplice_is_weak(m, span))
		return ksplice_abort(change->update, KSPLICE_FAILED_TO_FIND,
				     "'%s' is weak, and its definition in the running kernel may be that of another unit",
				     ksplice_span_title(&m->pre, span));
	err = ksplice_imports_value(m, s->label, &addr);
	if (err)
		return err;
	*data = (struct ksplice_data) {
		.name = kstrdup(ksplice_span_title(&m->pre, span),
				GFP_KERNEL),
		.span = span,
		.is_writable = s->kind != KSPLICE_SPAN_RODATA,
		.addr = addr,
		.size = s->size,
		.saved = kvmalloc(s->size, GFP_KERNEL | __GFP_NOWARN),
	};
	change->n_data++;
	if (!data->name || !data->saved)
		return ksplice_abort(change->update, KSPLICE_OUT_OF_MEMORY,
				     "no memory for the contents of '%s'",
				     ksplice_span_title(&m->pre, span));
	if (ksplice_run_read(data->saved, addr, s->size, s->size, NULL) !=
	    s->size)
		return ksplice_abort(change->update, KSPLICE_FAILED_TO_FIND,
				     "'%s' cannot be read", data->name);
	return 0;
}

int ksplice_result_add_data(struct ksplice_match *m)
{
	struct ksplice_change *change = m->change;
	unsigned int n = 0;
	u32 i;
	int err;

	for (i = 0; i < m->pre.n_spans; i++)
		n += ksplice_span_is_overwritten(m, i);
	change->data = kvcalloc(n + 1, sizeof(*change->data), GFP_KERNEL);
	if (!change->data)
		return ksplice_abort(change->update, KSPLICE_OUT_OF_MEMORY,
				     "no memory for data");
	for (i = 0; i < m->pre.n_spans; i++) {
		if (!ksplice_span_is_overwritten(m, i))
			continue;
		err = add_data(m, i);
		if (err)
			return err;
	}
	return 0;
}

static void free_data(struct ksplice_change *change)
{
	unsigned int i;

	for (i = 0; i < change->n_data; i++) {
		kfree(change->data[i].name);
		kvfree(change->data[i].saved);
	}
	kvfree(change->data);
	change->data = NULL;
	change->n_data = 0;
}

void ksplice_result_free(struct ksplice_change *change)
{
	unsigned int i;

	free_data(change);

	for (i = 0; i < change->n_functions; i++)
		kfree(change->functions[i].name);
	kvfree(change->functions);
	change->functions = NULL;
	change->n_functions = 0;
}
