// SPDX-License-Identifier: GPL-2.0-only
/*
 * summary.c - what an update does to a target, in lines for people
 *
 *	replace fs/proc/cmdline.o cmdline_proc_show (38 -> 45 bytes)
 *	    +0x9: refers to 'x' instead of 'y' (fs/proc/cmdline.c:12)
 *	      - call y
 *	      + call x
 *	replace fs/pipe.o pipe_read (902 -> 914 bytes; tasks sleep in it)
 *	new function fs/proc/cmdline.o helper (20 bytes)
 *	new data fs/proc/cmdline.o count.1 (4 bytes)
 *	new data fs/x.o _rs.3 (40 bytes; fresh: the old one cannot be
 *		identified)
 *	replace data fs/proc/cmdline.o table (24 bytes)
 *	hook pre_apply fs/proc/cmdline.o prepare
 *	new export fs/proc/cmdline.o helper
 *	deleted fs/proc/cmdline.o unused
 *	deleted data fs/proc/cmdline.o total
 *	ignored fs/proc/cmdline.o proc_cmdline_init (.init.text: will not run)
 *	ignored fs/x.o x_exit (.exit.text: is not replaced)
 *	ignored fs/x.o 3 functions (only line numbers differ)
 *
 * The lines that are further in, and the last one, are there with --explain
 * only; the last one also if there is nothing to apply.  It is the last
 * part of the step "write" and decides nothing but one thing: "compare" finds no
 * change only if there would be nothing to say.
 */
#include "report/summary.h"
#include "decide/exports.h"
#include "decide/forbid.h"
#include "decide/hooks.h"
#include "decide/wanted.h"
#include "model/table.h"
#include "read/export.h"
#include "report/busy.h"
#include "util/output.h"
#include "util/vec.h"

#include <string.h>

/* What of a function makes it hard to replace, or "" */
static const char *busy_words(const struct span *pre, enum busy busy)
{
	if (pre->marks.allow_running)
		return "; running calls may end in the old one";
	switch (busy) {
	case BUSY_NOT:
		return "";
	case BUSY_SLEEPS:
		return "; tasks sleep in it";
	case BUSY_ALWAYS:
		return "; some task is always in it";
	case BUSY_WRITER:
		return "; ksplice-apply itself is in it";
	}
	return "";
}

/* What to do about it */
static void explain_busy(struct bytes *out, const struct span *pre,
			 enum busy busy, const char *by)
{
	if (pre->marks.allow_running || busy == BUSY_NOT)
		return;
	if (by)
		bytes_printf(out, "    it calls '%s': if tasks sleep there, try ksplice-apply --kick, or write\n",
			     by);
	else
		bytes_printf(out, "    some task is always in it: change another function instead, or write\n");
	bytes_printf(out, "    ksplice_allow_running(%s) in the patch, if old and new calls may run side by side\n",
		     pre->name);
}

static void add_replaced(struct bytes *out, const struct pair *pair,
			 const struct span *pre,
			 const struct touched_lines *touched)
{
	const struct span *post = peer_of(pre);
	const char *by;
	enum busy busy = busy_function(pre, &by);

	bytes_printf(out, "replace %s %s (%llu -> %llu bytes%s)\n", pair->unit,
		     pre->name, (unsigned long long)pre->size,
		     (unsigned long long)post->size, busy_words(pre, busy));
	if (!touched)
		return;
	if (pre->diff.state == SPAN_CHANGED)
		explain_difference(out, pre, touched);
	else
		bytes_printf(out, "    unchanged; new code of another function needs it\n");
	explain_busy(out, pre, busy, by);
}

static void add_overwritten(struct bytes *out, const struct pair *pair,
			    const struct span *pre,
			    const struct touched_lines *touched)
{
	bytes_printf(out, "replace data %s %s (%llu bytes)\n", pair->unit,
		     pre->name, (unsigned long long)pre->size);
	if (touched)
		bytes_printf(out, "    +0x%llx: %s\n",
			     (unsigned long long)pre->diff.offset,
			     pre->diff.why);
}

static void add_kept(struct bytes *out, const struct pair *pair,
		     const struct span *post)
{
	const char *what;

	if (post->decision.keep && post->diff.state == SPAN_SAME &&
	    !post->links.parent && post->section->kind == KIND_TEXT)
		bytes_printf(out, "copy %s %s (what is replaced jumps to it without a relocation)\n",
			     pair->unit, post->name);
	if (!post->decision.keep || post->diff.state != SPAN_NEW ||
	    span_is_content(post))
		return;
	switch (post->section->kind) {
	case KIND_TEXT:
		if (post->links.parent)
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
	bytes_printf(out, "new %s %s %s (%llu bytes%s)\n", what, pair->unit,
		     post->name, (unsigned long long)post->size,
		     post->correlation.is_fresh ? "; fresh: the old one cannot be identified" : "");
}

static bool is_data(const struct span *span)
{
	return (span->section->kind == KIND_RODATA ||
		span->section->kind == KIND_DATA ||
		span->section->kind == KIND_PERCPU) &&
	       !span_is_content(span) && !span_is_disposable(span);
}

/*
 * A new function or variable that only post has and that nothing needs.  It may
 * be meant instead of a weak one that is not here.
 */
static void add_unused(struct bytes *out, const struct pair *pair,
		       const struct span *post)
{
	const bool is_variable = is_data(post) &&
		(!post->links.n_referrers ||
		 (post->symbol && post->symbol->is_global));

	if (post->diff.state == SPAN_NEW && !post->decision.keep &&
	    !post->decision.overridden && !post->links.parent && post->symbol &&
	    (post->section->kind == KIND_TEXT || is_variable))
		bytes_printf(out, "ignored %s%s %s (new, but nothing that is replaced refers to it)\n",
			     is_variable ? "data " : "", pair->unit,
			     post->name);
}

static void add_deleted(struct bytes *out, const struct pair *pair,
			const struct span *pre)
{
	if (pre->section->kind == KIND_TEXT && !pre->links.parent &&
	    pre->diff.state == SPAN_DELETED)
		bytes_printf(out, "deleted %s %s\n", pair->unit, pre->name);
}

/* Changes without an effect in this kernel */
static void add_overridden(struct bytes *out, const struct pair *pair,
			   const struct span *pre)
{
	if (pre->decision.overridden && pre->diff.state == SPAN_CHANGED)
		bytes_printf(out, "ignored %s %s (weak, overridden by another unit)\n",
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

/* A variable that nothing refers to: it stays as it is. */
static void add_unreferred(struct bytes *out, const struct pair *pair,
			   const struct span *pre)
{
	if (pre->diff.state == SPAN_CHANGED && is_data(pre) &&
	    !pre->decision.replaced && !forbid_is_in_use(pre) &&
	    !forbid_is_in_use(peer_of(pre)))
		bytes_printf(out, "ignored data %s %s (nothing refers to it)\n",
			     pair->unit, pre->name);
}

static void add_ignored(struct bytes *out, const struct pair *pair,
			const struct span *span)
{
	if (span->section->kind == KIND_INIT && span->diff.state != SPAN_SAME)
		bytes_printf(out, "ignored %s %s (%s: %s)\n", pair->unit,
			     span->name, span->section->name,
			     !strncmp(span->section->name, ".exit", 5) ?
			     "is not replaced" : "will not run");
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The strings of .modinfo, sorted, each with a NUL at its end */
static struct bytes read_modinfo(struct object *object)
{
	const struct section *section = object_find_section(object,
							    ".modinfo");
	const char **texts = NULL;
	struct bytes all = {};
	size_t n = 0, at = 0;

	while (section && section->contents && at < section->size) {
		const char *text = (const char *)section->contents + at;
		const size_t length = strnlen(text, section->size - at);

		vec_add(texts, n) = xasprintf("%.*s", (int)length, text);
		at += length + 1;
	}
	vec_sort(texts, n, sizeof(*texts), by_text);
	for (size_t i = 0; i < n; i++)
		bytes_add(&all, texts[i], strlen(texts[i]) + 1);
	return all;
}

static void add_modinfo(struct bytes *out, const struct pair *pair)
{
	const struct bytes pre = read_modinfo(pair->pre);
	const struct bytes post = read_modinfo(pair->post);

	if (pre.n != post.n || (pre.n && memcmp(pre.at, post.at, pre.n)))
		bytes_printf(out, "ignored %s .modinfo (module information)\n",
			     pair->unit);
}

static void add_exports(struct bytes *out, const struct pair *pair)
{
	for (size_t i = 0; i < pair->post->n_sections; i++) {
		const struct section *section = &pair->post->sections[i];

		if (exports_is_new(pair->pre, section))
			bytes_printf(out, "new export %s %s\n", pair->unit,
				     export_name(section));
	}
	for (size_t i = 0; i < pair->post->n_symbols; i++)
		if (wanted_has(pair->wanted, &pair->post->symbols[i]))
			bytes_printf(out, "new export %s %s (for another target of the update)\n",
				     pair->unit, pair->post->symbols[i].name);
}

/* Does an entry about the function differ in what is not compared of it? */
static bool has_other_lines(const struct span *pre)
{
	const struct span *post = peer_of(pre);

	for (size_t i = 0; i < pre->links.n_entries &&
	     i < post->links.n_entries; i++) {
		const struct span *a = pre->links.entries[i];
		const struct span *b = post->links.entries[i];
		const struct table *table = a->section->table;

		if (table && table->neutral_size &&
		    memcmp(span_bytes(a) + table->neutral_start,
			   span_bytes(b) + table->neutral_start,
			   table->neutral_size))
			return true;
	}
	return false;
}

static void add_other_lines(struct bytes *out, const struct pair *pair)
{
	struct span *span;
	size_t n = 0;

	for_each_span(span, pair->pre)
		if (span->section->kind == KIND_TEXT && peer_of(span) &&
		    span->diff.state == SPAN_SAME && !span->decision.replaced)
			n += has_other_lines(span);
	if (n)
		bytes_printf(out, "ignored %s %zu function%s (only line numbers differ)\n",
			     pair->unit, n, n == 1 ? "" : "s");
}

static void add_deleted_data(struct bytes *out, const struct pair *pair,
			     bool explain)
{
	struct span *span;

	for_each_span(span, pair->pre)
		if ((span->section->kind == KIND_DATA ||
		     span->section->kind == KIND_PERCPU ||
		     (explain && span->section->kind == KIND_RODATA &&
		      !span_is_content(span))) &&
		    span->symbol && span->diff.state == SPAN_DELETED &&
		    !span_is_disposable(span))
			bytes_printf(out, "deleted data %s %s (%llu bytes; it stays)\n",
				     pair->unit, span->name,
				     (unsigned long long)span->size);
}

/* What of the difference has no effect, and why */
static void add_left_out(struct bytes *out, const struct pair *pair)
{
	struct span *span;

	for_each_span(span, pair->pre)
		add_overridden(out, pair, span);
	for_each_span(span, pair->pre)
		add_unreferred(out, pair, span);
	for_each_span(span, pair->pre)
		add_ignored(out, pair, span);
	for_each_span(span, pair->post)
		if (!peer_of(span))
			add_ignored(out, pair, span);
	add_modinfo(out, pair);
}

static void add_pair(struct bytes *out, const struct pair *pair,
		     const struct touched_lines *touched, bool is_nothing)
{
	struct span *span;

	for_each_span(span, pair->pre)
		if (span->decision.replaced && span->section->kind == KIND_TEXT)
			add_replaced(out, pair, span, touched);
	for_each_span(span, pair->pre)
		if (span->decision.replaced && span->section->kind != KIND_TEXT)
			add_overwritten(out, pair, span, touched);
	for_each_span(span, pair->post)
		add_kept(out, pair, span);
	for_each_span(span, pair->post)
		add_unused(out, pair, span);
	add_hooks(out, pair);
	add_exports(out, pair);
	for_each_span(span, pair->pre)
		add_deleted(out, pair, span);
	add_left_out(out, pair);
	add_deleted_data(out, pair, touched || is_nothing);
	if (touched || is_nothing)
		add_other_lines(out, pair);
}

void summary_write(const char *path, struct pair *pairs, size_t n_pairs,
		   const struct touched_lines *touched, bool is_nothing)
{
	struct bytes out = {};

	for (size_t i = 0; i < n_pairs; i++)
		add_pair(&out, &pairs[i], touched, is_nothing);
	output_write(path, out.at, out.n);
}

bool summary_any(const struct pair *pair)
{
	struct bytes out = {};

	add_pair(&out, pair, NULL, true);
	return out.n;
}
