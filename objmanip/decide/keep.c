// SPDX-License-Identifier: GPL-2.0-only
/*
 * keep.c - what goes into the new code
 *
 * The step "keep", over all units of a target at once.  forbid.c has refused
 * what cannot be replaced.  The changed functions and the hooks are kept, with
 * everything they need that the running kernel lacks:
 *   - their .cold parts and their entries of tables,
 *   - new functions and variables that kept ones refer to,
 *   - contents (strings, constants), always as a copy.
 * The new contents of data that is overwritten are kept, too.
 * Everything else that kept code refers to stays in the running kernel and is
 * imported: unchanged functions, and every variable that pre has.  A changed
 * function is imported where its address is taken; a call goes to the new
 * function (new-code.c).
 */
#include "decide/keep.h"
#include "decide/exports.h"
#include "decide/forbid.h"
#include "decide/hooks.h"
#include "decide/layout.h"
#include "decide/listed.h"
#include "decide/marks.h"
#include "decide/state.h"
#include "decide/wanted.h"
#include "read/export.h"
#include "read/jump.h"
#include "util/die.h"
#include "util/refuse.h"
#include "util/strmap.h"
#include "util/vec.h"

#include <string.h>

static const char *unit_of(const struct span *span)
{
	return span->section->object->unit;
}

/* Kept spans whose relocations have not been looked at */
struct queue {
	struct span **spans;
	size_t n;
	struct strmap globals;		/* name to post span, of all units */
};

static void keep(struct queue *queue, struct span *span)
{
	if (span->decision.keep)
		return;
	span->decision.keep = true;
	vec_add(queue->spans, queue->n) = span;
	for (size_t i = 0; i < span->links.n_entries; i++)
		keep(queue, span->links.entries[i]);
}

/* A variable of the same size that only the old version refers to, or NULL */
static const struct span *find_gone(const struct span *by,
				    const struct span *referent)
{
	for (size_t i = 0; peer_of(by) && i < peer_of(by)->n_relocs; i++) {
		const struct span *old = peer_of(by)->relocs[i].referent;

		if (old && old->diff.state == SPAN_DELETED && old->symbol &&
		    old->section->kind == referent->section->kind &&
		    old->size == referent->size && !span_is_disposable(old) &&
		    strcmp(old->name, referent->name))
			return old;
	}
	return NULL;
}

static void warn_of_renamed(const struct span *by, const struct span *referent)
{
	const struct span *gone = referent->section->kind == KIND_RODATA ||
		span_is_disposable(referent) || referent->decision.keep ?
		NULL : find_gone(by, referent);

	if (gone)
		warning("%s: '%s' is new and '%s' is gone: if the patch renames it, its value is lost",
			unit_of(by), referent->name, gone->name);
}

static void keep_new(struct queue *queue, const struct span *by,
		     struct span *referent)
{
	if (referent->correlation.candidate &&
	    referent->correlation.candidate->section->kind == KIND_INIT) {
		refuse("%s: '%s', which '%s' refers to, was freed after boot, and its value is lost",
		       unit_of(by), referent->name, by->name);
	} else if (referent->correlation.candidate) {
		refuse("%s: cannot tell whether '%s', which '%s' refers to, is '%s' of the running kernel: give it a unique name",
		       unit_of(by), referent->name, by->name,
		       referent->correlation.candidate->name);
	} else {
		warn_of_renamed(by, referent);
		keep(queue, referent);
	}
}

static void keep_old(const struct span *by, const struct span *referent)
{
	if (referent->correlation.by_order && !state_is_confirmed(referent))
		refuse("%s: cannot tell which '%s' of the running kernel is '%s', which '%s' refers to: the function has several of that name",
		       unit_of(by), peer_of(referent)->name, referent->name,
		       by->name);
}

static void keep_new_code(struct queue *queue, struct span *referent)
{
	const struct section *section = referent->section;
	const struct fixed_code *obstacle = forbid_code_in(section);

	if (obstacle && !obstacle->may_be_new)
		refuse("%s: '%s' is new in section '%s': %s", unit_of(referent),
		       referent->name, section->name, obstacle->why);
	else
		keep(queue, referent);
}

/* A kept span refers to this one. */
static void keep_referent(struct queue *queue, const struct span *by,
			  struct span *referent)
{
	switch (referent->section->kind) {
	case KIND_STRING:
	case KIND_CONST:
	case KIND_REPLACEMENT:
	case KIND_ALT_AUX:
		keep(queue, referent);
		break;
	case KIND_RODATA:
		if (span_is_content(referent))
			keep(queue, referent);
		else if (referent->diff.state == SPAN_NEW)
			keep_new(queue, by, referent);
		break;
	case KIND_TEXT:
		if (referent->diff.state == SPAN_NEW)
			keep_new_code(queue, referent);
		break;
	case KIND_DATA:
	case KIND_PERCPU:
		if (referent->diff.state == SPAN_NEW)
			keep_new(queue, by, referent);
		else
			keep_old(by, referent);
		break;
	case KIND_INIT:
		refuse("%s: '%s' refers to '%s' in section '%s', which is freed after boot",
		       unit_of(by), by->name, referent->name,
		       referent->section->name);
		break;
	case KIND_FIXED:
	case KIND_UNKNOWN:	/* if it differs, refused already */
	case KIND_TABLE:
	case KIND_EXPORT:
	case KIND_HOOK:
	case KIND_DEBUG:
	case KIND_IGNORED:
		break;
	}
}

/* Does it refer to that offset of the section, without naming a symbol? */
static bool is_offset(const struct reloc *reloc, const struct section *section,
		      uint64_t offset)
{
	return reloc->symbol->is_section && reloc->symbol->section == section &&
	       reloc->symbol->value + reloc->addend + reloc->bias == offset;
}

static bool refers(const struct span *by, const struct span *to)
{
	for (size_t i = 0; i < by->n_relocs; i++)
		if (by->relocs[i].referent == to)
			return true;
	return false;
}

/* An address, not the contents: only that can mean the end of an array. */
static bool is_address(const struct reloc *reloc)
{
	return reloc->type->class == RELOC_ABSOLUTE;
}

/*
 * In a section with several variables, the end of an array is where the next
 * variable starts, and the assembler writes the same number for both.  True if
 * the reference meant the end of the variable before and that one had another
 * neighbour in pre; or if it is the address of a new variable, and the code
 * refers to the one before as well.  The end of a string or constant is never
 * used, nor that of a macro's own data: the descriptors of all pr_debug() of a
 * file follow each other.
 */
static bool is_end_of_another(const struct span *by, const struct reloc *reloc)
{
	const struct section *section = reloc->referent->section;
	const struct span *referent = reloc->referent, *before = NULL;

	if (section->kind != KIND_DATA && section->kind != KIND_PERCPU)
		return false;
	for (size_t i = 1; i < section->n_spans; i++)
		if (section->spans[i] == referent)
			before = section->spans[i - 1];
	if (!before || !peer_of(before) || span_is_disposable(before) ||
	    before->start + before->size != referent->start ||
	    !is_offset(reloc, section, referent->start))
		return false;
	if (referent->diff.state == SPAN_NEW && is_address(reloc) &&
	    refers(by, before))
		return true;
	if (!peer_of(by))
		return false;

	const struct span *pre = peer_of(before);

	if (peer_of(referent) && peer_of(referent)->section == pre->section &&
	    peer_of(referent)->start == pre->start + pre->size)
		return false;
	for (size_t i = 0; i < peer_of(by)->n_relocs; i++)
		if (is_offset(&peer_of(by)->relocs[i], pre->section,
			     pre->start + pre->size))
			return true;
	return false;
}

/* What it jumps to or falls through to without a relocation */
static void keep_company(struct queue *queue, const struct span *span)
{
	size_t i, last;

	if (span->section->kind != KIND_TEXT)
		return;
	for (jump_company(span, &i, &last); i <= last; i++)
		keep(queue, span->section->spans[i]);
}

static void keep_references(struct queue *queue, const struct span *span)
{
	for (size_t i = 0; i < span->n_relocs; i++) {
		const struct reloc *reloc = &span->relocs[i];
		struct span *referent = reloc->referent;

		/* Another unit of the target may define or override it. */
		if (referent ? referent->decision.overridden :
			       reloc->symbol->is_global)
			referent = strmap_get(&queue->globals, referent ?
					      referent->name :
					      reloc->symbol->name);
		if (!referent || referent == span)
			continue;
		if (reloc->unsure ||
		    (reloc->referent && is_end_of_another(span, reloc)))
			refuse("%s: cannot tell what '%s' refers to in section '%s' at offset 0x%llx",
			       unit_of(span), span->name,
			       referent->section->name,
			       (unsigned long long)(reloc->offset -
						    span->start));
		else
			keep_referent(queue, span, referent);
	}
}

static bool is_strong(const struct span *span)
{
	return span->symbol && span->symbol->is_global &&
	       !span->symbol->is_weak;
}

static void collect_globals(struct strmap *globals, struct object *object)
{
	for (size_t i = 0; i < object->n_symbols; i++) {
		struct symbol *symbol = &object->symbols[i];

		if (!symbol->is_global || !symbol->span || !*symbol->name ||
		    symbol->value != symbol->span->start)
			continue;

		struct span **slot =
			(struct span **)strmap_slot(globals, symbol->name);

		if (!*slot || !is_strong(*slot))
			*slot = symbol->span;
	}
}

/* The linker chose another definition: these are never called. */
static void find_overridden(const struct strmap *globals,
			    struct object *object)
{
	struct span *span;

	for_each_span(span, object) {
		const struct span *other = span->symbol &&
			span->symbol->is_weak ?
			strmap_get(globals, span->name) : NULL;

		span->decision.overridden =
			other && other != span && is_strong(other);
	}
}

/* Unchanged callers would keep using the old definition. */
static void refuse_moved(const struct queue *queue, struct object *pre)
{
	struct span *span;

	for_each_span(span, pre) {
		const bool is_data = span->section->kind == KIND_DATA ||
				     span->section->kind == KIND_PERCPU;
		/* A static variable may become global for its new users. */
		const struct span *moved = span->diff.state == SPAN_DELETED &&
			span->symbol && (span->symbol->is_global || is_data) ?
			strmap_get(&queue->globals, span->name) : NULL;

		const struct span *better = span->symbol &&
			span->symbol->is_weak && peer_of(span) ?
			strmap_get(&queue->globals, span->name) : NULL;

		if (moved && moved->diff.state == SPAN_NEW)
			refuse("%s: '%s' moves to %s: not supported",
			       unit_of(span), span->name, unit_of(moved));
		if (better && better != peer_of(span) &&
		    better->diff.state == SPAN_NEW && is_strong(better))
			refuse("%s: '%s' is weak, and %s gets a strong definition: unchanged callers keep using the weak one",
			       unit_of(span), span->name, unit_of(better));
	}
}

/* .cold parts, and all that lies between the entries of a function */
static void keep_parts(struct queue *queue, struct object *post)
{
	struct span *span;

	for_each_span(span, post) {
		if (span->section->kind != KIND_TEXT)
			continue;
		if ((span->links.parent && span->links.parent->decision.keep) ||
		    (span->links.whole && span->links.whole->decision.keep))
			keep(queue, span);
		if (span->links.whole && span->decision.keep)
			keep(queue, span->links.whole);
	}
}

/* Code whose copy might lack something, or that lacks something already */
static void refuse_odd(const struct queue *queue)
{
	for (size_t i = 0; i < queue->n; i++) {
		const struct span *span = queue->spans[i];

		if (span->flow.odd)
			refuse("%s: '%s' changes or is new, and %s: it cannot be copied",
			       unit_of(span), span->name, span->flow.odd);
		listed_check(span);
	}
}

/* Data that is overwritten: its new contents.  Returns their number. */
static size_t keep_in_place(struct queue *queue, struct object *pre)
{
	struct span *span;
	size_t n = 0;

	for_each_span(span, pre) {
		if (!forbid_leaves_in_place(span))
			continue;
		keep(queue, peer_of(span));
		span->decision.replaced = true;
		n++;
	}
	return n;
}

/* Returns their number. */
static size_t keep_hooks(struct queue *queue, struct object *post)
{
	struct span *span, *function;
	size_t n = 0;

	for_each_span(span, post) {
		if (span->section->kind != KIND_HOOK)
			continue;
		function = hook_function(span);
		if (function)
			keep_referent(queue, span, function);
		n++;
	}
	return n;
}

/* Returns how many there are. */
static size_t keep_exports(struct queue *queue, const struct pair *pair)
{
	size_t n = 0;

	for (size_t i = 0; i < pair->post->n_sections; i++) {
		const struct section *section = &pair->post->sections[i];
		const struct symbol *symbol =
			exports_is_new(pair->pre, section) ?
			export_symbol(section) : NULL;

		if (!symbol || !symbol->span)
			continue;
		keep_referent(queue, symbol->span, symbol->span);
		n++;
	}
	for (size_t i = 0; i < pair->post->n_symbols; i++) {
		const struct symbol *symbol = &pair->post->symbols[i];

		if (!wanted_has(pair->wanted, symbol))
			continue;
		keep_referent(queue, symbol->span, symbol->span);
		n++;
	}
	return n;
}

size_t keep_decide(struct pair *pairs, size_t n_pairs)
{
	struct queue queue = {};
	struct strmap pre_globals = {};
	struct span *span;
	size_t n_patched = 0, n_hooks = 0;
	size_t done = 0;

	marks_set_data(pairs, n_pairs);
	for (size_t i = 0; i < n_pairs; i++) {
		forbid_differences(&pairs[i]);
		collect_globals(&pre_globals, pairs[i].pre);
		collect_globals(&queue.globals, pairs[i].post);
	}
	for (size_t i = 0; i < n_pairs; i++) {
		find_overridden(&pre_globals, pairs[i].pre);
		find_overridden(&queue.globals, pairs[i].post);
	}
	for (size_t i = 0; i < n_pairs; i++) {
		refuse_moved(&queue, pairs[i].pre);
		for_each_span(span, pairs[i].pre) {
			if (span->section->kind != KIND_TEXT ||
			    span->diff.state != SPAN_CHANGED ||
			    span->decision.overridden)
				continue;
			keep(&queue, peer_of(span));
			if (span->links.parent)
				continue;
			span->decision.replaced = true;
			n_patched++;
		}
		n_patched += keep_in_place(&queue, pairs[i].pre);
		n_hooks += keep_hooks(&queue, pairs[i].post);
	}
	for (size_t i = 0; i < n_pairs; i++)
		n_patched += keep_exports(&queue, &pairs[i]);
	do {
		while (done < queue.n) {
			keep_company(&queue, queue.spans[done]);
			keep_references(&queue, queue.spans[done++]);
		}
		for (size_t i = 0; i < n_pairs; i++)
			keep_parts(&queue, pairs[i].post);
	} while (done < queue.n);
	marks_set_functions(pairs, n_pairs);
	refuse_odd(&queue);
	layout_compare(pairs, n_pairs);
	refused_exit();
	return n_patched + n_hooks;
}
