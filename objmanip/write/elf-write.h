/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * elf-write.h - make a relocatable object
 *
 * Sections, symbols and relocations are added in any order and appear in the
 * file in that order, local symbols before global ones.  Nothing is freed.
 *
 *	struct elf *elf = elf_new(EM_...);
 *	struct elf_section *text = elf_section_new(elf, ".text.f", ...);
 *	uint64_t at = elf_section_add(text, code, size, 16);
 *	struct elf_symbol *f = elf_symbol_new(elf, "f", text, at);
 *
 *	f->is_global = true;
 *	elf_reloc_add(text, at + 1, R_..., g, -4);
 *	elf_write(elf, "f.o");
 */
#ifndef OBJMANIP_WRITE_ELF_WRITE_H
#define OBJMANIP_WRITE_ELF_WRITE_H

#include "util/output.h"

#include <elf.h>

#include <stdbool.h>
#include <stdint.h>

struct elf_symbol {
	const char *name;
	struct elf_section *section;	/* NULL: undefined, or absolute */
	uint64_t value, size;
	unsigned char type;		/* STT_* */
	bool is_global, is_absolute;
	unsigned int index;		/* set by elf_write() */
};

struct elf_section {
	struct elf *elf;
	const char *name;
	uint32_t type;			/* SHT_PROGBITS, SHT_NOBITS */
	uint64_t flags;			/* SHF_* */
	uint64_t align, entsize;
	struct bytes bytes;
	struct elf_reloc *relocs;
	size_t n_relocs;
	struct elf_symbol *symbol;	/* see elf_section_symbol() */
	unsigned int index;		/* of its header */
};

struct elf {
	unsigned int machine;		/* e_machine */
	struct elf_section **sections;
	size_t n_sections;
	struct elf_symbol **symbols;
	size_t n_symbols;
};

struct elf *elf_new(unsigned int machine);

/* Two sections may have the same name. */
struct elf_section *elf_section_new(struct elf *elf, const char *name,
				    uint32_t type, uint64_t flags);

/*
 * Append a copy of the bytes (NULL: zeroes) at the next multiple of align,
 * which the section will have, too.  Returns the offset.
 */
uint64_t elf_section_add(struct elf_section *section, const void *bytes,
			 uint64_t size, uint64_t align);

/* The STT_SECTION symbol, made when it is first asked for. */
struct elf_symbol *elf_section_symbol(struct elf_section *section);

/* A local symbol; an undefined one (section is NULL) is global. */
struct elf_symbol *elf_symbol_new(struct elf *elf, const char *name,
				  struct elf_section *section,
				  uint64_t value);

void elf_reloc_add(struct elf_section *section, uint64_t offset,
		   uint32_t type, struct elf_symbol *symbol, int64_t addend);

void elf_write(struct elf *elf, const char *path);

#endif
