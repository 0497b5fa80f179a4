// SPDX-License-Identifier: GPL-2.0-only
/*
 * data.c - data of the running kernel that is overwritten in place
 *
 * The new contents is in the -new.ko, linked by the kernel's loader.  Applying
 * copies it over the old one inside the stop, undo copies back what was there:
 *   - of read-only data what matching saw; it must still be that, or, for
 *     undo, what applying wrote;
 *   - of writable data what was in it when the update was applied.  What it
 *     holds at undo is lost.
 * Both are written by a second mapping, which the functions share, as most of it
 * is mapped read-only.  The mapping must show the same bytes as the place itself
 * when all stands still.
 *
 * Only NMIs run meanwhile: what one reads is whole words, old or new.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/compiler.h>
#include <linux/mm.h>
#include <linux/string.h>
#include "data.h"
#include "redirect.h"
#include "update.h"

int ksplice_data_prepare(struct ksplice_update *update, bool apply)
{
	const struct ksplice_change *change;
	const struct ksplice_data *data;

	list_for_each_entry(change, &update->changes, list) {
		if (!ksplice_change_takes_part(change, apply))
			continue;
		for (data = change->data;
		     data < change->data + change->n_data; data++)
			if (!data->new_addr)
				return ksplice_abort(update,
					KSPLICE_UNEXPECTED,
					"there are no new contents for '%s'",
					data->name);
	}
	return 0;
}

unsigned int ksplice_data_pieces(const struct ksplice_update *update,
				 bool apply, struct ksplice_piece *pieces)
{
	const struct ksplice_change *change;
	unsigned int i, n = 0;

	list_for_each_entry(change, &update->changes, list) {
		if (!ksplice_change_takes_part(change, apply))
			continue;
		for (i = 0; pieces && i < change->n_data; i++) {
			pieces[n + i].addr = change->data[i].addr;
			pieces[n + i].len = change->data[i].size;
		}
		n += change->n_data;
	}
	return n;
}

void ksplice_data_set_aliases(struct ksplice_update *update, bool apply,
			      const struct ksplice_piece *pieces)
{
	struct ksplice_change *change;
	unsigned int i;

	list_for_each_entry(change, &update->changes, list) {
		if (!ksplice_change_takes_part(change, apply))
			continue;
		for (i = 0; i < change->n_data; i++)
			change->data[i].alias = pieces++->alias;
	}
}

void ksplice_data_forget_aliases(struct ksplice_update *update)
{
	struct ksplice_change *change;
	unsigned int i;

	list_for_each_entry(change, &update->changes, list)
		for (i = 0; i < change->n_data; i++)
			change->data[i].alias = NULL;
}

static bool is_as_expected(const struct ksplice_data *data, bool apply)
{
	const void *now = (void *)data->addr;

	if (memcmp(data->alias, now, data->size))
		return false;
	return data->is_writable ||
	       !memcmp(now, apply ? data->saved : (void *)data->new_addr,
		       data->size);
}

const struct ksplice_data *
ksplice_data_check(const struct ksplice_update *update, bool apply)
{
	const struct ksplice_change *change;
	unsigned int i;

	list_for_each_entry(change, &update->changes, list) {
		if (!ksplice_change_takes_part(change, apply))
			continue;
		for (i = 0; i < change->n_data; i++)
			if (!is_as_expected(&change->data[i], apply))
				return &change->data[i];
	}
	return NULL;
}

/* The mapping has the offset in its page that the place has. */
static void write_words(u8 *to, const u8 *from, unsigned long size)
{
	unsigned long i = 0;

	while (i < size) {
		if (IS_ALIGNED((unsigned long)to + i, sizeof(u64)) &&
		    size - i >= sizeof(u64)) {
			WRITE_ONCE(*(u64 *)(to + i), *(const u64 *)(from + i));
			i += sizeof(u64);
		} else if (IS_ALIGNED((unsigned long)to + i, sizeof(u32)) &&
			   size - i >= sizeof(u32)) {
			WRITE_ONCE(*(u32 *)(to + i), *(const u32 *)(from + i));
			i += sizeof(u32);
		} else {
			WRITE_ONCE(to[i], from[i]);
			i++;
		}
	}
}

void ksplice_data_write(const struct ksplice_update *update, bool apply,
			u8 *scratch)
{
	const struct ksplice_change *change;
	const struct ksplice_data *data;

	list_for_each_entry(change, &update->changes, list) {
		if (!ksplice_change_takes_part(change, apply))
			continue;
		for (data = change->data;
		     data < change->data + change->n_data; data++) {
			if (apply && data->is_writable)
				memcpy(data->saved, (void *)data->addr,
				       data->size);
			write_words(scratch ?: data->alias,
				    apply ? (u8 *)data->new_addr : data->saved,
				    data->size);
		}
	}
}

bool ksplice_data_overlaps(const struct ksplice_change *a,
			   const struct ksplice_change *b)
{
	const struct ksplice_data *x, *y;

	for (x = a->data; x < a->data + a->n_data; x++)
		for (y = b->data; y < b->data + b->n_data; y++)
			if (x->addr < y->addr + y->size &&
			    y->addr < x->addr + x->size)
				return true;
	return false;
}
