// SPDX-License-Identifier: GPL-2.0-only
/*
 * keep.c - what goes into the new code, and what cannot be done
 *
 * Sixth step of "diff", over all units of a target at once.  First everything
 * that differs and cannot be replaced in a running kernel is refused, each by
 * its name and with the reason.  Then kept is, starting from the changed
 * functions, what they need and the running kernel does not have:
 *   - their .cold parts and their entries of tables,
 *   - new functions and variables that kept ones refer to,
 *   - contents (strings, constants), always as a copy.
 * All else that kept code refers to stays where it is in the running kernel
 * and is imported: unchanged functions, every variable that pre has, and by
 * its address a changed function (a call goes to the new body, new-code.c).
 */
#include "match.h"
#include "die.h"
#include "kind.h"
#include "strmap.h"
#include "vec.h"

#include <string.h>

/* --- refusals ------------------------------------------------------------ */

static const char *unit_of(const struct span *span)
{
	return span->section->object->unit;
}

/* Sections whose code cannot be run from elsewhere, or redirected */
static const char *code_obstacle(const struct section *section)
{
	static const struct {
		const char *prefix, *reason;
	} obstacles[] = {
		{ ".entry.text",
		  "it runs before the kernel's memory is mapped" },
		{ ".static_call.text",
		  "the kernel rewrites it as a whole" },
		{ ".text..__x86.",
		  "the kernel rewrites it as a whole" },
	};

	for (size_t i = 0; i < sizeof(obstacles) / sizeof(*obstacles); i++)
		if (!strncmp(section->name, obstacles[i].prefix,
			     strlen(obstacles[i].prefix)))
			return obstacles[i].reason;
	return NULL;
}

/* A global symbol behind the first byte, or NULL */
static const struct symbol *inner_entry(const struct span *span)
{
	const struct object *object = span->section->object;

	for (size_t i = 0; i < object->n_symbols; i++) {
		const struct symbol *symbol = &object->symbols[i];

		if (symbol->span == span && symbol->is_global &&
		    symbol->value > span->start)
			return symbol;
	}
	return NULL;
}

static void refuse_code(const struct span *pre)
{
	const char *obstacle = code_obstacle(pre->section);
	const struct symbol *inner = inner_entry(pre);

	if (!inner && pre->peer)
		inner = inner_entry(pre->peer);
	if (!pre->symbol)
		refuse("%s: code without a symbol changes in section '%s'",
		       unit_of(pre), pre->section->name);
	else if (obstacle)
		refuse("%s: '%s' in section '%s' changes: %s", unit_of(pre),
		       pre->name, pre->section->name, obstacle);
	else if (inner)
		refuse("%s: '%s' changes and has a second entry '%s'",
		       unit_of(pre), pre->name, inner->name);
}

static void refuse_data(const struct span *pre)
{
	const struct span *post = pre->peer;

	if (pre->section->kind != post->section->kind)
		refuse("%s: '%s' %s", unit_of(pre), pre->name, pre->why);
	else if (pre->size != post->size)
		refuse("%s: the size of '%s' changes from %llu to %llu: the running kernel has the old one",
		       unit_of(pre), pre->name,
		       (unsigned long long)pre->size,
		       (unsigned long long)post->size);
	else if (pre->section->kind == KIND_RODATA)
		refuse("%s: read-only data '%s' changes (%s)", unit_of(pre),
		       pre->name, pre->why);
	else
		refuse("%s: initialiser of '%s' changes: the running kernel has a value of its own",
		       unit_of(pre), pre->name);
}

/* Does anything refer to it?  Init code may have registered it. */
static bool is_in_use(const struct span *span)
{
	if (span->symbol && span->symbol->is_global)
		return true;
	for (size_t i = 0; i < span->n_referrers; i++) {
		enum section_kind kind = span->referrers[i]->section->kind;

		if (kind != KIND_IGNORED && kind != KIND_EXPORT)
			return true;
	}
	return false;
}

/* Said once for both: for pre, and for what only post has. */
static void refuse_fixed(const struct span *span)
{
	const char *what = span->state == SPAN_NEW ? "is new" :
			   span->state == SPAN_DELETED ? "is gone" : "changes";

	if (span->section->kind == KIND_UNKNOWN)
		refuse("%s: '%s' %s, in section '%s' that objmanip does not know",
		       unit_of(span), span->name, what, span->section->name);
	else
		refuse("%s: '%s' %s: what section '%s' holds is registered at boot",
		       unit_of(span), span->name, what, span->section->name);
}

static void refuse_span(const struct span *span)
{
	switch (span->section->kind) {
	case KIND_TEXT:
		if (span->state == SPAN_CHANGED)
			refuse_code(span);
		else if (span->state == SPAN_DELETED && !span->symbol)
			refuse("%s: code without a symbol changes in section '%s'",
			       unit_of(span), span->section->name);
		break;
	case KIND_RODATA:
	case KIND_DATA:
	case KIND_PERCPU:
		if (span->state == SPAN_CHANGED &&
		    (is_in_use(span) || is_in_use(span->peer)))
			refuse_data(span);
		break;
	case KIND_FIXED:
	case KIND_UNKNOWN:
		if (span->state != SPAN_SAME)
			refuse_fixed(span);
		break;
	default:
		break;
	}
}

/* A table that we do not know would be missing for the new function. */
static void refuse_unknown_table(const struct span *span)
{
	if (span->section->kind != KIND_UNKNOWN || span->state != SPAN_SAME)
		return;
	for (size_t i = 0; i < span->n_relocs; i++) {
		const struct span *target = span->relocs[i].target;

		if (target && target->section->kind == KIND_TEXT &&
		    target->state == SPAN_CHANGED)
			refuse("%s: '%s' changes, and section '%s' that objmanip does not know refers to it",
			       unit_of(span), target->name,
			       span->section->name);
	}
}

static const char *export_name(const struct section *section)
{
	const char *plus = strchr(section->name, '+');

	return plus ? plus + 1 : NULL;
}

static struct section *find_export(struct object *object, const char *name)
{
	for (size_t i = 0; i < object->n_sections; i++) {
		struct section *section = &object->sections[i];
		const char *other = section->kind == KIND_EXPORT ?
			export_name(section) : NULL;

		if (other && !strcmp(other, name))
			return section;
	}
	return NULL;
}

static void refuse_exports(struct object *pre, struct object *post)
{
	for (size_t i = 0; i < pre->n_sections; i++) {
		struct section *section = &pre->sections[i];
		const char *name = section->kind == KIND_EXPORT ?
			export_name(section) : NULL;

		if (!name)
			continue;

		struct section *other = find_export(post, name);

		if (!other)
			refuse("%s: the export of '%s' is gone: modules may use it",
			       pre->unit, name);
		else if (strcmp(section->name, other->name))
			refuse("%s: the export of '%s' changes its licence",
			       pre->unit, name);
	}
	for (size_t i = 0; i < post->n_sections; i++) {
		struct section *section = &post->sections[i];
		const char *name = section->kind == KIND_EXPORT ?
			export_name(section) : NULL;

		if (name && !find_export(pre, name))
			refuse("%s: '%s' is a new export: not supported",
			       post->unit, name);
	}
}

static void refuse_differences(struct pair *pair)
{
	struct span *span;

	for_each_span(span, pair->pre)
		refuse_span(span);
	for_each_span(span, pair->post) {
		if (!span->peer)
			refuse_span(span);
		refuse_unknown_table(span);
	}
	refuse_exports(pair->pre, pair->post);
}

/* --- the closure --------------------------------------------------------- */

/* Kept spans whose relocations have not been looked at */
struct queue {
	struct span **spans;
	size_t n;
	struct strmap globals;		/* name to post span, of all units */
};

static void keep(struct queue *queue, struct span *span)
{
	if (span->keep)
		return;
	span->keep = true;
	vec_add(queue->spans, queue->n) = span;
	for (size_t i = 0; i < span->n_entries; i++)
		keep(queue, span->entries[i]);
}

static void keep_new(struct queue *queue, const struct span *by,
		     struct span *target)
{
	if (target->maybe)
		refuse("%s: cannot tell whether '%s', which '%s' refers to, is '%s' of the running kernel: give it a name of its own",
		       unit_of(by), target->name, by->name,
		       target->maybe->name);
	else
		keep(queue, target);
}

/* A kept span refers to this one. */
static void keep_target(struct queue *queue, const struct span *by,
			struct span *target)
{
	switch (target->section->kind) {
	case KIND_STRING:
	case KIND_CONST:
	case KIND_REPLACEMENT:
	case KIND_ALT_AUX:
		keep(queue, target);
		break;
	case KIND_RODATA:
		if (span_is_content(target))
			keep(queue, target);
		else if (target->state == SPAN_NEW)
			keep_new(queue, by, target);
		break;
	case KIND_TEXT:
		if (target->state != SPAN_NEW)
			break;
		if (code_obstacle(target->section))
			refuse("%s: '%s' is new in section '%s': %s",
			       unit_of(target), target->name,
			       target->section->name,
			       code_obstacle(target->section));
		else
			keep(queue, target);
		break;
	case KIND_DATA:
	case KIND_PERCPU:
		if (target->state == SPAN_NEW)
			keep_new(queue, by, target);
		break;
	case KIND_INIT:
		refuse("%s: '%s' refers to '%s' in section '%s', which is gone after boot",
		       unit_of(by), by->name, target->name,
		       target->section->name);
		break;
	case KIND_FIXED:
	case KIND_UNKNOWN:	/* if it differs, refused already */
	case KIND_TABLE:
	case KIND_EXPORT:
	case KIND_DEBUG:
	case KIND_IGNORED:
		break;
	}
}

static void keep_references(struct queue *queue, const struct span *span)
{
	for (size_t i = 0; i < span->n_relocs; i++) {
		const struct reloc *reloc = &span->relocs[i];
		struct span *target = reloc->target;

		/* Another unit of the target may define it. */
		if (!target && reloc->symbol->is_global)
			target = strmap_get(&queue->globals,
					    reloc->symbol->name);
		if (!target || target == span)
			continue;
		if (reloc->unsure)
			refuse("%s: cannot tell what '%s' refers to in section '%s' at offset 0x%llx",
			       unit_of(span), span->name,
			       target->section->name,
			       (unsigned long long)(reloc->offset -
						    span->start));
		else
			keep_target(queue, span, target);
	}
}

static void collect_globals(struct queue *queue, struct object *post)
{
	for (size_t i = 0; i < post->n_symbols; i++) {
		struct symbol *symbol = &post->symbols[i];

		if (symbol->is_global && symbol->span && *symbol->name &&
		    symbol->value == symbol->span->start)
			*strmap_slot(&queue->globals, symbol->name) =
				symbol->span;
	}
}

static void keep_cold_parts(struct queue *queue, struct object *post)
{
	struct span *span;

	for_each_span(span, post)
		if (span->section->kind == KIND_TEXT && span->parent &&
		    span->parent->keep)
			keep(queue, span);
}

size_t keep_decide(struct pair *pairs, size_t n_pairs)
{
	struct queue queue = {};
	struct span *span;
	size_t n_patched = 0;
	size_t done = 0;

	for (size_t i = 0; i < n_pairs; i++)
		refuse_differences(&pairs[i]);
	for (size_t i = 0; i < n_pairs; i++) {
		collect_globals(&queue, pairs[i].post);
		for_each_span(span, pairs[i].pre) {
			if (span->section->kind != KIND_TEXT ||
			    span->state != SPAN_CHANGED)
				continue;
			keep(&queue, span->peer);
			if (span->parent)
				continue;
			span->patched = true;
			n_patched++;
		}
	}
	do {
		while (done < queue.n)
			keep_references(&queue, queue.spans[done++]);
		for (size_t i = 0; i < n_pairs; i++)
			keep_cold_parts(&queue, pairs[i].post);
	} while (done < queue.n);
	refused_exit();
	return n_patched;
}
