// SPDX-License-Identifier: GPL-2.0-only
/*
 * elf-write.c - make a relocatable object
 *
 * Part of the step "write".  libbfd reads objects for us, but cannot write one
 * that we want: its public interface has no way to set the size of a symbol,
 * which kallsyms and the stack traces of the running kernel need, nor the entry
 * size of a section.  The format is simple enough to be written here.
 *
 * The same calls give the same bytes: no times, no addresses of ours.
 */
#include "write/elf-write.h"
#include "util/die.h"
#include "util/strmap.h"
#include "util/vec.h"

#include <string.h>

struct elf_reloc {
	uint64_t offset;
	uint32_t type;
	struct elf_symbol *symbol;
	int64_t addend;
};

/* A string table: each string once. */
struct strings {
	struct bytes bytes;
	struct strmap offsets;
};

struct elf *elf_new(unsigned int machine)
{
	struct elf *elf = xcalloc(1, sizeof(*elf));

	elf->machine = machine;
	return elf;
}

struct elf_section *elf_section_new(struct elf *elf, const char *name,
				    uint32_t type, uint64_t flags)
{
	struct elf_section *section = xcalloc(1, sizeof(*section));

	section->elf = elf;
	section->name = name;
	section->type = type;
	section->flags = flags;
	section->align = 1;
	vec_add(elf->sections, elf->n_sections) = section;
	return section;
}

uint64_t elf_section_add(struct elf_section *section, const void *bytes,
			 uint64_t size, uint64_t align)
{
	if (section->align < align)
		section->align = align;
	bytes_align(&section->bytes, align);
	return bytes_add(&section->bytes, bytes, size);
}

struct elf_symbol *elf_section_symbol(struct elf_section *section)
{
	if (!section->symbol) {
		section->symbol = elf_symbol_new(section->elf, "", section, 0);
		section->symbol->type = STT_SECTION;
	}
	return section->symbol;
}

struct elf_symbol *elf_symbol_new(struct elf *elf, const char *name,
				  struct elf_section *section, uint64_t value)
{
	struct elf_symbol *symbol = xcalloc(1, sizeof(*symbol));

	symbol->name = name;
	symbol->section = section;
	symbol->value = value;
	symbol->is_global = !section;
	vec_add(elf->symbols, elf->n_symbols) = symbol;
	return symbol;
}

void elf_reloc_add(struct elf_section *section, uint64_t offset,
		   uint32_t type, struct elf_symbol *symbol, int64_t addend)
{
	vec_add(section->relocs, section->n_relocs) = (struct elf_reloc) {
		.offset = offset,
		.type = type,
		.symbol = symbol,
		.addend = addend,
	};
}

static uint32_t string(struct strings *strings, const char *text)
{
	if (!strings->bytes.n)
		bytes_add(&strings->bytes, "", 1);
	if (!*text)
		return 0;

	/* Offset 0 is the empty string, so NULL is "not there". */
	void **slot = strmap_slot(&strings->offsets, text);

	if (!*slot)
		*slot = (void *)bytes_add(&strings->bytes, text,
					  strlen(text) + 1);
	return (uintptr_t)*slot;
}

static Elf64_Sym make_symbol(const struct elf_symbol *symbol,
			     struct strings *strings)
{
	unsigned int section = symbol->section ? symbol->section->index :
		symbol->is_absolute ? SHN_ABS : SHN_UNDEF;
	unsigned int bind = symbol->is_global ? STB_GLOBAL : STB_LOCAL;

	return (Elf64_Sym) {
		.st_name = string(strings, symbol->name),
		.st_info = ELF64_ST_INFO(bind, symbol->type),
		.st_shndx = section,
		.st_value = symbol->value,
		.st_size = symbol->size,
	};
}

/* Appends the symbol table; returns the number of local symbols. */
static unsigned int add_symbols(struct bytes *file, struct elf *elf,
				struct strings *strings)
{
	unsigned int index = 1, n_local = 0;
	Elf64_Sym null = { 0 };

	bytes_add(file, &null, sizeof(null));
	for (int global = 0; global <= 1; global++) {
		for (size_t i = 0; i < elf->n_symbols; i++) {
			struct elf_symbol *symbol = elf->symbols[i];

			if (symbol->is_global != global)
				continue;

			Elf64_Sym sym = make_symbol(symbol, strings);

			symbol->index = index++;
			bytes_add(file, &sym, sizeof(sym));
		}
		if (!global)
			n_local = index;
	}
	return n_local;
}

static void add_relocs(struct bytes *file, const struct elf_section *section)
{
	for (size_t i = 0; i < section->n_relocs; i++) {
		const struct elf_reloc *reloc = &section->relocs[i];
		Elf64_Rela rela = {
			.r_offset = reloc->offset,
			.r_info = ELF64_R_INFO((uint64_t)reloc->symbol->index,
					       reloc->type),
			.r_addend = reloc->addend,
		};

		bytes_add(file, &rela, sizeof(rela));
	}
}

/* Headers of sections: null, ours, their relocations, tables */
struct headers {
	Elf64_Shdr *at;
	size_t n;
};

static Elf64_Shdr *add_header(struct headers *headers, struct strings *strings,
			      const char *name)
{
	Elf64_Shdr *header = &vec_add(headers->at, headers->n);

	*header = (Elf64_Shdr) {
		.sh_name = string(strings, name),
		.sh_addralign = 1,
	};
	return header;
}

static void add_contents(struct bytes *file, struct elf *elf,
			 struct headers *headers, struct strings *names)
{
	for (size_t i = 0; i < elf->n_sections; i++) {
		struct elf_section *section = elf->sections[i];
		Elf64_Shdr *header = add_header(headers, names, section->name);

		section->index = headers->n - 1;
		bytes_align(file, section->align < 16 ? section->align : 16);
		header->sh_type = section->type;
		header->sh_flags = section->flags;
		header->sh_offset = file->n;
		header->sh_size = section->bytes.n;
		header->sh_addralign = section->align;
		header->sh_entsize = section->entsize;
		if (section->type != SHT_NOBITS)
			bytes_add(file, section->bytes.at, section->bytes.n);
	}
}

static void add_rela(struct bytes *file, struct elf *elf, unsigned int symtab,
		     struct headers *headers, struct strings *names)
{
	for (size_t i = 0; i < elf->n_sections; i++) {
		const struct elf_section *section = elf->sections[i];

		if (!section->n_relocs)
			continue;

		Elf64_Shdr *header = add_header(headers, names,
			xasprintf(".rela%s", section->name));

		bytes_align(file, 8);
		header->sh_type = SHT_RELA;
		header->sh_flags = SHF_INFO_LINK;
		header->sh_offset = file->n;
		header->sh_size = section->n_relocs * sizeof(Elf64_Rela);
		header->sh_link = symtab;
		header->sh_info = section->index;
		header->sh_addralign = 8;
		header->sh_entsize = sizeof(Elf64_Rela);
		add_relocs(file, section);
	}
}

static void add_strings(struct bytes *file, Elf64_Shdr *header,
			const struct strings *strings)
{
	header->sh_type = SHT_STRTAB;
	header->sh_offset = file->n;
	header->sh_size = strings->bytes.n;
	bytes_add(file, strings->bytes.at, strings->bytes.n);
}

void elf_write(struct elf *elf, const char *path)
{
	struct bytes file = { 0 };
	struct headers headers = { 0 };
	struct strings names = { 0 }, symbols = { 0 };
	Elf64_Ehdr elf_header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			     ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_REL,
		.e_machine = elf->machine,
		.e_version = EV_CURRENT,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_shentsize = sizeof(Elf64_Shdr),
	};

	bytes_add(&file, NULL, sizeof(elf_header));
	add_header(&headers, &names, "")->sh_addralign = 0;
	add_contents(&file, elf, &headers, &names);

	unsigned int symtab = headers.n;
	Elf64_Shdr *header = add_header(&headers, &names, ".symtab");

	bytes_align(&file, 8);
	header->sh_type = SHT_SYMTAB;
	header->sh_offset = file.n;
	header->sh_link = symtab + 1;
	header->sh_info = add_symbols(&file, elf, &symbols);
	header->sh_size = file.n - header->sh_offset;
	header->sh_addralign = 8;
	header->sh_entsize = sizeof(Elf64_Sym);
	add_strings(&file, add_header(&headers, &names, ".strtab"), &symbols);
	add_rela(&file, elf, symtab, &headers, &names);

	header = add_header(&headers, &names, ".shstrtab");
	add_strings(&file, header, &names);

	bytes_align(&file, 8);
	/* More would need the number in the first header. */
	if (headers.n >= SHN_LORESERVE)
		die("cannot write '%s': too many sections", path);
	elf_header.e_shoff = file.n;
	elf_header.e_shnum = headers.n;
	elf_header.e_shstrndx = headers.n - 1;
	bytes_add(&file, headers.at, headers.n * sizeof(*headers.at));
	memcpy(file.at, &elf_header, sizeof(elf_header));
	output_write(path, file.at, file.n);
}
