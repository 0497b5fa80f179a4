// SPDX-License-Identifier: GPL-2.0-only
/*
 * data.c - data of the running kernel that is overwritten in place
 *
 * The new contents are in the -new.ko, linked by the kernel's loader.  Applying
 * copies it over the old one inside the stop, undo copies back what was there:
 *   - of read-only data what matching saw; it must still be that, or, for
 *     undo, what applying wrote;
 *   - of writable data what was in it when the update was applied.  What it
 *     holds at undo is lost.
 * Both are written by a second mapping, which the functions share, as most of
 * it is mapped read-only.  The mapping must show the same bytes as the place
 * itself when all stands still.
 *
 * What is applied is written before the redirects, what is restored after them.
 * An update that replaces others may overwrite what they have overwritten: at
 * such a place all is written before the redirects, one after the other, so
 * that it saves what was there before all of them.
 *
 * Only NMIs run meanwhile: what one reads is whole words, old or new.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/compiler.h>
#include <linux/mm.h>
#include <linux/string.h>
#include "arch/text.h"
#include "model/abort.h"
#include "model/update.h"
#include "stop/data.h"
#include "stop/replace.h"

static unsigned int count_data(const struct ksplice_part *part)
{
	const struct ksplice_change *change;
	unsigned int n = 0;

	list_for_each_entry(change, &part->update->changes, list)
		if (ksplice_change_takes_part(change, part->way))
			n += change->n_data;
	return n;
}

static void add_data(struct ksplice_data_writes *writes,
		     const struct ksplice_part *part)
{
	struct ksplice_change *change;
	unsigned int i;

	list_for_each_entry(change, &part->update->changes, list) {
		if (!ksplice_change_takes_part(change, part->way))
			continue;
		for (i = 0; i < change->n_data; i++)
			writes->list[writes->n++] =
				(struct ksplice_data_write) {
					.data = &change->data[i],
					.way = part->way,
					.turn = part->way == KSPLICE_APPLY ?
						KSPLICE_BEFORE_REDIRECTS :
						KSPLICE_AFTER_REDIRECTS,
				};
	}
}

static bool overlap(const struct ksplice_data *a, const struct ksplice_data *b)
{
	return a->addr < b->addr + b->size && b->addr < a->addr + a->size;
}

static const void *before(const struct ksplice_data_write *write)
{
	return write->way == KSPLICE_APPLY ? write->data->saved :
	       (void *)write->data->new_addr;
}

/* Does the later one find what the other, which is restored, leaves there? */
static bool follows(const struct ksplice_data_write *later,
		    const struct ksplice_data_write *earlier)
{
	const struct ksplice_data *a = earlier->data, *b = later->data;

	return earlier->way == KSPLICE_REVERSE && a->addr == b->addr &&
	       a->size == b->size &&
	       a->is_writable == b->is_writable &&
	       (a->is_writable || !memcmp(a->saved, before(later), a->size));
}

/* Places that are written more than once. */
static int order_writes(struct ksplice_data_writes *writes,
			struct ksplice_update *update)
{
	struct ksplice_data_write *later, *earlier;

	for (later = writes->list; later < writes->list + writes->n; later++) {
		/* The last one before it is what it finds there. */
		for (earlier = later; earlier-- > writes->list;) {
			if (!overlap(later->data, earlier->data))
				continue;
			if (!later->is_covered && !follows(later, earlier))
				return ksplice_abort(update,
					KSPLICE_TEXT_CHANGED,
					"the data '%s' has changed since it was matched",
					later->data->name);
			later->is_covered = true;
			if (later->way == KSPLICE_APPLY)
				earlier->turn = KSPLICE_BEFORE_REDIRECTS;
		}
	}
	return 0;
}

int ksplice_data_init(struct ksplice_data_writes *writes,
		      const struct ksplice_plan *plan)
{
	const struct ksplice_part *part;
	unsigned int i, n = 0;

	*writes = (struct ksplice_data_writes) { };
	ksplice_for_each_part(part, plan)
		n += count_data(part);
	writes->list = kvcalloc(n + 1, sizeof(*writes->list), GFP_KERNEL);
	if (!writes->list)
		return ksplice_abort(plan->update, KSPLICE_OUT_OF_MEMORY,
				     "no memory for data");
	ksplice_for_each_part(part, plan)
		add_data(writes, part);
	for (i = 0; i < n; i++)
		if (!writes->list[i].data->new_addr)
			return ksplice_abort(plan->update, KSPLICE_UNEXPECTED,
					     "there are no new contents for '%s'",
					     writes->list[i].data->name);
	return plan->n > 1 ? order_writes(writes, plan->update) : 0;
}

void ksplice_data_release(struct ksplice_data_writes *writes)
{
	unsigned int i;

	for (i = 0; i < writes->n; i++)
		writes->list[i].data->alias = NULL;
	kvfree(writes->list);
}

void ksplice_data_pieces(const struct ksplice_data_writes *writes,
			 struct ksplice_piece *pieces)
{
	unsigned int i;

	for (i = 0; i < writes->n; i++) {
		pieces[i].addr = writes->list[i].data->addr;
		pieces[i].len = writes->list[i].data->size;
	}
}

void ksplice_data_set_aliases(const struct ksplice_data_writes *writes,
			      const struct ksplice_piece *pieces)
{
	unsigned int i;

	for (i = 0; i < writes->n; i++)
		writes->list[i].data->alias = pieces[i].alias;
}

static bool is_as_expected(const struct ksplice_data_write *write)
{
	const struct ksplice_data *data = write->data;
	const void *now = (void *)data->addr;

	if (memcmp(data->alias, now, data->size))
		return false;
	return data->is_writable || write->is_covered ||
	       !memcmp(now, before(write), data->size);
}

const struct ksplice_data_write *
ksplice_data_check(const struct ksplice_data_writes *writes)
{
	unsigned int i;

	for (i = 0; i < writes->n; i++)
		if (!is_as_expected(&writes->list[i]))
			return &writes->list[i];
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

void ksplice_data_write(const struct ksplice_data_writes *writes,
			enum ksplice_data_turn turn, u8 *scratch)
{
	const struct ksplice_data_write *write;
	const struct ksplice_data *data;

	for (write = writes->list; write < writes->list + writes->n; write++) {
		data = write->data;
		if (write->turn != turn)
			continue;
		if (write->way == KSPLICE_APPLY && data->is_writable)
			memcpy(data->saved, (void *)data->addr, data->size);
		write_words(scratch ?: data->alias,
			    write->way == KSPLICE_APPLY ?
			    (u8 *)data->new_addr : data->saved,
			    data->size);
	}
}

bool ksplice_data_overlaps(const struct ksplice_change *a,
			   const struct ksplice_change *b)
{
	const struct ksplice_data *x, *y;

	for (x = a->data; x < a->data + a->n_data; x++)
		for (y = b->data; y < b->data + b->n_data; y++)
			if (overlap(x, y))
				return true;
	return false;
}
