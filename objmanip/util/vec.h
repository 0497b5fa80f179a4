/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vec.h - memory that grows and never fails
 *
 * Nothing that these return is ever freed: objmanip is one shot.  A growing
 * array is a pointer and a count, both starting as 0:
 *
 *	struct thing *things = NULL;
 *	size_t n_things = 0;
 *
 *	vec_add(things, n_things) = (struct thing){ ... };
 *
 * The room is the next power of two, so it needs no field of its own; a
 * pointer into the array does not survive the next vec_add().
 */
#ifndef OBJMANIP_UTIL_VEC_H
#define OBJMANIP_UTIL_VEC_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed memory for that many; ends the program if there is none. */
void *xcalloc(size_t n, size_t size);
char *xstrdup(const char *string);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "+0x1f", "-0x4"; also of the lowest number, which has no positive one */
const char *distance_text(int64_t offset);

/* The new last element, as an lvalue with undefined contents */
#define vec_add(array, n)						\
	(*((array) = vec_grow((array), (n), sizeof(*(array))),		\
	   &(array)[(n)++]))

/* qsort(3) of an array that may be empty */
void vec_sort(void *array, size_t n, size_t size,
	      int (*compare)(const void *, const void *));

/* The array with room for one more than n; used by vec_add(). */
void *vec_grow(void *array, size_t n, size_t size);

#endif
