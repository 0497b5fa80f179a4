// SPDX-License-Identifier: GPL-2.0-only
/*
 * tables.c - the layouts of the tables of an object
 *
 * Nothing in an object says how long the entries of a table are, and kernels
 * differ.  But each entry has a relocation in the field that refers to its
 * subject, so a layout fits if these fields are where it says, and only there.
 */
#include "read/tables.h"
#include "arch/arch.h"
#include "read/sections.h"
#include "util/die.h"

#include <string.h>

/* Does a relocation follow the last one at each multiple of the entry size? */
static bool has_subjects(const struct section *section,
			 const struct table *table)
{
	uint64_t next = table->subject;

	for (size_t i = 0; i < section->n_relocs; i++) {
		const struct reloc *reloc = &section->relocs[i];

		if (reloc->offset > next)
			return false;
		if (reloc->offset == next)
			next += table->entry_size;
	}
	return next >= section->size;
}

static bool fits(const struct section *section, const struct table *table)
{
	if (!table->has_short_end && section->size % table->entry_size)
		return false;
	return table->subjects || has_subjects(section, table);
}

static const struct table *find_layout(const struct section *section)
{
	const struct table *table;

	for (table = section->object->arch->tables; table->section; table++)
		if (section_fits(section->name, table->section) &&
		    fits(section, table))
			return table;
	die("'%s': cannot tell the entries of '%s' apart: made by a newer compiler or objtool?",
	    section->object->path, section->name);
}

void tables_find_layouts(struct object *object)
{
	for (size_t i = 0; i < object->n_sections; i++) {
		struct section *section = &object->sections[i];

		if (section->kind != KIND_TABLE)
			continue;
		section->table = find_layout(section);
		section->entsize = section->table->entry_size;
		if (section->table->subjects)
			section->subjects = object_find_section(object,
						section->table->subjects);
	}
}
