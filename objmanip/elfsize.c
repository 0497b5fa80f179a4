// SPDX-License-Identifier: GPL-2.0-only
/*
 * elfsize.c - the sizes of symbols, which libbfd knows and does not tell
 *
 * The public <bfd.h> has no way to st_size.  The file is mapped and its
 * section header table searched for the symbol table; every offset is checked
 * against the size of the file.
 */
#include "elfsize.h"
#include "die.h"
#include "vec.h"

#include <elf.h>
#include <fcntl.h>
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

uint64_t *elfsize_load(const char *path, size_t n)
{
	struct file file = map(path);
	const Elf64_Ehdr *header = part(&file, 0, sizeof(*header));
	uint64_t *sizes = xcalloc(n, sizeof(*sizes));

	if (memcmp(header->e_ident, ELFMAG, SELFMAG) ||
	    header->e_ident[EI_CLASS] != ELFCLASS64 ||
	    header->e_ident[EI_DATA] != ELFDATA2LSB)
		die("'%s' is not a 64-bit little-endian ELF file", path);

	const Elf64_Shdr *sections = part(&file, header->e_shoff,
					  sizeof(*sections));
	/* With 0xff00 sections or more the number is in the first header. */
	uint64_t n_sections = header->e_shnum ?: sections[0].sh_size;

	sections = part(&file, header->e_shoff,
			n_sections * sizeof(*sections));
	for (uint64_t i = 0; i < n_sections; i++) {
		const Elf64_Shdr *section = &sections[i];

		if (section->sh_type != SHT_SYMTAB)
			continue;

		const Elf64_Sym *symbols = part(&file, section->sh_offset,
						section->sh_size);

		if (section->sh_size / sizeof(*symbols) != n + 1)
			die("'%s' has a symbol table of unexpected size",
			    path);
		for (size_t j = 0; j < n; j++)
			sizes[j] = symbols[j + 1].st_size;
		n = 0;
	}
	if (n)
		die("'%s' has no symbol table", path);
	munmap((void *)file.bytes, file.size);
	return sizes;
}
