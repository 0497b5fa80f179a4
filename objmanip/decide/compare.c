// SPDX-License-Identifier: GPL-2.0-only
/*
 * compare.c - what differs between two spans
 *
 * Two spans are the same if their bytes are, outside the fields of relocations,
 * and each relocation is applied at the same offset, is of the same type and
 * refers to the same thing: the peer, at the same offset; for contents
 * (strings, constants) equal contents; for what another object defines, the
 * same name.  A function must also agree in its entries of all tables, with the
 * code of alternatives; only line numbers of a bug table do not count.
 */
#include "decide/compare.h"
#include "model/table.h"
#include "util/vec.h"

#include <string.h>

static bool same_referent(const struct span *pre_span, const struct reloc *pre,
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

static bool same_type(const struct reloc *pre, const struct reloc *post)
{
	return pre->type->plain == post->type->plain;
}

/* The first difference in bits that the linker leaves, or the field's end */
static uint64_t differs_beside(const struct span *pre, const struct span *post,
			       uint64_t at, const struct reloc_type *type)
{
	for (unsigned int i = 0; i < type->size; i++) {
		const uint8_t kept = ~(type->mask >> 8 * i);

		if ((byte_at(pre, at + i) ^ byte_at(post, at + i)) & kept)
			return at + i;
	}
	return at + type->size;
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
		if (table && table->neutral_size &&
		    at <= table->neutral_start && end > table->neutral_start) {
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
					  referent_text(a)) :
				xasprintf("refers to '%s'", referent_text(b)));
		if (!same_type(a, b))
			return report(why, offset, end,
				      "relocation of another type");
		if (!same_referent(pre, a, post, b))
			return report(why, offset, end,
				xasprintf("refers to '%s' instead of '%s'",
					  referent_text(b), referent_text(a)));
		at = a_at + a->type->size;
		differs = differs_beside(pre, post, a_at, a->type);
		if (differs < at)
			return report(why, offset, differs, "bytes differ");
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
	const struct span *a = pre->referent, *b = post->referent;
	int64_t a_at = pre->referent_offset, b_at = post->referent_offset;

	/* Of a string all from there on counts: strings may share an end. */
	if (a->section->kind == KIND_STRING &&
	    b->section->kind == KIND_STRING &&
	    a_at >= 0 && a_at < (int64_t)a->size &&
	    b_at >= 0 && b_at < (int64_t)b->size)
		return a->size - a_at == b->size - b_at &&
		       !memcmp(span_bytes(a) + a_at, span_bytes(b) + b_at,
			       a->size - a_at);
	return a_at == b_at && same_body(a, b, NULL, NULL);
}

static bool same_referent(const struct span *pre_span, const struct reloc *pre,
			  const struct span *post_span,
			  const struct reloc *post)
{
	const struct span *a = pre->referent, *b = post->referent;

	if (!a != !b)
		return false;
	if (!a)
		return !strcmp(pre->symbol->name, post->symbol->name) &&
		       pre->addend == post->addend;
	if (span_is_content(a) != span_is_content(b))
		return false;
	if (span_is_content(a))
		return same_content(pre, post);
	if (pre->referent_offset != post->referent_offset)
		return false;
	/* The subject of an entry: same_entries() compares it. */
	if (pre_span->section->table && a == pre_span->links.parent)
		return b == post_span->links.parent;
	if (a == pre_span || b == post_span)
		return a == pre_span && b == post_span;
	if (peer_of(a) || peer_of(b))
		return peer_of(a) == b;
	if (a->section->kind != b->section->kind)
		return false;
	/* Parts of a function that have no names */
	if (a->section->kind == KIND_REPLACEMENT ||
	    a->section->kind == KIND_ALT_AUX)
		return compare_spans(a, b, NULL, NULL);
	/* Sections that are not correlated */
	if (a->section->kind == KIND_IGNORED ||
	    a->section->kind == KIND_EXPORT)
		return !strcmp(a->name, b->name);
	return false;
}

bool compare_fields(const struct span *pre_span, const struct reloc *pre,
		    const struct span *post_span, const struct reloc *post)
{
	return same_type(pre, post) &&
	       same_referent(pre_span, pre, post_span, post);
}

/* An entry beyond the end of its function: it is about what follows. */
static bool is_beyond(const struct span *entry)
{
	uint64_t offset;

	return entry->section->table->is_unwind &&
	       table_subject(entry, &offset) &&
	       offset >= entry->links.parent->size;
}

static const struct span *next_entry(const struct span *span, size_t *i)
{
	while (*i < span->links.n_entries && is_beyond(span->links.entries[*i]))
		++*i;
	return *i < span->links.n_entries ? span->links.entries[(*i)++] : NULL;
}

static bool same_entries(const struct span *pre, const struct span *post,
			 const char **why, uint64_t *offset)
{
	for (size_t i = 0, j = 0; ; ) {
		const struct span *a = next_entry(pre, &i);
		const struct span *b = next_entry(post, &j);
		uint64_t a_offset = 0, b_offset = 0;

		if (!a && !b)
			return true;
		if (a)
			table_subject(a, &a_offset);
		if (b)
			table_subject(b, &b_offset);
		if (!a || !b || a->section->table != b->section->table ||
		    a_offset != b_offset || !same_body(a, b, NULL, NULL))
			return report(why, offset, b ? b_offset : a_offset,
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
