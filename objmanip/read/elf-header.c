// SPDX-License-Identifier: GPL-2.0-only
/*
 * elf-header.c - what libbfd knows of a file and keeps to itself
 *
 * The public <bfd.h> has no way to e_machine and st_size.  The file is mapped
 * and its section header table searched for the symbol table; every offset is
 * checked against the size of the file.
 */
#include "read/elf-header.h"
#include "util/die.h"
#include "util/vec.h"

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct file {
	const char *path;
	const unsigned char *bytes;
	size_t size;
};

static struct file map(const char *path)
{
	struct file file = { .path = path };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		die("cannot read '%s': %m", path);
	file.size = st.st_size;
	file.bytes = mmap(NULL, file.size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (file.bytes == MAP_FAILED)
		die("cannot read '%s': %m", path);
	close(fd);
	return file;
}

static const void *part(const struct file *file, uint64_t offset,
			uint64_t size)
{
	if (offset > file->size || size > file->size - offset)
		die("'%s' is cut short", file->path);
	return file->bytes + offset;
}

/* A copy of an element: nothing says that it is aligned in the file. */
static Elf64_Shdr section_at(const struct file *file, uint64_t table,
			     uint64_t i)
{
	Elf64_Shdr section;

	memcpy(&section, part(file, table + i * sizeof(section),
			      sizeof(section)), sizeof(section));
	return section;
}

static void read_sizes(const struct file *file, const Elf64_Shdr *table,
		       uint64_t *sizes, size_t n)
{
	const unsigned char *symbols = part(file, table->sh_offset,
					    table->sh_size);
	Elf64_Sym symbol;

	if (table->sh_size / sizeof(symbol) != n + 1)
		die("'%s' has a symbol table of unexpected size", file->path);
	for (size_t i = 0; i < n; i++) {
		memcpy(&symbol, symbols + (i + 1) * sizeof(symbol),
		       sizeof(symbol));
		sizes[i] = symbol.st_size;
	}
}

static bool is_elf64(const Elf64_Ehdr *header)
{
	return !memcmp(header->e_ident, ELFMAG, SELFMAG) &&
	       header->e_ident[EI_CLASS] == ELFCLASS64 &&
	       header->e_ident[EI_DATA] == ELFDATA2LSB;
}

unsigned int elf_header_machine(const char *path)
{
	const struct file file = map(path);
	const Elf64_Ehdr *header = part(&file, 0, sizeof(*header));
	const unsigned int machine = is_elf64(header) ? header->e_machine :
							EM_NONE;

	munmap((void *)file.bytes, file.size);
	return machine;
}

uint64_t *elf_header_sizes(const char *path, size_t n)
{
	const struct file file = map(path);
	const Elf64_Ehdr *header = part(&file, 0, sizeof(*header));
	uint64_t *sizes = xcalloc(n, sizeof(*sizes));
	const uint64_t table = header->e_shoff;
	bool is_found = false;

	if (!is_elf64(header))
		die("'%s' is not a 64-bit little-endian ELF file", path);

	/* With 0xff00 sections or more the number is in the first header. */
	const uint64_t n_sections = header->e_shnum ?:
		section_at(&file, table, 0).sh_size;

	part(&file, table, 0);
	if (n_sections > (file.size - table) / sizeof(Elf64_Shdr))
		die("'%s' is cut short", path);
	for (uint64_t i = 0; i < n_sections && !is_found; i++) {
		const Elf64_Shdr section = section_at(&file, table, i);

		if (section.sh_type != SHT_SYMTAB)
			continue;
		read_sizes(&file, &section, sizes, n);
		is_found = true;
	}
	if (n && !is_found)
		die("'%s' has no symbol table", path);
	munmap((void *)file.bytes, file.size);
	return sizes;
}
