// SPDX-License-Identifier: GPL-2.0-only
/*
 * vec.c - memory that grows and never fails
 *
 * An array is made larger exactly when its count is a power of two (or 0),
 * which is why it must have been grown by vec_add() alone from the start.
 */
#define _GNU_SOURCE
#include "util/vec.h"
#include "util/die.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *xcalloc(size_t n, size_t size)
{
	void *memory = calloc(n ? n : 1, size ? size : 1);

	if (!memory)
		die("out of memory");
	return memory;
}

char *xstrdup(const char *string)
{
	char *copy = strdup(string);

	if (!copy)
		die("out of memory");
	return copy;
}

char *xasprintf(const char *fmt, ...)
{
	va_list args;
	char *string;

	va_start(args, fmt);
	if (vasprintf(&string, fmt, args) < 0)
		die("out of memory");
	va_end(args);
	return string;
}

void vec_sort(void *array, size_t n, size_t size,
	      int (*compare)(const void *, const void *))
{
	if (n)
		qsort(array, n, size, compare);
}

void *vec_grow(void *array, size_t n, size_t size)
{
	if (n & (n - 1))
		return array;
	array = reallocarray(array, n ? 2 * n : 1, size);
	if (!array)
		die("out of memory");
	return array;
}

const char *distance_text(int64_t offset)
{
	const uint64_t size = offset < 0 ? -(uint64_t)offset : (uint64_t)offset;

	return xasprintf("%c0x%llx", offset < 0 ? '-' : '+',
			 (unsigned long long)size);
}
