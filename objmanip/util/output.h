/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * output.h - files that appear whole or not at all
 */
#ifndef OBJMANIP_UTIL_OUTPUT_H
#define OBJMANIP_UTIL_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A name in the same directory to write to, for output_commit(). */
char *output_temporary(const char *path);

/* Rename the temporary file to path; dies, and removes it, if that fails. */
void output_commit(const char *temporary, const char *path);

/* Write it all; dies, with nothing left behind, if that fails. */
void output_write(const char *path, const void *bytes, size_t size);

/* A block of bytes that grows. */
struct bytes {
	uint8_t *at;
	size_t n, room;
};

/* Returns the offset of the copy; from may be NULL: zeroes. */
size_t bytes_add(struct bytes *bytes, const void *from, size_t size);

/* Fill with zeroes up to a multiple of align (a power of two). */
void bytes_align(struct bytes *bytes, size_t align);

/* Text is added without its NUL. */
void bytes_printf(struct bytes *bytes, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
