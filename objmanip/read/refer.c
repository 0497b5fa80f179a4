// SPDX-License-Identifier: GPL-2.0-only
/*
 * refer.c - the referents of relocations, and the referrers of spans
 *
 * Part of the step "read", after the sections of an object are cut.  Each
 * relocation gets its referent: a reference to a section's symbol becomes one
 * to the span at that offset.  Where it could be one of two spans the
 * relocation is marked unsure, and keep.c refuses to use it.  Then parts and
 * entries of tables get the function that they belong to, and each span the
 * list of those that refer to it.
 */
#include "read/refer.h"
#include "arch/arch.h"
#include "model/kind.h"
#include "model/table.h"
#include "util/vec.h"

#include <string.h>

static struct span *referent_at(const struct reloc *reloc, int64_t bias)
{
	struct section *section = reloc->symbol->section;
	int64_t offset = reloc->symbol->value + reloc->addend + bias;

	return span_find(section, offset < 0 ? 0 : offset);
}

static void resolve(struct section *section, struct reloc *reloc)
{
	struct symbol *symbol = reloc->symbol;
	struct bias bias = section->object->arch->bias(section, reloc);

	reloc->bias = bias.value[0];
	reloc->referent_offset = reloc->addend + reloc->bias;
	if (!symbol->section)
		return;
	if (symbol->is_section) {
		reloc->referent = referent_at(reloc, reloc->bias);
		for (unsigned int i = 1; i < bias.n; i++)
			if (referent_at(reloc, bias.value[i]) !=
			    reloc->referent)
				reloc->unsure = true;
	} else {
		reloc->referent = symbol->span;
	}
	if (!reloc->referent)
		return;
	reloc->referent_offset += symbol->value - reloc->referent->start;
	/* Before the first one, or in the padding after it: of which? */
	if (symbol->is_section && reloc->referent_offset < 0 &&
	    symbol->section->n_spans > 1)
		reloc->unsure = true;
}

/*
 * The replacement of an alternative may be empty; what the field refers to then
 * says nothing.  Let it be the subject itself.
 */
static void resolve_empty_replacements(struct section *section)
{
	for (size_t i = 0; i < section->n_spans; i++) {
		struct span *entry = section->spans[i];
		struct reloc *subject = table_field(entry,
						    section->table->subject);
		struct reloc *replacement =
			table_field(entry, section->table->replacement);

		if (!subject || !replacement || table_replacement_size(entry))
			continue;
		replacement->symbol = subject->symbol;
		replacement->addend = subject->addend;
		replacement->referent = subject->referent;
		replacement->referent_offset = subject->referent_offset;
		replacement->unsure = subject->unsure;
	}
}

/* "f.cold" and "f.constprop.0.cold" are parts of what stands before. */
static void find_cold_parents(struct object *object)
{
	for (size_t i = 0; i < object->n_symbols; i++) {
		struct symbol *cold = &object->symbols[i];
		const char *end = cold->span && cold->is_function ?
			strstr(cold->name, ".cold") : NULL;

		if (!end || cold->span->symbol != cold)
			continue;
		for (size_t j = 0; j < object->n_symbols; j++) {
			struct symbol *symbol = &object->symbols[j];

			if (symbol->span && symbol->is_function &&
			    strlen(symbol->name) ==
				    (size_t)(end - cold->name) &&
			    !strncmp(symbol->name, cold->name,
				     end - cold->name))
				cold->span->links.parent = symbol->span;
		}
	}
}

static int by_entry(const void *a, const void *b)
{
	const struct span *x = *(struct span *const *)a;
	const struct span *y = *(struct span *const *)b;
	uint64_t x_offset = 0, y_offset = 0;

	if (x->section->table != y->section->table)
		return x->section->table < y->section->table ? -1 : 1;
	table_subject(x, &x_offset);
	table_subject(y, &y_offset);
	if (x_offset != y_offset)
		return x_offset < y_offset ? -1 : 1;
	return (x->start > y->start) - (x->start < y->start);
}

static void find_table_parents(struct section *section)
{
	uint64_t offset;

	for (size_t i = 0; i < section->n_spans; i++) {
		struct span *entry = section->spans[i];

		entry->links.parent = table_subject(entry, &offset);
		if (entry->links.parent)
			vec_add(entry->links.parent->links.entries,
				entry->links.parent->links.n_entries) = entry;
		if (!section->table->replacement)
			continue;

		struct reloc *reloc =
			table_field(entry, section->table->replacement);

		if (reloc && reloc->referent &&
		    reloc->referent->section->kind == KIND_REPLACEMENT)
			reloc->referent->links.parent = entry->links.parent;
	}
}

static void find_aux_parents(struct object *object)
{
	for (size_t i = 0; i < object->n_sections; i++) {
		struct section *section = &object->sections[i];

		if (section->kind != KIND_TEXT && section->kind != KIND_INIT)
			continue;
		for (size_t j = 0; j < section->n_relocs; j++) {
			struct span *referent = section->relocs[j].referent;

			if (referent &&
			    referent->section->kind == KIND_ALT_AUX)
				referent->links.parent = span_find(section,
						section->relocs[j].offset);
		}
	}
}

static bool is_last_referrer(const struct span *referent,
			     const struct span *span)
{
	const size_t n = referent->links.n_referrers;

	return n && referent->links.referrers[n - 1] == span;
}

static void find_referrers(struct section *section)
{
	for (size_t i = 0; i < section->n_spans; i++) {
		struct span *span = section->spans[i];

		for (size_t j = 0; j < span->n_relocs; j++) {
			struct span *referent = span->relocs[j].referent;

			if (!referent || referent == span)
				continue;
			/* All of this span's come one after the other. */
			if (is_last_referrer(referent, span))
				continue;
			vec_add(referent->links.referrers,
				referent->links.n_referrers) = span;
		}
	}
}

void refer_resolve(struct object *object)
{
	for (size_t i = 0; i < object->n_sections; i++) {
		struct section *section = &object->sections[i];

		for (size_t j = 0; j < section->n_relocs; j++)
			resolve(section, &section->relocs[j]);
	}
	for (size_t i = 0; i < object->n_sections; i++)
		if (object->sections[i].table &&
		    object->sections[i].table->replacement)
			resolve_empty_replacements(&object->sections[i]);
	find_cold_parents(object);
	for (size_t i = 0; i < object->n_sections; i++)
		if (object->sections[i].kind == KIND_TABLE)
			find_table_parents(&object->sections[i]);
	find_aux_parents(object);
	for (size_t i = 0; i < object->n_sections; i++) {
		struct section *section = &object->sections[i];

		find_referrers(section);
		for (size_t j = 0; j < section->n_spans; j++)
			vec_sort(section->spans[j]->links.entries,
				 section->spans[j]->links.n_entries,
				 sizeof(struct span *), by_entry);
	}
}
