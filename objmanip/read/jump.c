// SPDX-License-Identifier: GPL-2.0-only
/*
 * jump.c - jumps from a span to another one that have no relocation
 *
 * Part of the step "read".  Where a section holds several functions, those of
 * .sched.text and .noinstr.text and all assembly, the assembler works out the
 * distance from one to a local symbol of another by itself.  A copy of the
 * function would jump to nowhere.  So the instructions are followed, and a
 * field that leads out of its span gets the relocation that the assembler
 * saved.  It cannot be done for a field that is too short, or if a function
 * runs on into the next one: then both are copied side by side, with all that
 * lies between them, whether the other ones change or not.
 */
#include "read/jump.h"
#include "arch/arch.h"
#include "util/vec.h"

static bool has_reloc(const struct section *section, uint64_t offset)
{
	size_t low = 0, high = section->n_relocs;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (section->relocs[middle].offset == offset)
			return true;
		if (section->relocs[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* What an instruction refers to outside of its span, or NULL */
static struct span *outside(const struct span *span, uint64_t at,
			    const struct insn *insn, uint64_t *to)
{
	struct section *section = span->section;

	if (!insn->is_relative || has_reloc(section, at + insn->field))
		return NULL;
	*to = at + insn->distance;
	if (*to >= section->size)
		return NULL;

	struct span *referent = span_find(section, *to);

	return referent != span && *to >= referent->start ? referent : NULL;
}

static struct reloc make_reloc(uint64_t at, const struct insn *insn,
			       const struct span *referent, uint64_t to)
{
	return (struct reloc) {
		.offset = at + insn->field,
		.type = insn->type,
		.symbol = referent->symbol,
		.addend = (int64_t)(to - referent->symbol->value) - insn->bias,
	};
}

/* The new ones are collected: has_reloc() needs the old ones in order. */
static void relocate_span(struct span *span, struct reloc **relocs,
			  size_t *n_relocs)
{
	const struct section *section = span->section;
	uint64_t end = span->start + span->size, to = 0;
	struct insn insn;

	for (uint64_t at = span->start; at < end; at += insn.length) {
		if (!section->object->arch->decode(section->contents + at,
						   end - at, &insn)) {
			span->flow.odd = xasprintf("has no instruction at offset 0x%llx that is known",
				(unsigned long long)(at - span->start));
			return;
		}
		if (!insn.is_fill)
			span->flow.runs_on = !insn.is_end;

		struct span *referent = outside(span, at, &insn, &to);

		if (referent && referent->symbol && insn.type)
			vec_add(*relocs, *n_relocs) =
				make_reloc(at, &insn, referent, to);
		else if (referent)
			vec_add(span->flow.jumps, span->flow.n_jumps) =
				(struct jump) { at - span->start, referent,
						to - referent->start };
	}
}

/* The loader wants nothing in a field with a relocation. */
static void clear_field(struct section *section, const struct reloc *reloc)
{
	uint8_t *field = section->contents + reloc->offset;

	for (unsigned int i = 0; i < reloc->type->size; i++)
		field[i] &= ~(reloc->type->mask >> 8 * i);
}

static int by_offset(const void *a, const void *b)
{
	const struct reloc *x = a, *y = b;

	return (x->offset > y->offset) - (x->offset < y->offset);
}

static bool is_shared_code(const struct section *section)
{
	return (section->kind == KIND_TEXT || section->kind == KIND_INIT) &&
	       section->flags & SEC_CODE && section->contents &&
	       section->n_spans > 1;
}

void jump_relocate(struct object *object)
{
	for (size_t i = 0; i < object->n_sections; i++) {
		struct section *section = &object->sections[i];
		struct reloc *relocs = NULL;
		size_t n_relocs = 0;

		if (!is_shared_code(section))
			continue;
		for (size_t j = 0; j < section->n_spans; j++)
			relocate_span(section->spans[j], &relocs, &n_relocs);
		for (size_t j = 0; j < n_relocs; j++)
			clear_field(section, &relocs[j]);
		for (size_t j = 0; j < section->n_relocs; j++)
			vec_add(relocs, n_relocs) = section->relocs[j];
		vec_sort(relocs, n_relocs, sizeof(*relocs), by_offset);
		section->relocs = relocs;
		section->n_relocs = n_relocs;
	}
}

static size_t index_of(const struct span *span)
{
	const struct section *section = span->section;
	size_t i = 0;

	while (section->spans[i] != span)
		i++;
	return i;
}

void jump_company(const struct span *span, size_t *first, size_t *last)
{
	const struct section *section = span->section;

	*first = *last = index_of(span);
	if (span->flow.runs_on && *last + 1 < section->n_spans)
		++*last;
	for (size_t i = 0; i < span->flow.n_jumps; i++) {
		const size_t to = index_of(span->flow.jumps[i].to);

		if (to < *first)
			*first = to;
		if (to > *last)
			*last = to;
	}
}
