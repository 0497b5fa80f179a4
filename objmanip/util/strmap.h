/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * strmap.h - from a string to a pointer
 *
 * A map starts as all zeroes.  It keeps the key's pointer, not a copy: the
 * string must live as long as the map.
 */
#ifndef OBJMANIP_UTIL_STRMAP_H
#define OBJMANIP_UTIL_STRMAP_H

#include <stddef.h>

struct strmap_slot {
	const char *key;		/* NULL: free */
	void *value;
};

struct strmap {
	struct strmap_slot *slots;
	size_t n_slots;			/* 0 or a power of two */
	size_t n;
};

/* Where the value of the key is; a new one is NULL.  Valid until the next. */
void **strmap_slot(struct strmap *map, const char *key);

/* The value, or NULL if the key is not there. */
void *strmap_get(const struct strmap *map, const char *key);

#endif
