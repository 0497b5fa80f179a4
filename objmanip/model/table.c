// SPDX-License-Identifier: GPL-2.0-only
/*
 * table.c - sections that are arrays of entries about places in functions
 *
 * The description of each table is one line here.  The sizes are those of
 * x86-64; .altinstructions has had several, and its entries have two
 * relocations, at 0 and 4, which tell.
 */
#include "model/table.h"
#include "kmodsrc/records.h"
#include "model/kind.h"
#include "util/die.h"

#include <string.h>

static const struct table tables[] = {
	/* section, entry, place, site kind, neutral */
	{ ".altinstructions",	12, 0, KSPLICE_SITE_ALTERNATIVE, 0, 0 },
	{ ".parainstructions",	16, 0, KSPLICE_SITE_PARAVIRT, 0, 0 },
	{ ".retpoline_sites",	 4, 0, KSPLICE_SITE_RETPOLINE, 0, 0 },
	{ ".return_sites",	 4, 0, KSPLICE_SITE_RETURN, 0, 0 },
	{ ".call_sites",	 4, 0, 0, 0, 0 },
	{ ".static_call_sites",	 8, 0, KSPLICE_SITE_STATIC_CALL, 0, 0 },
	{ ".ibt_endbr_seal",	 4, 0, KSPLICE_SITE_ENDBR, 0, 0 },
	{ ".smp_locks",		 4, 0, KSPLICE_SITE_SMP_LOCK, 0, 0 },
	{ ".orc_unwind",	 6, TABLE_NO_PLACE, 0, 0, 0 },
	{ ".orc_unwind_ip",	 4, 0, 0, 0, 0 },
	/* struct bug_entry: the line is at 8, the flags at 10 */
	{ "__bug_table",	12, 0, KSPLICE_SITE_BUG, 8, 2 },
	{ "__ex_table",		12, 0, KSPLICE_SITE_EXTABLE, 0, 0 },
	{ "__jump_table",	16, 0, KSPLICE_SITE_JUMP_LABEL, 0, 0 },
	{ "__mcount_loc",	 8, 0, KSPLICE_SITE_FTRACE, 0, 0 },
};

const struct table *table_of(const struct section *section)
{
	if (section->kind != KIND_TABLE)
		return NULL;
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		if (!strcmp(section->name, tables[i].section))
			return &tables[i];
	bug_on(true);
	return NULL;
}

/* Is there a place field at each multiple of that size, and only there? */
static bool is_entry_size(const struct section *section, unsigned int size)
{
	uint64_t next = section->table->place;

	for (size_t i = 0; i < section->n_relocs; i++) {
		const struct reloc *reloc = &section->relocs[i];

		if (reloc->offset > next)
			return false;
		if (reloc->offset == next)
			next += size;
	}
	return next >= section->size;
}

unsigned int table_entry_size(const struct section *section)
{
	static const unsigned int alternatives[] = { 12, 13, 14 };
	const struct table *table = section->table;
	unsigned int size = table->entry_size;

	if (!strcmp(table->section, ".altinstructions")) {
		for (size_t i = 0; i < 3; i++)
			if (section->size % alternatives[i] == 0 &&
			    is_entry_size(section, alternatives[i]))
				return alternatives[i];
	} else if (!strcmp(table->section, ".parainstructions")) {
		if (is_entry_size(section, size))
			return size;
	} else if (section->size % size == 0 &&
		   (table->place == TABLE_NO_PLACE ||
		    is_entry_size(section, size))) {
		return size;
	}
	die("'%s': cannot tell the entries of '%s' apart: made by a newer compiler or objtool?",
	    section->object->path, section->name);
}

struct reloc *table_field(const struct span *entry, unsigned int offset)
{
	for (size_t i = 0; i < entry->n_relocs; i++)
		if (entry->relocs[i].offset == entry->start + offset)
			return &entry->relocs[i];
	return NULL;
}

/*
 * struct alt_instr ends with the lengths of the original and the replacement;
 * up to Linux 5.11 a length of padding follows (13 bytes in all).
 */
unsigned int table_replacement_size(const struct span *entry)
{
	return span_bytes(entry)[entry->size == 13 ? 11 : entry->size - 1];
}

struct span *table_place(const struct span *entry, uint64_t *offset)
{
	const struct section *section = entry->section;

	if (section->table->place == TABLE_NO_PLACE) {
		uint64_t index = entry->start / section->entsize;

		section = section->places;
		if (!section || index >= section->n_spans)
			return NULL;
		entry = section->spans[index];
	}

	const struct reloc *reloc = table_field(entry, section->table->place);

	if (!reloc || !reloc->target)
		return NULL;
	*offset = reloc->target_offset;
	return reloc->target;
}
