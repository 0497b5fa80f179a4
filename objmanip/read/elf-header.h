/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * elf-header.h - the sizes of symbols, which libbfd knows and does not tell
 */
#ifndef OBJMANIP_READ_ELF_HEADER_H
#define OBJMANIP_READ_ELF_HEADER_H

#include <stddef.h>
#include <stdint.h>

/*
 * st_size of each symbol of the file's symbol table, without the null symbol
 * that it starts with: the order of bfd_canonicalize_symtab().  Dies if the
 * file is not a 64-bit ELF file or has not exactly n symbols.
 */
uint64_t *elfsize_load(const char *path, size_t n);

#endif
