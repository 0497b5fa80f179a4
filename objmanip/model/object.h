/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * object.h - a relocatable object in memory
 *
 * An ELF object in plain structs: its sections with contents and relocations,
 * its symbols (read/load.h), and the spans that the sections are cut into
 * (read/read.h).  Everything lives until the program ends: objmanip is one
 * shot, nothing is freed.
 *
 * All pointers between the structs are direct.  A relocation against a section
 * symbol has been turned into one against the span there, see span.h.
 */
#ifndef OBJMANIP_MODEL_OBJECT_H
#define OBJMANIP_MODEL_OBJECT_H

#include "model/kind.h"
#include "model/reloc.h"
#include "util/bfd-wrap.h"
#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

struct arch;
struct span;
struct table;

struct symbol {
	asymbol *bfd;
	const char *name;
	struct section *section;	/* NULL: undefined or absolute */
	uint64_t value;			/* offset in its section */
	uint64_t size;			/* st_size */
	struct span *span;		/* that it lies in, or NULL */
	bool is_global;			/* or weak */
	bool is_weak, is_function, is_object, is_section, is_file;
};

struct reloc {
	uint64_t offset;		/* in its section */
	const struct reloc_type *type;
	struct symbol *symbol;		/* as the object has it */
	int64_t addend;
	/*
	 * Its referent: a span of this object, or NULL for an undefined
	 * (or absolute) symbol, and the offset from there that is meant.  A
	 * field that is relative to the end of its instruction has that
	 * distance in its addend (-4, or -5 before an immediate byte): it is
	 * not part of referent_offset, but bias, so that always
	 *	symbol->value + addend + bias ==
	 *			referent->start + referent_offset
	 */
	struct span *referent;
	int64_t referent_offset;
	int64_t bias;
	bool unsure;			/* the span could be another one */
};

/* Does the field hold a whole address? */
static inline bool reloc_is_pointer(const struct reloc *reloc)
{
	return reloc->type->class == RELOC_ABSOLUTE && reloc->type->size == 8;
}

struct section {
	struct object *object;
	asection *bfd;
	const char *name;
	enum section_kind kind;
	flagword flags;
	uint64_t size;
	unsigned int align;		/* in bytes */
	unsigned int entsize;		/* of merged data, of table entries */
	const struct table *table;	/* KIND_TABLE: its description */
	struct section *subjects;	/* see struct table; or NULL */
	uint8_t *contents;		/* NULL if it has none (.bss) */
	struct reloc *relocs;		/* sorted by offset; no RELOC_NONE; none
					 * of sections that are not loaded */
	size_t n_relocs;
	struct span **spans;		/* sorted by start */
	size_t n_spans;
};

struct object {
	const char *unit;		/* "fs/proc/cmdline.o" */
	const char *path;
	const struct arch *arch;
	bfd *bfd;
	struct section *sections;
	size_t n_sections;
	struct symbol *symbols;		/* in the order of bfd's table */
	size_t n_symbols;
	asymbol **syms;			/* bfd's own table */
};

/* NULL if it has none of that name */
struct section *object_find_section(struct object *object, const char *name);

#endif
