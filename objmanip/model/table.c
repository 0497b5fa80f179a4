// SPDX-License-Identifier: GPL-2.0-only
/*
 * table.c - sections that are arrays of entries about code
 */
#include "model/table.h"

#include <string.h>

struct reloc *table_field(const struct span *entry, unsigned int offset)
{
	for (size_t i = 0; i < entry->n_relocs; i++)
		if (entry->relocs[i].offset == entry->start + offset)
			return &entry->relocs[i];
	return NULL;
}

const char *table_constant(const struct span *entry)
{
	const struct section *section = entry->section;

	return section->name + strcspn(section->table->section, "*");
}

unsigned int table_replacement_size(const struct span *entry)
{
	return span_bytes(entry)[entry->section->table->replacement_length];
}

struct span *table_subject(const struct span *entry, uint64_t *offset)
{
	const struct section *section = entry->section;

	if (section->table->subjects) {
		uint64_t index = entry->start / section->entsize;

		section = section->subjects;
		if (!section || index >= section->n_spans)
			return NULL;
		entry = section->spans[index];
	}

	const struct reloc *reloc = table_field(entry, section->table->subject);

	if (!reloc || !reloc->referent)
		return NULL;
	*offset = reloc->referent_offset;
	return reloc->referent;
}
