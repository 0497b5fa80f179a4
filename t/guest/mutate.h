/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mutate.h - make a bad pre image of a good one
 *
 * For fuzz.c in a guest and t/fixtures/read-images.c.  What includes it has the
 * types of the kernel.
 */
#ifndef MUTATE_H
#define MUTATE_H

#include "records.h"

#define N_TABLES	8

static u64 random_state;

static void seed(u32 number)
{
	random_state = 0x9e3779b97f4a7c15ULL * (number + 1ULL);
}

static u32 below(u32 n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return n ? (u32)(random_state >> 32) % n : 0;
}

/* Bytes of an entry, in the order of the header */
static const u32 entry_sizes[N_TABLES] = {
	sizeof(struct ksplice_unit), sizeof(struct ksplice_label),
	sizeof(struct ksplice_span), sizeof(struct ksplice_reloc),
	sizeof(struct ksplice_site), sizeof(struct ksplice_import), 1, 1,
};

static void change_word(u8 *at, const u8 *other, u32 limit)
{
	static const u32 nasty[] = {
		0, 1, 2, 5, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff
	};
	u32 value;

	memcpy(&value, at, sizeof(value));
	switch (below(6)) {
	case 0:
		value = nasty[below(ARRAY_SIZE(nasty))];
		break;
	case 1:
		value += below(2) ? 1 : -1;
		break;
	case 2:
		value ^= 1U << below(32);
		break;
	case 3:
		value ^= 1U << below(8);
		break;
	case 4:
		value = below(limit + 2);
		break;
	default:
		memcpy(&value, other, sizeof(value));
	}
	memcpy(at, &value, sizeof(value));
}

/* Change up to four fields or bytes, where the tables of the header say. */
static void mutate(u8 *bytes, u32 size, const struct ksplice_pre_header *header)
{
	const struct ksplice_table *tables = &header->units, *table;
	unsigned int n = 1 + below(4);
	u32 which, field, entry, other, entry_size;

	while (n--) {
		if (!below(24)) {
			change_word(bytes + 4 * below(sizeof(*header) / 4),
				    bytes + 16, size);
			continue;
		}
		which = below(N_TABLES);
		table = &tables[which];
		entry_size = entry_sizes[which];
		entry = below(table->count);
		other = below(table->count);
		if (!table->count || table->offset +
		    (u64)table->count * entry_size > size)
			continue;
		if (entry_size == 1) {
			bytes[table->offset + entry] ^= 1 + below(255);
			continue;
		}
		field = 4 * below(entry_size / 4);
		change_word(bytes + table->offset + entry * entry_size + field,
			    bytes + table->offset + other * entry_size + field,
			    tables[below(N_TABLES)].count);
	}
}

#endif
