// SPDX-License-Identifier: GPL-2.0-only
/*
 * summary.c - what an update does to a target, in lines for people
 *
 *	replace fs/proc/cmdline.o cmdline_proc_show (38 -> 45 bytes)
 *	    +0x9: refers to 'x' instead of 'y' (fs/proc/cmdline.c:12)
 *	new function fs/proc/cmdline.o helper (20 bytes)
 *	new data fs/proc/cmdline.o count.1 (4 bytes)
 *	hook pre_apply fs/proc/cmdline.o prepare
 *	new export fs/proc/cmdline.o helper
 *	deleted fs/proc/cmdline.o unused
 *	ignored fs/proc/cmdline.o proc_cmdline_init (.init.text: will not run)
 *	ignored fs/x.o x_exit (.exit.text: is not replaced)
 *
 * The second line is there with --explain only.  The writing is the last
 * step of "diff"; it decides nothing.
 */
#include "match.h"
#include "export.h"
#include "hooks.h"
#include "kind.h"
#include "output.h"
#include "vec.h"
#include "write.h"

#include <string.h>

/* " (fs/x.c:12)", or "" without debug information */
static const char *source_line(const struct span *span, uint64_t offset)
{
	const struct object *object = span->section->object;
	const char *file = NULL, *function = NULL;
	unsigned int line = 0;

	if (!bfd_find_nearest_line(object->bfd, span->section->bfd,
				   object->syms, span->start + offset, &file,
				   &function, &line) || !file || !line)
		return "";
	return xasprintf(" (%s:%u)", file, line);
}

static void add_replaced(struct bytes *out, const struct pair *pair,
			 const struct span *pre, bool explain)
{
	const struct span *post = pre->peer;

	bytes_printf(out, "replace %s %s (%llu -> %llu bytes)\n", pair->unit,
		     pre->name, (unsigned long long)pre->size,
		     (unsigned long long)post->size);
	if (explain)
		bytes_printf(out, "    +0x%llx: %s%s\n",
			     (unsigned long long)pre->why_offset, pre->why,
			     source_line(post, pre->why_offset));
}

static void add_kept(struct bytes *out, const struct pair *pair,
		     const struct span *post)
{
	const char *what;

	if (!post->keep || post->state != SPAN_NEW || span_is_content(post))
		return;
	switch (post->section->kind) {
	case KIND_TEXT:
		if (post->parent)
			return;
		what = "function";
		break;
	case KIND_RODATA:
	case KIND_DATA:
	case KIND_PERCPU:
		what = "data";
		break;
	default:
		return;
	}
	bytes_printf(out, "new %s %s %s (%llu bytes)\n", what, pair->unit,
		     post->name, (unsigned long long)post->size);
}

/* Changes that nobody in this kernel can see */
static void add_overridden(struct bytes *out, const struct pair *pair,
			   const struct span *pre)
{
	if (pre->overridden && pre->state == SPAN_CHANGED)
		bytes_printf(out, "ignored %s %s (weak, and another unit has a better one)\n",
			     pair->unit, pre->name);
}

static void add_hooks(struct bytes *out, const struct pair *pair)
{
	struct span *span;

	for_each_span(span, pair->post)
		if (span->section->kind == KIND_HOOK)
			bytes_printf(out, "hook %s %s %s\n",
				     hook_kind_name(hook_kind(span)),
				     pair->unit, hook_function(span)->name);
}

/* Only those that a person named are worth a line. */
static void add_ignored(struct bytes *out, const struct pair *pair,
			const struct span *span)
{
	if (span->section->kind == KIND_INIT && span->state != SPAN_SAME &&
	    span->symbol && strncmp(span->name, "__", 2))
		bytes_printf(out, "ignored %s %s (%s: %s)\n", pair->unit,
			     span->name, span->section->name,
			     !strncmp(span->section->name, ".exit", 5) ?
			     "is not replaced" : "will not run");
}

static void add_exports(struct bytes *out, const struct pair *pair)
{
	for (size_t i = 0; i < pair->post->n_sections; i++) {
		const char *name = export_name(&pair->post->sections[i]);

		if (name && !export_find(pair->pre, name))
			bytes_printf(out, "new export %s %s\n", pair->unit,
				     name);
	}
}

static void add_pair(struct bytes *out, const struct pair *pair, bool explain)
{
	struct span *span;

	for_each_span(span, pair->pre)
		if (span->patched)
			add_replaced(out, pair, span, explain);
	for_each_span(span, pair->post)
		add_kept(out, pair, span);
	add_hooks(out, pair);
	add_exports(out, pair);
	for_each_span(span, pair->pre)
		if (span->section->kind == KIND_TEXT && !span->parent &&
		    span->state == SPAN_DELETED)
			bytes_printf(out, "deleted %s %s\n", pair->unit,
				     span->name);
	for_each_span(span, pair->pre)
		add_overridden(out, pair, span);
	for_each_span(span, pair->pre)
		add_ignored(out, pair, span);
	for_each_span(span, pair->post)
		if (!span->peer)
			add_ignored(out, pair, span);
}

void summary_write(const char *path, struct pair *pairs, size_t n_pairs,
		   bool explain)
{
	struct bytes out = {};

	for (size_t i = 0; i < n_pairs; i++)
		add_pair(&out, &pairs[i], explain);
	output_write(path, out.at, out.n);
}
