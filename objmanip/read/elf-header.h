/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * elf-header.h - what libbfd knows of a file and keeps to itself
 */
#ifndef OBJMANIP_READ_ELF_HEADER_H
#define OBJMANIP_READ_ELF_HEADER_H

#include <stddef.h>
#include <stdint.h>

/* e_machine; EM_NONE if it is not a 64-bit little-endian ELF file */
unsigned int elf_header_machine(const char *path);

/*
 * st_size of each symbol of the file's symbol table, without the null symbol
 * that it starts with: the order of bfd_canonicalize_symtab().  Dies if the
 * file is not a 64-bit ELF file or has not exactly n symbols.
 */
uint64_t *elf_header_sizes(const char *path, size_t n);

#endif
