// SPDX-License-Identifier: GPL-2.0-only
/*
 * state.c - which spans are changed, new or gone
 *
 * The step "compare".  Spans that compare.c finds different are changed.  That
 * a function calls or reads something that changes does not change it: the
 * redirect stands at the old entry.  But it changes with one that
 *   - it jumps into the middle of,
 *   - is its .cold part, or the other way round,
 *   - is another entry of the same assembly function.
 * Data of which a fresh copy is as good (name_is_disposable()), read-only data
 * that only code reads, and tables of addresses inside a changed function are
 * not changed but new: they are correlated no longer, and what refers to them
 * changes.  All this repeats until nothing changes any more.
 */
#include "decide/state.h"
#include "decide/compare.h"
#include "decide/correlation.h"
#include "decide/exports.h"
#include "util/vec.h"

#include <string.h>

static void set_changed(struct span *pre, const char *why, uint64_t offset)
{
	pre->diff.state = peer_of(pre)->diff.state = SPAN_CHANGED;
	pre->diff.why = peer_of(pre)->diff.why = why;
	pre->diff.offset = peer_of(pre)->diff.offset = offset;
}

static void dissolve(struct span *pre)
{
	struct span *post = peer_of(pre);

	correlation_clear(pre, post);
	pre->diff.state = SPAN_DELETED;
	post->diff.state = SPAN_NEW;
}

static bool is_middle_of_changed(const struct reloc *reloc)
{
	return reloc->referent && reloc->referent_offset &&
	       reloc->referent->section->kind == KIND_TEXT &&
	       reloc->referent->diff.state == SPAN_CHANGED;
}

static const struct span *function_of(const struct span *span)
{
	return span->links.parent ?: span;
}

/* A changed function that the span refers into the middle of, or NULL */
static const struct span *changed_inside(const struct span *span)
{
	for (size_t i = 0; i < span->n_relocs; i++) {
		const struct reloc *reloc = &span->relocs[i];

		if (is_middle_of_changed(reloc) &&
		    function_of(reloc->referent) != function_of(span))
			return reloc->referent;
	}
	for (size_t i = 0; i < span->flow.n_jumps; i++) {
		const struct jump *jump = &span->flow.jumps[i];

		if (jump->to_offset && jump->to->diff.state == SPAN_CHANGED)
			return jump->to;
	}
	return NULL;
}

/*
 * Only code that still runs refers to it.  What init code registered, or
 * other data points to, may be held anywhere.
 */
static bool is_read_by_code_only(const struct span *span)
{
	for (size_t i = 0; i < span->links.n_referrers; i++)
		if (!kind_is_code(span->links.referrers[i]->section->kind))
			return false;
	return true;
}

/* A table that the compiler made for a switch: all addresses in functions */
static bool is_jump_table(const struct span *span)
{
	if (span->symbol || span->section->kind != KIND_RODATA ||
	    !span->n_relocs)
		return false;
	for (size_t i = 0; i < span->n_relocs; i++) {
		const struct reloc *reloc = &span->relocs[i];

		if (!reloc->referent || !reloc->referent_offset ||
		    reloc->referent->section->kind != KIND_TEXT)
			return false;
	}
	return is_read_by_code_only(span);
}

/*
 * Only code has its address, so all code that uses the new one can be replaced.
 * With pointers in it and of the size it had it may be a table of operations,
 * which objects of the running kernel point to: they would keep the old
 * address.  One that grows is an array, which code searches.
 */
static bool is_only_searched(const struct span *pre, const struct span *post)
{
	return is_read_by_code_only(pre) && is_read_by_code_only(post) &&
	       ((!pre->n_relocs && !post->n_relocs) ||
		pre->size != post->size);
}

static bool is_variable(const struct span *span)
{
	return span->section->kind == KIND_DATA ||
	       span->section->kind == KIND_RODATA;
}

/*
 * Is it a number that becomes constant, or no longer is?  All code that reads
 * it then is new: a constant is what the new source says, and one that was
 * constant had no other value.
 */
static bool is_number_that_moves(const struct span *pre,
				 const struct span *post)
{
	return pre->section->kind != post->section->kind &&
	       is_variable(pre) && is_variable(post) &&
	       !pre->n_relocs && !post->n_relocs &&
	       is_read_by_code_only(pre) && is_read_by_code_only(post);
}

/* Is a fresh copy for the new code as good as the old one? */
static bool can_dissolve(const struct span *pre)
{
	const struct span *post = peer_of(pre);

	if (!pre->symbol || !pre->symbol->is_global) {
		if (span_is_disposable(pre) || is_number_that_moves(pre, post))
			return true;
		if (pre->section->kind != KIND_RODATA ||
		    post->section->kind != KIND_RODATA)
			return false;
		return changed_inside(pre) || changed_inside(post) ||
		       (is_jump_table(pre) && is_jump_table(post)) ||
		       is_only_searched(pre, post);
	}
	return false;
}

static bool is_data(const struct span *span)
{
	return span->section->kind == KIND_DATA ||
	       span->section->kind == KIND_PERCPU ||
	       span->section->kind == KIND_RODATA;
}

static bool is_alone(const struct span *span)
{
	return span->section->n_spans == 1;
}

/*
 * NULL, or what differs of where it is: new code may rely on that, and the
 * running kernel does not have it.
 */
static const char *new_location(const struct span *pre)
{
	const struct section *from = pre->section, *to = peer_of(pre)->section;

	if (!is_data(pre) || span_is_content(pre))
		return NULL;
	if (!strcmp(from->name, ".data..ro_after_init") &&
	    strcmp(to->name, from->name) && to->kind != KIND_RODATA)
		return "is no longer read-only after boot";
	if (is_alone(pre) && is_alone(peer_of(pre)) && to->align > from->align)
		return xasprintf("is aligned to %u instead of %u bytes",
				 to->align, from->align);
	return NULL;
}

/* It becomes constant, and is else the same: the one that runs will do. */
static bool becomes_constant(const struct span *pre)
{
	return pre->section->kind == KIND_DATA &&
	       peer_of(pre)->section->kind == KIND_RODATA &&
	       compare_spans(pre, peer_of(pre), NULL, NULL);
}

/* Returns whether anything has become known that was not. */
static bool compare_one(struct span *pre)
{
	const struct span *inside;
	uint64_t offset = 0;
	const char *why = NULL;

	if (!peer_of(pre) || pre->diff.state != SPAN_SAME)
		return false;
	if (pre->section->kind != peer_of(pre)->section->kind) {
		if (can_dissolve(pre)) {
			dissolve(pre);
			return true;
		}
		if (!becomes_constant(pre)) {
			set_changed(pre, xasprintf("moves from %s to %s",
				kind_name(pre->section->kind),
				kind_name(peer_of(pre)->section->kind)), 0);
			return true;
		}
	}
	why = new_location(pre);
	if (why && can_dissolve(pre)) {
		dissolve(pre);
		return true;
	} else if (why) {
		set_changed(pre, why, 0);
		pre->diff.is_moved = peer_of(pre)->diff.is_moved = true;
		return true;
	}
	inside = changed_inside(pre);
	if (inside && pre->section->kind == KIND_TEXT) {
		set_changed(pre, xasprintf("refers to the middle of '%s'",
					   inside->name), 0);
	} else if (inside && can_dissolve(pre)) {
		dissolve(pre);
	} else if (inside && is_data(pre)) {
		/* The new function needs the new addresses, others the old. */
		set_changed(pre, xasprintf("refers to the middle of '%s'",
					   inside->name), 0);
	} else if (!compare_spans(pre, peer_of(pre), &why, &offset)) {
		if (can_dissolve(pre))
			dissolve(pre);
		else
			set_changed(pre, why, offset);
	} else {
		return false;
	}
	return true;
}

/* A function and its .cold part change together. */
static bool compare_parts(struct span *cold)
{
	struct span *parent = cold->links.parent;

	if (cold->section->kind != KIND_TEXT || !parent || !peer_of(parent))
		return false;
	if (cold->diff.state != SPAN_SAME && parent->diff.state == SPAN_SAME) {
		set_changed(parent, xasprintf("its part '%s' differs",
					      cold->name), 0);
		return true;
	}
	if (cold->diff.state == SPAN_SAME && parent->diff.state != SPAN_SAME) {
		set_changed(cold, xasprintf("part of '%s'", parent->name), 0);
		return true;
	}
	return false;
}

/* All that lies between the first entry of a function and its end */
static bool compare_entries(struct span *part)
{
	struct span *whole = part->links.whole;

	if (part->section->kind != KIND_TEXT || !whole || !peer_of(whole) ||
	    !peer_of(part) || (part->diff.state == SPAN_SAME) ==
			   (whole->diff.state == SPAN_SAME))
		return false;
	if (part->diff.state == SPAN_SAME)
		set_changed(part, xasprintf("part of '%s'", whole->name), 0);
	else
		set_changed(whole, xasprintf("its part '%s' differs",
					     part->name), 0);
	return true;
}

static void set_initial_state(struct object *object,
			      enum span_state without_peer)
{
	for (size_t i = 0; i < object->n_sections; i++) {
		struct section *section = &object->sections[i];

		for (size_t j = 0; j < section->n_spans; j++) {
			struct span *span = section->spans[j];

			span->diff.state = peer_of(span) ? SPAN_SAME :
							    without_peer;
		}
	}
}

/* Neither function is the same one for the callers of both. */
static void compare_aliases(struct pair *pair)
{
	for (size_t i = 0; i < pair->pre->n_symbols; i++) {
		const struct symbol *pre = &pair->pre->symbols[i];
		const struct symbol *post =
			correlation_odd_alias(pre, pair->post);
		struct span *span = !post ? NULL :
			peer_of(pre->span) ? pre->span : peer_of(post->span);

		if (span && span->diff.state == SPAN_SAME)
			set_changed(span, xasprintf("'%s' is a name of it on one side only",
						    pre->name), 0);
	}
}

/* What belongs to a function has its state. */
static void set_states_of_parts(struct object *object)
{
	for (size_t i = 0; i < object->n_sections; i++) {
		struct section *section = &object->sections[i];

		if (section->kind != KIND_TABLE &&
		    section->kind != KIND_REPLACEMENT &&
		    section->kind != KIND_ALT_AUX)
			continue;
		for (size_t j = 0; j < section->n_spans; j++)
			if (section->spans[j]->links.parent)
				section->spans[j]->diff.state =
					section->spans[j]
						->links.parent->diff.state;
	}
}

/* --- all of it ----------------------------------------------------------- */

/* Does it matter to the running kernel that this span is as it is? */
static bool matters(const struct span *span)
{
	const bool global = span->symbol && span->symbol->is_global;

	switch (span->section->kind) {
	case KIND_TEXT:
	case KIND_FIXED:
	case KIND_UNKNOWN:
		return span->diff.state != SPAN_SAME;
	case KIND_RODATA:
	case KIND_DATA:
	case KIND_PERCPU:
		/* A new one may be what another object needs. */
		if (span->diff.state == SPAN_NEW)
			return global;
		return span->diff.state == SPAN_CHANGED &&
		       (global || span->links.n_referrers);
	case KIND_HOOK:
		return span->diff.state == SPAN_NEW;
	default:
		return false;
	}
}

static size_t count_matters(const struct object *object, bool with_peer)
{
	size_t n = 0;

	for (size_t i = 0; i < object->n_sections; i++) {
		const struct section *section = &object->sections[i];

		for (size_t j = 0; j < section->n_spans; j++)
			n += matters(section->spans[j]) &&
			     (with_peer || !peer_of(section->spans[j]));
	}
	return n;
}

bool state_is_confirmed(const struct span *post)
{
	for (size_t i = 0; i < post->links.n_referrers; i++) {
		const struct span *by = function_of(post->links.referrers[i]);

		if (by->section->flags & SEC_CODE &&
		    by->diff.state == SPAN_SAME)
			return true;
	}
	return false;
}

/*
 * A flag that has a peer by a guess only, and what refers to it changes: new
 * code gets a fresh one rather than perhaps another statement's.
 */
static void drop_guesses(struct object *post)
{
	struct span *span;

	for_each_span(span, post) {
		if (!span->correlation.by_order || !peer_of(span) ||
		    !span->links.n_referrers || !span_is_disposable(span) ||
		    state_is_confirmed(span))
			continue;
		dissolve(peer_of(span));
		span->correlation.is_fresh = true;
	}
}

size_t state_decide(struct pair *pair)
{
	struct object *pre = pair->pre;
	bool again;

	set_initial_state(pre, SPAN_DELETED);
	set_initial_state(pair->post, SPAN_NEW);
	compare_aliases(pair);
	do {
		again = false;
		for (size_t i = 0; i < pre->n_sections; i++) {
			struct section *section = &pre->sections[i];

			for (size_t j = 0; j < section->n_spans; j++) {
				again |= compare_one(section->spans[j]);
				again |= compare_parts(section->spans[j]);
				again |= compare_entries(section->spans[j]);
			}
		}
	} while (again);
	drop_guesses(pair->post);
	set_states_of_parts(pre);
	set_states_of_parts(pair->post);
	return count_matters(pre, true) + count_matters(pair->post, false) +
	       exports_count_changes(pre, pair->post);
}
