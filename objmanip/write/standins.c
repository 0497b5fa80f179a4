// SPDX-License-Identifier: GPL-2.0-only
/*
 * standins.c - exports of a built module that stand for what the kernel has
 *
 * A part of "finalize".  modpost, from Linux 6.4 on, lets a module export only
 * what it defines.  So kmodsrc/new-exports.c defines, in .ksplice_standins, a
 * symbol of each name that the patch exports and that the running kernel has
 * already: a pointer to the import.  Here, in the symbol table, that becomes
 * one more entry of the import, undefined like the other.  The entry in the
 * export table then has the address in the kernel, and the module no symbol
 * with a name of the kernel's.  A stand-in whose pointer leads to anything else
 * is refused.
 */
#include "write/standins.h"
#include "arch/arch.h"
#include "util/vec.h"

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char section_name[] = ".ksplice_standins";

struct module {
	unsigned char *bytes;
	size_t size;
};

/* NULL: not all of it is in the file. */
static void *part(const struct module *module, uint64_t offset, uint64_t size)
{
	if (offset % sizeof(uint64_t) || offset > module->size ||
	    size > module->size - offset)
		return NULL;
	return module->bytes + offset;
}

/* The entries of a section, whose type the caller knows; NULL as for part() */
static void *entries(const struct module *module, const Elf64_Shdr *section,
		     size_t size, size_t *n)
{
	*n = section->sh_size / size;
	return part(module, section->sh_offset, section->sh_size);
}

static const Elf64_Rela *find_reloc(const Elf64_Rela *relocs, size_t n,
				    uint64_t offset)
{
	for (size_t i = 0; i < n; i++)
		if (relocs[i].r_offset == offset)
			return &relocs[i];
	return NULL;
}

/* RELOCS are those of the section of that index, of pointers of that type. */
static const char *resolve(const struct module *module, size_t index,
			   unsigned int pointer_type,
			   const Elf64_Shdr *relocs, const Elf64_Shdr *symtab)
{
	size_t n, n_symbols;
	const Elf64_Rela *of_section = entries(module, relocs,
					       sizeof(*of_section), &n);
	Elf64_Sym *symbols = entries(module, symtab, sizeof(*symbols),
				     &n_symbols);

	if (!of_section || !symbols)
		return "it is cut short";
	for (size_t i = 1; i < n_symbols; i++) {
		if (symbols[i].st_shndx != index ||
		    ELF64_ST_TYPE(symbols[i].st_info) == STT_SECTION)
			continue;

		const Elf64_Rela *reloc = find_reloc(of_section, n,
						     symbols[i].st_value);
		const size_t to = reloc ? ELF64_R_SYM(reloc->r_info) : 0;

		if (!to || to >= n_symbols || reloc->r_addend ||
		    ELF64_R_TYPE(reloc->r_info) != pointer_type ||
		    symbols[to].st_shndx != SHN_UNDEF)
			return "an export stands for no symbol that is imported";
		symbols[i] = symbols[to];
	}
	return NULL;
}

/* Its index, or 0 if there is none of that name */
static size_t find_section(const struct module *module,
			   const Elf64_Shdr *sections, size_t n,
			   const Elf64_Shdr *names)
{
	if (names->sh_offset > module->size)
		return 0;

	const size_t room = module->size - names->sh_offset;

	for (size_t i = 1; i < n; i++)
		if (room >= sizeof(section_name) &&
		    sections[i].sh_name <= room - sizeof(section_name) &&
		    !memcmp(module->bytes + names->sh_offset +
			    sections[i].sh_name, section_name,
			    sizeof(section_name)))
			return i;
	return 0;
}

static const char *resolve_all(const struct module *module)
{
	const Elf64_Ehdr *header = part(module, 0, sizeof(*header));
	const Elf64_Shdr *sections = header ?
		part(module, header->e_shoff,
		     header->e_shnum * sizeof(*sections)) : NULL;

	if (!sections || header->e_shstrndx >= header->e_shnum)
		return "its table of sections is not readable";

	const size_t index = find_section(module, sections, header->e_shnum,
					  &sections[header->e_shstrndx]);

	const struct arch *arch = arch_find(header->e_machine);

	if (!arch)
		return "its architecture is not known";
	for (size_t i = 0; index && i < header->e_shnum; i++)
		if (sections[i].sh_type == SHT_RELA &&
		    sections[i].sh_info == index &&
		    sections[i].sh_link < header->e_shnum)
			return resolve(module, index, arch->pointer_type,
				       &sections[i],
				       &sections[sections[i].sh_link]);
	return index ? "its exports stand for nothing" : NULL;
}

const char *standins_resolve(const char *path)
{
	struct module module = {};
	struct stat st;
	const char *problem;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return xasprintf("it cannot be opened: %m");
	module.size = fstat(fd, &st) ? 0 : st.st_size;
	module.bytes = mmap(NULL, module.size, PROT_READ | PROT_WRITE,
			    MAP_SHARED, fd, 0);
	problem = module.bytes == MAP_FAILED ?
		xasprintf("it cannot be read: %m") : resolve_all(&module);
	if (module.bytes != MAP_FAILED)
		munmap(module.bytes, module.size);
	close(fd);
	return problem;
}
