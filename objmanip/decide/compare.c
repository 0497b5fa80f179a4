// SPDX-License-Identifier: GPL-2.0-only
/*
 * compare.c - what differs between pre and post
 *
 * Fourth step.  Two spans are the same if their bytes are, outside the fields
 * of relocations, and each relocation stands at the same place, is of the
 * same type and refers to the same thing: the peer, at the same offset; for
 * contents (strings, constants) equal contents; for what another object
 * defines, the same name.  A function must also agree in its entries of all
 * tables, with the code of alternatives; only line numbers of a bug table do
 * not count.
 *
 * That a function calls or reads something that changes does not change it:
 * the redirect stands at the old entry.  But it comes along with one that
 *   - it jumps into the middle of,
 *   - is its .cold part, or the other way round,
 *   - is another entry of the same assembly function.
 * Data of which a fresh copy is as good (name_is_disposable()), read-only data
 * that only code reads, and tables of places inside a changed
 * function are not changed but new: their pair is dissolved, and whoever
 * refers to them changes.  All this repeats until nothing changes any more.
 */
#include "decide/match.h"
#include "util/die.h"
#include "read/export.h"
#include "model/kind.h"
#include "model/table.h"
#include "util/vec.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

static bool same_target(const struct span *pre_span, const struct reloc *pre,
			const struct span *post_span,
			const struct reloc *post);

/* Byte of a span; .bss has none in the file. */
static uint8_t byte_at(const struct span *span, uint64_t offset)
{
	const uint8_t *bytes = span_bytes(span);

	return bytes ? bytes[offset] : 0;
}

/* The offset of the first byte that differs in [from, to), or to */
static uint64_t first_difference(const struct span *pre,
				 const struct span *post,
				 uint64_t from, uint64_t to)
{
	while (from < to && byte_at(pre, from) == byte_at(post, from))
		from++;
	return from;
}

static bool report(const char **why, uint64_t *offset, uint64_t at,
		   const char *text)
{
	if (why) {
		*why = text;
		*offset = at;
	}
	return false;
}

static const char *target_name(const struct reloc *reloc)
{
	const char *name = reloc->target ? reloc->target->name :
			   reloc->symbol->name;

	if (!reloc->target_offset)
		return name;
	return xasprintf("%s%s", name, distance_text(reloc->target_offset));
}

/*
 * A call of a local function has a PC32 relocation, of a global one PLT32.
 * There is no PLT in the kernel: they are the same.
 */
static unsigned int plain_type(const struct reloc *reloc)
{
	return reloc->type == R_X86_64_PLT32 ? R_X86_64_PC32 : reloc->type;
}

/* The last entry of a table may lack the zeroes that fill up the others. */
static bool is_short_entry(const struct span *pre, const struct span *post,
			   uint64_t size)
{
	const struct span *longer = pre->size > post->size ? pre : post;

	if (!pre->section->table)
		return false;
	while (size < longer->size && !byte_at(longer, size))
		size++;
	return size == longer->size;
}

/* Bytes and relocations; of an entry of a table without the neutral ones */
static bool same_body(const struct span *pre, const struct span *post,
		      const char **why, uint64_t *offset)
{
	uint64_t size = pre->size < post->size ? pre->size : post->size;
	const struct table *table = pre->section->table;
	uint64_t at = 0, end, differs;
	size_t i;

	for (i = 0; ; i++) {
		const struct reloc *a = i < pre->n_relocs ?
			&pre->relocs[i] : NULL;
		const struct reloc *b = i < post->n_relocs ?
			&post->relocs[i] : NULL;
		uint64_t a_at = a ? a->offset - pre->start : UINT64_MAX;
		uint64_t b_at = b ? b->offset - post->start : UINT64_MAX;

		end = a_at < b_at ? a_at : b_at;
		if (end > size)
			end = size;
		if (table && table->neutral_size && at <= table->neutral_start &&
		    end > table->neutral_start) {
			differs = first_difference(pre, post, at,
						   table->neutral_start);
			if (differs < table->neutral_start)
				return report(why, offset, differs,
					      "bytes differ");
			at = table->neutral_start + table->neutral_size;
		}
		differs = first_difference(pre, post, at, end);
		if (differs < end)
			return report(why, offset, differs, "bytes differ");
		if (!a && !b)
			break;
		if (a_at != b_at)
			return report(why, offset, end, a_at < b_at ?
				xasprintf("no longer refers to '%s'",
					  target_name(a)) :
				xasprintf("refers to '%s'", target_name(b)));
		if (plain_type(a) != plain_type(b))
			return report(why, offset, end,
				      "relocation of another type");
		if (!same_target(pre, a, post, b))
			return report(why, offset, end,
				xasprintf("refers to '%s' instead of '%s'",
					  target_name(b), target_name(a)));
		at = a_at + bfd_get_reloc_size(a->howto);
	}
	if (pre->size != post->size && !is_short_entry(pre, post, size))
		return report(why, offset, size,
			      xasprintf("size %llu instead of %llu",
					(unsigned long long)post->size,
					(unsigned long long)pre->size));
	return true;
}

/* Two references to contents: does the same stand there? */
static bool same_content(const struct reloc *pre, const struct reloc *post)
{
	const struct span *a = pre->target, *b = post->target;
	int64_t a_at = pre->target_offset, b_at = post->target_offset;

	/* Of a string all from that place on counts; so may one share. */
	if (a->section->kind == KIND_STRING &&
	    b->section->kind == KIND_STRING &&
	    a_at >= 0 && a_at < (int64_t)a->size &&
	    b_at >= 0 && b_at < (int64_t)b->size)
		return a->size - a_at == b->size - b_at &&
		       !memcmp(span_bytes(a) + a_at, span_bytes(b) + b_at,
			       a->size - a_at);
	return a_at == b_at && same_body(a, b, NULL, NULL);
}

static bool same_target(const struct span *pre_span, const struct reloc *pre,
			const struct span *post_span,
			const struct reloc *post)
{
	const struct span *a = pre->target, *b = post->target;

	if (!a != !b)
		return false;
	if (!a)
		return !strcmp(pre->symbol->name, post->symbol->name) &&
		       pre->addend == post->addend;
	if (span_is_content(a) != span_is_content(b))
		return false;
	if (span_is_content(a))
		return same_content(pre, post);
	if (pre->target_offset != post->target_offset)
		return false;
	/* The place that an entry is about: same_entries() compares it. */
	if (pre_span->section->table && a == pre_span->parent)
		return b == post_span->parent;
	if (a == pre_span || b == post_span)
		return a == pre_span && b == post_span;
	if (a->peer || b->peer)
		return a->peer == b;
	if (a->section->kind != b->section->kind)
		return false;
	/* Parts of a function that have no names */
	if (a->section->kind == KIND_REPLACEMENT ||
	    a->section->kind == KIND_ALT_AUX)
		return compare_spans(a, b, NULL, NULL);
	/* Sections that are not paired */
	if (a->section->kind == KIND_IGNORED ||
	    a->section->kind == KIND_EXPORT)
		return !strcmp(a->name, b->name);
	return false;
}

bool compare_fields(const struct span *pre_span, const struct reloc *pre,
		    const struct span *post_span, const struct reloc *post)
{
	return plain_type(pre) == plain_type(post) &&
	       same_target(pre_span, pre, post_span, post);
}

/* An entry behind the end of its function: it is about what follows. */
static bool is_behind(const struct span *entry)
{
	uint64_t offset;

	return !strncmp(entry->section->name, ".orc_unwind", 11) &&
	       table_place(entry, &offset) && offset >= entry->parent->size;
}

static const struct span *next_entry(const struct span *span, size_t *i)
{
	while (*i < span->n_entries && is_behind(span->entries[*i]))
		++*i;
	return *i < span->n_entries ? span->entries[(*i)++] : NULL;
}

static bool same_entries(const struct span *pre, const struct span *post,
			 const char **why, uint64_t *offset)
{
	for (size_t i = 0, j = 0; ; ) {
		const struct span *a = next_entry(pre, &i);
		const struct span *b = next_entry(post, &j);
		uint64_t a_place = 0, b_place = 0;

		if (!a && !b)
			return true;
		if (a)
			table_place(a, &a_place);
		if (b)
			table_place(b, &b_place);
		if (!a || !b || a->section->table != b->section->table ||
		    a_place != b_place || !same_body(a, b, NULL, NULL))
			return report(why, offset, b ? b_place : a_place,
				xasprintf("an entry of '%s' differs",
					  (b ?: a)->section->name));
	}
}

bool compare_spans(const struct span *pre, const struct span *post,
		   const char **why, uint64_t *offset)
{
	return same_body(pre, post, why, offset) &&
	       same_entries(pre, post, why, offset);
}

/* --- to a fixpoint ------------------------------------------------------- */

static void set_changed(struct span *pre, const char *why, uint64_t offset)
{
	pre->state = pre->peer->state = SPAN_CHANGED;
	pre->why = pre->peer->why = why;
	pre->why_offset = pre->peer->why_offset = offset;
}

static void dissolve(struct span *pre)
{
	struct span *post = pre->peer;

	match_clear(pre, post);
	pre->state = SPAN_DELETED;
	post->state = SPAN_NEW;
}

static bool is_middle_of_changed(const struct reloc *reloc)
{
	return reloc->target && reloc->target_offset &&
	       reloc->target->section->kind == KIND_TEXT &&
	       reloc->target->state == SPAN_CHANGED;
}

static const struct span *function_of(const struct span *span)
{
	return span->parent ?: span;
}

/* A changed function that the span refers into the middle of, or NULL */
static const struct span *changed_inside(const struct span *span)
{
	for (size_t i = 0; i < span->n_relocs; i++) {
		const struct reloc *reloc = &span->relocs[i];

		if (is_middle_of_changed(reloc) &&
		    function_of(reloc->target) != function_of(span))
			return reloc->target;
	}
	for (size_t i = 0; i < span->n_jumps; i++) {
		const struct jump *jump = &span->jumps[i];

		if (jump->target_offset && jump->target->state == SPAN_CHANGED)
			return jump->target;
	}
	return NULL;
}

/*
 * Only code that still runs refers to it.  What init code registered, or
 * other data points to, somebody may hold.
 */
static bool is_read_by_code_only(const struct span *span)
{
	for (size_t i = 0; i < span->n_referrers; i++)
		if (!kind_is_code(span->referrers[i]->section->kind))
			return false;
	return true;
}

/* A table that the compiler made for a switch: all places in functions */
static bool is_jump_table(const struct span *span)
{
	if (span->symbol || span->section->kind != KIND_RODATA ||
	    !span->n_relocs)
		return false;
	for (size_t i = 0; i < span->n_relocs; i++) {
		const struct reloc *reloc = &span->relocs[i];

		if (!reloc->target || !reloc->target_offset ||
		    reloc->target->section->kind != KIND_TEXT)
			return false;
	}
	return is_read_by_code_only(span);
}

/*
 * Nobody but code has its address, so all who use the new one can be replaced.
 * With pointers in it and of the size it had it may be a table of operations,
 * which objects of the running kernel point to: they would not be told.  One
 * that grows is an array, which code searches.
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
 * Is it a number that becomes constant, or no longer is?  All code that reads it
 * then is new: a constant is what the new source says, and one that was
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
	const struct span *post = pre->peer;

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

/* What of its place new code may rely on and the running kernel lacks, or NULL */
static const char *other_place(const struct span *pre)
{
	const struct section *from = pre->section, *to = pre->peer->section;

	if (!is_data(pre) || span_is_content(pre))
		return NULL;
	if (!strcmp(from->name, ".data..ro_after_init") &&
	    strcmp(to->name, from->name) && to->kind != KIND_RODATA)
		return "is no longer read-only after boot";
	if (is_alone(pre) && is_alone(pre->peer) && to->align > from->align)
		return xasprintf("is aligned to %u instead of %u bytes",
				 to->align, from->align);
	return NULL;
}

/* Becomes constant, and is else the same: that of the running kernel will do. */
static bool becomes_constant(const struct span *pre)
{
	return pre->section->kind == KIND_DATA &&
	       pre->peer->section->kind == KIND_RODATA &&
	       compare_spans(pre, pre->peer, NULL, NULL);
}

/* Returns whether anything has become known that was not. */
static bool compare_one(struct span *pre)
{
	const struct span *inside;
	uint64_t offset = 0;
	const char *why = NULL;

	if (!pre->peer || pre->state != SPAN_SAME)
		return false;
	if (pre->section->kind != pre->peer->section->kind) {
		if (can_dissolve(pre)) {
			dissolve(pre);
			return true;
		}
		if (!becomes_constant(pre)) {
			set_changed(pre, xasprintf("moves from %s to %s",
				kind_name(pre->section->kind),
				kind_name(pre->peer->section->kind)), 0);
			return true;
		}
	}
	why = other_place(pre);
	if (why && can_dissolve(pre)) {
		dissolve(pre);
		return true;
	} else if (why) {
		set_changed(pre, why, 0);
		pre->other_place = pre->peer->other_place = true;
		return true;
	}
	inside = changed_inside(pre);
	if (inside && pre->section->kind == KIND_TEXT) {
		set_changed(pre, xasprintf("refers to the middle of '%s'",
					   inside->name), 0);
	} else if (inside && can_dissolve(pre)) {
		dissolve(pre);
	} else if (inside && is_data(pre)) {
		/* The new body needs the places in it, others the old ones. */
		set_changed(pre, xasprintf("refers to the middle of '%s'",
					   inside->name), 0);
	} else if (!compare_spans(pre, pre->peer, &why, &offset)) {
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
	struct span *parent = cold->parent;

	if (cold->section->kind != KIND_TEXT || !parent || !parent->peer)
		return false;
	if (cold->state != SPAN_SAME && parent->state == SPAN_SAME) {
		set_changed(parent, xasprintf("its part '%s' differs",
					      cold->name), 0);
		return true;
	}
	if (cold->state == SPAN_SAME && parent->state != SPAN_SAME) {
		set_changed(cold, xasprintf("part of '%s'", parent->name), 0);
		return true;
	}
	return false;
}

/* All that lies between the first entry of a function and its end */
static bool compare_entries(struct span *part)
{
	struct span *whole = part->whole;

	if (part->section->kind != KIND_TEXT || !whole || !whole->peer ||
	    !part->peer || (part->state == SPAN_SAME) ==
			   (whole->state == SPAN_SAME))
		return false;
	if (part->state == SPAN_SAME)
		set_changed(part, xasprintf("part of '%s'", whole->name), 0);
	else
		set_changed(whole, xasprintf("its part '%s' differs",
					     part->name), 0);
	return true;
}

static void set_initial_state(struct object *object, enum span_state unpaired)
{
	for (size_t i = 0; i < object->n_sections; i++) {
		struct section *section = &object->sections[i];

		for (size_t j = 0; j < section->n_spans; j++) {
			struct span *span = section->spans[j];

			span->state = span->peer ? SPAN_SAME : unpaired;
		}
	}
}

/* Neither function is the same one for the callers of both. */
static void compare_aliases(struct pair *pair)
{
	for (size_t i = 0; i < pair->pre->n_symbols; i++) {
		const struct symbol *pre = &pair->pre->symbols[i];
		const struct symbol *post = match_odd_alias(pre, pair->post);
		struct span *span = !post ? NULL :
			pre->span->peer ? pre->span : post->span->peer;

		if (span && span->state == SPAN_SAME)
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
			if (section->spans[j]->parent)
				section->spans[j]->state =
					section->spans[j]->parent->state;
	}
}

/* --- exports -------------------------------------------------------------- */

/* "__kstrtab_NAME" and the like, by their names: what they contain */
static bool same_export_text(const struct span *pre, const struct span *post)
{
	return pre->size == post->size && span_bytes(pre) &&
	       span_bytes(post) &&
	       !memcmp(span_bytes(pre), span_bytes(post), pre->size);
}

static bool same_export_field(const struct reloc *pre,
			      const struct reloc *post)
{
	const struct span *a = pre->target, *b = post->target;

	if (a && b && a->section->kind == KIND_EXPORT &&
	    b->section->kind == KIND_EXPORT)
		return !strcmp(a->name, b->name) &&
		       pre->target_offset == post->target_offset &&
		       same_export_text(a, b);
	/* An export of the object itself names the symbol. */
	if (a && b && a->peer == b)
		return pre->target_offset == post->target_offset;
	return !a && !b && !strcmp(pre->symbol->name, post->symbol->name) &&
	       pre->addend == post->addend;
}

/* The bytes of the entry are the fields that the relocations fill. */
const char *compare_export(const struct section *pre,
			   const struct section *post)
{
	const char *what = NULL;

	if (pre->size != post->size || pre->n_relocs != post->n_relocs ||
	    !pre->contents || !post->contents ||
	    memcmp(pre->contents, post->contents, pre->size))
		return "its entry has another form";
	for (size_t i = 0; i < pre->n_relocs && !what; i++) {
		const struct reloc *a = &pre->relocs[i], *b = &post->relocs[i];

		if (a->offset != b->offset || a->type != b->type)
			what = "its entry has another form";
		else if (!same_export_field(a, b))
			what = a->offset ?
				xasprintf("its field at offset %llu refers to '%s' instead of '%s', or that to another text",
					  (unsigned long long)a->offset,
					  target_name(b), target_name(a)) :
				xasprintf("it stands for '%s' instead of '%s'",
					  target_name(b), target_name(a));
	}
	return what;
}

/* Each export has a section of its own.  A CRC is compared elsewhere. */
static size_t count_exports(struct object *pre, struct object *post)
{
	size_t n = 0;

	for (size_t i = 0; i < pre->n_sections; i++) {
		const struct section *section = &pre->sections[i];
		const struct section *other;

		if (section->kind != KIND_EXPORT)
			continue;
		other = object_find_section(post, section->name);
		n += !other || (export_name(section) &&
				compare_export(section, other));
	}
	for (size_t i = 0; i < post->n_sections; i++)
		n += post->sections[i].kind == KIND_EXPORT &&
		     !object_find_section(pre, post->sections[i].name);
	return n;
}

/* --- all of it ------------------------------------------------------------ */

/* Does it matter to the running kernel that this span is as it is? */
static bool matters(const struct span *span)
{
	const bool global = span->symbol && span->symbol->is_global;

	switch (span->section->kind) {
	case KIND_TEXT:
	case KIND_FIXED:
	case KIND_UNKNOWN:
		return span->state != SPAN_SAME;
	case KIND_RODATA:
	case KIND_DATA:
	case KIND_PERCPU:
		/* A new one may be what another object needs. */
		if (span->state == SPAN_NEW)
			return global;
		return span->state == SPAN_CHANGED &&
		       (global || span->n_referrers);
	case KIND_HOOK:
		return span->state == SPAN_NEW;
	default:
		return false;
	}
}

static size_t count_matters(const struct object *object, bool paired)
{
	size_t n = 0;

	for (size_t i = 0; i < object->n_sections; i++) {
		const struct section *section = &object->sections[i];

		for (size_t j = 0; j < section->n_spans; j++)
			n += matters(section->spans[j]) &&
			     (paired || !section->spans[j]->peer);
	}
	return n;
}

bool compare_confirms(const struct span *post)
{
	for (size_t i = 0; i < post->n_referrers; i++) {
		const struct span *by = function_of(post->referrers[i]);

		if (by->section->flags & SEC_CODE && by->state == SPAN_SAME)
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
		if (!span->by_order || !span->peer || !span->n_referrers ||
		    !span_is_disposable(span) || compare_confirms(span))
			continue;
		dissolve(span->peer);
		span->unsure = true;
	}
}

size_t compare_pair(struct pair *pair)
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
	       count_exports(pre, pair->post);
}
