// SPDX-License-Identifier: GPL-2.0-only
/*
 * strmap.c - from a string to a pointer
 *
 * Open addressing with linear probing, at most half full.  Nothing is ever
 * taken out.
 */
#include "util/strmap.h"
#include "util/vec.h"

#include <stdint.h>
#include <string.h>

static uint64_t hash(const char *key)
{
	uint64_t value = 0xcbf29ce484222325ULL;	/* FNV-1a */

	while (*key)
		value = (value ^ (unsigned char)*key++) * 0x100000001b3ULL;
	return value;
}

/* The slot of the key, or the free one where it would go. */
static struct strmap_slot *probe(const struct strmap *map, const char *key)
{
	size_t i = hash(key) & (map->n_slots - 1);

	while (map->slots[i].key && strcmp(map->slots[i].key, key))
		i = (i + 1) & (map->n_slots - 1);
	return &map->slots[i];
}

static void grow(struct strmap *map)
{
	struct strmap_slot *old = map->slots;
	size_t n_old = map->n_slots;

	map->n_slots = n_old ? 2 * n_old : 16;
	map->slots = xcalloc(map->n_slots, sizeof(*map->slots));
	for (size_t i = 0; i < n_old; i++)
		if (old[i].key)
			*probe(map, old[i].key) = old[i];
}

void **strmap_slot(struct strmap *map, const char *key)
{
	if (2 * map->n >= map->n_slots)
		grow(map);

	struct strmap_slot *slot = probe(map, key);

	if (!slot->key) {
		slot->key = key;
		map->n++;
	}
	return &slot->value;
}

void *strmap_get(const struct strmap *map, const char *key)
{
	return map->n_slots ? probe(map, key)->value : NULL;
}
