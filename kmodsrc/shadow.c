// SPDX-License-Identifier: GPL-2.0-only
/*
 * shadow.c - memory that new code attaches to objects of the kernel
 *
 * A patch cannot add a member to a struct of which there are objects already.
 * It can keep the value in a variable of its own, found by the object's
 * address and a number: its shadow.
 *
 * They are in a hash table that doubles when there are twice as many as it has
 * rows, so that finding one takes the same time however many there are.
 * Growing is done by a worker, in pieces:
 *	1. Make the new table; from now on new shadows go into both.
 *	2. Put those of the old table, some rows at a time, into the new one,
 *	   too.  A shadow has a link for each of two tables.
 *	3. Let readers use the new table, wait until none is in the old one.
 * A table never shrinks.
 *
 * Readers hold the RCU lock only, so a shadow is freed a grace period after it
 * was taken out.  lock guards both tables' chains against writers, with
 * interrupts off: all but ksplice_shadow_free_all() may be called from
 * anywhere but an NMI.  resize_mutex is held while the tables have to
 * stay the same ones; lock nests inside.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include "ksplice-patch.h"
#include "shadow.h"

#define FIRST_BITS	10
#define LAST_BITS	20
#define ROWS_AT_ONCE	64

struct table {
	unsigned int bits;
	unsigned int link;		/* which of shadow.link is for it */
	struct hlist_head rows[];
};

struct shadow {
	struct hlist_node link[2];
	const void *object;
	unsigned long id;
	struct rcu_head rcu;
	struct shadow *next_freed;
	u64 data[];
};

static struct table __rcu *current_table;
static struct table *next_table;	/* while it grows, else NULL */
static unsigned int n_shadows;
static DEFINE_SPINLOCK(lock);
static DEFINE_MUTEX(resize_mutex);

static void grow(struct work_struct *work);
static DECLARE_WORK(grow_work, grow);

static struct table *table_new(unsigned int bits, unsigned int link)
{
	struct table *table = kvzalloc(struct_size(table, rows, 1UL << bits),
				       GFP_KERNEL);

	if (!table)
		return NULL;
	table->bits = bits;
	table->link = link;
	return table;
}

static struct hlist_head *row_of(struct table *table, const void *object,
				 unsigned long id)
{
	u64 key = (unsigned long)object + id * GOLDEN_RATIO_64;

	return &table->rows[hash_64(key, table->bits)];
}

static struct table *locked_table(void)
{
	return rcu_dereference_protected(current_table,
					 lockdep_is_held(&lock));
}

/* With the RCU lock, or with lock. */
static struct shadow *find(struct table *table, const void *object,
			   unsigned long id)
{
	struct hlist_node *node;
	struct shadow *shadow;

	for (node = rcu_dereference_raw(hlist_first_rcu(row_of(table, object,
							       id)));
	     node; node = rcu_dereference_raw(hlist_next_rcu(node))) {
		shadow = container_of(node, struct shadow, link[table->link]);
		if (shadow->object == object && shadow->id == id)
			return shadow;
	}
	return NULL;
}

static void __link(struct table *table, struct shadow *shadow)
{
	hlist_add_head_rcu(&shadow->link[table->link],
			   row_of(table, shadow->object, shadow->id));
}

/* A link that is in no table is unhashed, as those of new memory are. */
static void __unlink(struct shadow *shadow)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(shadow->link); i++)
		if (!hlist_unhashed(&shadow->link[i]))
			hlist_del_init_rcu(&shadow->link[i]);
	n_shadows--;
}

static void destroy_one(struct shadow *shadow,
			void (*destroy)(const void *object, void *data))
{
	if (destroy)
		destroy(shadow->object, shadow->data);
	kfree_rcu(shadow, rcu);
}

/**
 * ksplice_shadow_get() - find the shadow of an object
 * @object: its address
 * @id: which of its shadows
 *
 * Context: any but NMI.
 * Return: the memory, valid until the shadow is freed, and if the caller holds
 * the RCU lock, until it releases that; or NULL.
 */
void *ksplice_shadow_get(const void *object, unsigned long id)
{
	struct shadow *shadow;

	rcu_read_lock();
	shadow = find(rcu_dereference(current_table), object, id);
	rcu_read_unlock();
	return shadow ? shadow->data : NULL;
}
EXPORT_SYMBOL_GPL(ksplice_shadow_get);

/* *is_new says whether it has just been made. */
static struct shadow *get_or_add(const void *object, unsigned long id,
				 size_t size, gfp_t gfp, bool *is_new)
{
	struct shadow *shadow, *fresh;
	struct table *table;
	unsigned long flags;
	bool is_full;
	size_t n_words;

	*is_new = false;
	n_words = DIV_ROUND_UP(size, sizeof(u64));
	fresh = kzalloc(struct_size(fresh, data, n_words), gfp);
	if (!fresh)
		return NULL;
	fresh->object = object;
	fresh->id = id;

	spin_lock_irqsave(&lock, flags);
	table = locked_table();
	shadow = find(table, object, id);
	if (!shadow) {
		shadow = fresh;
		*is_new = true;
		__link(table, fresh);
		if (next_table)
			__link(next_table, fresh);
		n_shadows++;
	}
	is_full = !next_table && table->bits < LAST_BITS &&
		  n_shadows > 2U << table->bits;
	spin_unlock_irqrestore(&lock, flags);

	if (!*is_new)
		kfree(fresh);
	if (is_full)
		schedule_work(&grow_work);
	return shadow;
}

/**
 * ksplice_shadow_alloc() - give an object a shadow
 * @object: its address
 * @id: which of its shadows
 * @size: bytes, which are zero at first
 * @gfp: how to get them
 *
 * Context: any but NMI, as far as @gfp allows it.
 * Return: the memory, or NULL if there is none or if the object has that
 * shadow already.
 */
void *ksplice_shadow_alloc(const void *object, unsigned long id, size_t size,
			   gfp_t gfp)
{
	struct shadow *shadow;
	bool is_new;

	shadow = get_or_add(object, id, size, gfp, &is_new);
	return is_new ? shadow->data : NULL;
}
EXPORT_SYMBOL_GPL(ksplice_shadow_alloc);

/**
 * ksplice_shadow_get_or_alloc() - find the shadow of an object, or give it one
 * @object: its address
 * @id: which of its shadows
 * @size: bytes, which are zero at first
 * @gfp: how to get them
 *
 * Of several callers at a time one makes it, and all get the same.
 *
 * Context: any but NMI, as far as @gfp allows it.
 * Return: the memory, as for ksplice_shadow_get(), or NULL if there is none.
 */
void *ksplice_shadow_get_or_alloc(const void *object, unsigned long id,
				  size_t size, gfp_t gfp)
{
	void *data = ksplice_shadow_get(object, id);
	struct shadow *shadow;
	bool is_new;

	if (data)
		return data;
	shadow = get_or_add(object, id, size, gfp, &is_new);
	return shadow ? shadow->data : NULL;
}
EXPORT_SYMBOL_GPL(ksplice_shadow_get_or_alloc);

/**
 * ksplice_shadow_free() - take the shadow of an object away
 * @object: its address
 * @id: which of its shadows
 * @destroy: is called for it, or NULL
 *
 * Does nothing if there is none.  When @destroy is called it can no longer be
 * found, but readers that found it before may still use it; the memory itself
 * is freed a grace period later.
 *
 * Context: any but NMI, as far as @destroy allows it.
 */
void ksplice_shadow_free(const void *object, unsigned long id,
			 void (*destroy)(const void *object, void *data))
{
	struct shadow *shadow;
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	shadow = find(locked_table(), object, id);
	if (shadow)
		__unlink(shadow);
	spin_unlock_irqrestore(&lock, flags);
	if (shadow)
		destroy_one(shadow, destroy);
}
EXPORT_SYMBOL_GPL(ksplice_shadow_free);

/* Those of a row that have the id, or all; in a chain by next_freed. */
static struct shadow *unlink_row(struct table *table, unsigned int row,
				 const unsigned long *id)
{
	struct hlist_node *node, *next;
	struct shadow *shadow, *freed = NULL;
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	for (node = table->rows[row].first; node; node = next) {
		next = node->next;
		shadow = container_of(node, struct shadow, link[table->link]);
		if (id && shadow->id != *id)
			continue;
		__unlink(shadow);
		shadow->next_freed = freed;
		freed = shadow;
	}
	spin_unlock_irqrestore(&lock, flags);
	return freed;
}

static unsigned int free_all(const unsigned long *id,
			     void (*destroy)(const void *object, void *data))
{
	struct shadow *freed, *next;
	struct table *table;
	unsigned int row, n = 0;

	mutex_lock(&resize_mutex);
	table = rcu_dereference_protected(current_table,
					  lockdep_is_held(&resize_mutex));
	for (row = 0; row < 1U << table->bits; row++) {
		for (freed = unlink_row(table, row, id); freed; freed = next) {
			next = freed->next_freed;
			destroy_one(freed, destroy);
			n++;
		}
		cond_resched();
	}
	mutex_unlock(&resize_mutex);
	return n;
}

/**
 * ksplice_shadow_free_all() - free all shadows of a kind
 * @id: the kind
 * @destroy: is called for each, or NULL
 *
 * As ksplice_shadow_free(), for all objects.  Shadows that are added
 * meanwhile may stay.  For a post_reverse hook: only that knows that they are
 * no longer needed.
 *
 * Context: may sleep.
 */
void ksplice_shadow_free_all(unsigned long id,
			     void (*destroy)(const void *object, void *data))
{
	free_all(&id, destroy);
}
EXPORT_SYMBOL_GPL(ksplice_shadow_free_all);

/* Some rows' shadows into the new table, those that are not there yet. */
static void copy_rows(struct table *from, struct table *to, unsigned int row)
{
	unsigned int end = row + ROWS_AT_ONCE;
	struct hlist_node *node;
	struct shadow *shadow;
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	for (; row < end; row++) {
		for (node = from->rows[row].first; node; node = node->next) {
			shadow = container_of(node, struct shadow,
					      link[from->link]);
			if (hlist_unhashed(&shadow->link[to->link]))
				__link(to, shadow);
		}
	}
	spin_unlock_irqrestore(&lock, flags);
}

/* That link is no longer used: a later table may use it. */
static void clear_rows(struct table *table, unsigned int row)
{
	unsigned int end = row + ROWS_AT_ONCE;
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	for (; row < end; row++)
		while (table->rows[row].first)
			hlist_del_init(table->rows[row].first);
	spin_unlock_irqrestore(&lock, flags);
}

static void set_next(struct table *table)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	next_table = table;
	spin_unlock_irqrestore(&lock, flags);
}

static void grow(struct work_struct *work)
{
	struct table *old, *new;
	unsigned long flags;
	unsigned int row;

	mutex_lock(&resize_mutex);
	old = rcu_dereference_protected(current_table,
					lockdep_is_held(&resize_mutex));
	/* Work that was asked for while the last one ended */
	if (READ_ONCE(n_shadows) <= 2U << old->bits || old->bits == LAST_BITS)
		goto out_unlock;
	new = table_new(old->bits + 1, !old->link);
	if (!new)
		goto out_unlock;	/* slower, and tried again */
	set_next(new);
	for (row = 0; row < 1U << old->bits; row += ROWS_AT_ONCE) {
		copy_rows(old, new, row);
		cond_resched();
	}
	spin_lock_irqsave(&lock, flags);
	rcu_assign_pointer(current_table, new);
	next_table = NULL;
	spin_unlock_irqrestore(&lock, flags);
	synchronize_rcu();
	for (row = 0; row < 1U << old->bits; row += ROWS_AT_ONCE) {
		clear_rows(old, row);
		cond_resched();
	}
	kvfree(old);
out_unlock:
	mutex_unlock(&resize_mutex);
}

int ksplice_shadow_init(void)
{
	struct table *table = table_new(FIRST_BITS, 0);

	if (!table)
		return -ENOMEM;
	RCU_INIT_POINTER(current_table, table);
	return 0;
}

void ksplice_shadow_exit(void)
{
	unsigned int n;

	cancel_work_sync(&grow_work);
	n = free_all(NULL, NULL);
	if (n)
		pr_warn("freed %u shadow variables of undone updates\n",
			n);
	kvfree(rcu_dereference_protected(current_table, true));
}
