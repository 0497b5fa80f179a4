// SPDX-License-Identifier: GPL-2.0-only
/*
 * symbols.c - where kallsyms says that the labels of a pre image are
 *
 * The symbols of the labels go into a hash.  A kernel that has its names sorted
 * (kallsyms_on_each_match_symbol, commit 4dc533e0f2c0, v6.2 and backported) is
 * asked for each of them, unless they are so many that one pass over all
 * symbols of the running kernel, each looked up in the hash, takes less time.
 * What counts:
 *
 *	target vmlinux		the symbols of vmlinux
 *	target a module		its own symbols; for a label that the target
 *				does not define, vmlinux' and the global ones
 *				of all modules
 *	both			the new code of applied updates, whose
 *				functions are known by their original entry
 *
 * Labels of one span (aliases) share their candidates: they are kept under the
 * label of the span.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/elf.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/stringhash.h>
#include "compat.h"
#include "symbols.h"

/* Expanding all names of a kernel takes as long as looking these up. */
#define MAX_BY_NAME	4000

struct lookup {
	struct ksplice_symbols *symbols;
	const struct ksplice_pre *pre;
	unsigned long init_begin, init_end;	/* of vmlinux */
	u32 *bucket;				/* first label, by hash */
	u32 *next;				/* label, by label */
	u32 mask;
	bool undefined_only;
	const char *name;			/* that is being asked for */
	int err;
};

static u32 hash_name(const struct lookup *lookup, const char *name)
{
	return full_name_hash(NULL, name, strlen(name)) & lookup->mask;
}

static int lookup_init(struct lookup *lookup, struct ksplice_symbols *symbols,
		       const struct ksplice_pre *pre)
{
	u32 n_buckets = roundup_pow_of_two(pre->n_labels * 2 + 16);
	u32 i;

	lookup->symbols = symbols;
	lookup->pre = pre;
	lookup->mask = n_buckets - 1;
	lookup->init_begin = ksplice_need.kallsyms_lookup_name("__init_begin");
	lookup->init_end = ksplice_need.kallsyms_lookup_name("__init_end");
	lookup->bucket = kvmalloc_array(n_buckets, sizeof(u32), GFP_KERNEL);
	lookup->next = kvmalloc_array(pre->n_labels + 1, sizeof(u32),
				      GFP_KERNEL);
	if (!lookup->bucket || !lookup->next)
		return -ENOMEM;

	memset(lookup->bucket, 0xff, n_buckets * sizeof(u32));
	for (i = 0; i < pre->n_labels; i++) {
		u32 hash = hash_name(lookup, ksplice_label_symbol(pre, i));

		if (pre->labels[i].flags & (KSPLICE_LABEL_CONTENT |
					    KSPLICE_LABEL_IGNORED))
			continue;
		lookup->next[i] = lookup->bucket[hash];
		lookup->bucket[hash] = i;
	}
	return 0;
}

static void lookup_release(struct lookup *lookup)
{
	kvfree(lookup->bucket);
	kvfree(lookup->next);
}

static bool make_room(struct ksplice_symbols *symbols)
{
	struct ksplice_candidate *list;
	u32 max = symbols->max ? symbols->max * 2 : 1024;

	if (symbols->n < symbols->max)
		return true;
	list = kvmalloc_array(max, sizeof(*list), GFP_KERNEL);
	if (!list)
		return false;
	if (symbols->n)
		memcpy(list, symbols->list, symbols->n * sizeof(*list));
	kvfree(symbols->list);
	symbols->list = list;
	symbols->max = max;
	return true;
}

static int add_candidate(struct ksplice_symbols *symbols, u32 label,
			 unsigned long addr)
{
	u32 i;

	for (i = symbols->first[label]; i != KSPLICE_NONE;
	     i = symbols->list[i].next) {
		if (symbols->list[i].addr == addr)
			return 0;
	}
	if (!make_room(symbols))
		return -ENOMEM;

	symbols->list[symbols->n] = (struct ksplice_candidate) {
		.addr = addr,
		.next = symbols->first[label],
	};
	symbols->first[label] = symbols->n++;
	return 0;
}

static bool is_wanted(const struct lookup *lookup, u32 label)
{
	return !lookup->undefined_only ||
	       lookup->pre->labels[label].flags & KSPLICE_LABEL_UNDEFINED;
}

static int add_symbol(struct lookup *lookup, const char *name,
		      unsigned long addr)
{
	const struct ksplice_pre *pre = lookup->pre;
	u32 i;
	int err;

	for (i = lookup->bucket[hash_name(lookup, name)]; i != KSPLICE_NONE;
	     i = lookup->next[i]) {
		if (!is_wanted(lookup, i))
			continue;
		if (strcmp(ksplice_label_symbol(pre, i), name))
			continue;
		err = add_candidate(lookup->symbols, ksplice_main_label(pre, i),
				    __ksplice_canonical_addr(addr));
		if (err)
			return err;
	}
	return 0;
}

/* Called for each symbol of vmlinux; older kernels pass the modules' too. */
static int add_vmlinux_symbol(void *data, const char *name, struct module *mod,
			      unsigned long addr)
{
	struct lookup *lookup = data;

	if (mod || (addr >= lookup->init_begin && addr < lookup->init_end))
		return 0;
	lookup->err = add_symbol(lookup, name, addr);
	return lookup->err;
}

static int add_match(void *data, unsigned long addr)
{
	struct lookup *lookup = data;

	return add_vmlinux_symbol(data, lookup->name, NULL, addr);
}

/* Is it the first label of its name?  The others are found along with it. */
static bool is_first_of_name(const struct lookup *lookup, u32 label)
{
	const char *name = ksplice_label_symbol(lookup->pre, label);
	u32 i = lookup->bucket[hash_name(lookup, name)];

	while (i != label && (!is_wanted(lookup, i) ||
			      strcmp(ksplice_label_symbol(lookup->pre, i),
				     name)))
		i = lookup->next[i];
	return i == label;
}

static u32 count_wanted(const struct lookup *lookup)
{
	u32 n = 0;
	u32 i;

	for (i = 0; i < lookup->pre->n_labels; i++)
		n += is_wanted(lookup, i);
	return n;
}

static int add_vmlinux(struct lookup *lookup)
{
	int (*on_each_match)(int (*fn)(void *data, unsigned long addr),
			     const char *name, void *data);
	u32 bucket, i;

	on_each_match = (void *)ksplice_need.kallsyms_lookup_name(
					"kallsyms_on_each_match_symbol");
	if (!on_each_match || count_wanted(lookup) > MAX_BY_NAME) {
		ksplice_need.kallsyms_on_each_symbol(add_vmlinux_symbol,
						     lookup);
		return lookup->err;
	}
	for (bucket = 0; bucket <= lookup->mask; bucket++) {
		for (i = lookup->bucket[bucket]; i != KSPLICE_NONE;
		     i = lookup->next[i]) {
			if (!is_wanted(lookup, i) ||
			    !is_first_of_name(lookup, i))
				continue;
			lookup->name = ksplice_label_symbol(lookup->pre, i);
			on_each_match(add_match, lookup->name, lookup);
			if (lookup->err)
				return lookup->err;
		}
	}
	return 0;
}

/*
 * The module must be pinned.  module->kallsyms is no good: while its init ends it
 * is still the table that is freed along with the init code.
 */
static int add_module_symbols(struct lookup *lookup, struct module *mod,
			      bool global_only)
{
	const struct mod_kallsyms *kallsyms = &mod->core_kallsyms;
	unsigned int i;
	int err = 0;

	for (i = 1; i < kallsyms->num_symtab && !err; i++) {
		const Elf_Sym *sym = &kallsyms->symtab[i];

		if (sym->st_shndx == SHN_UNDEF)
			continue;
		if (global_only && ELF_ST_BIND(sym->st_info) == STB_LOCAL)
			continue;
		err = add_symbol(lookup, kallsyms->strtab + sym->st_name,
				 sym->st_value);
	}
	return err;
}

/* The modules that a module uses are where its undefined symbols come from. */
static int add_used_modules(struct lookup *lookup, struct module *target)
{
	const struct module_use *use;
	int err = 0;

	lookup->undefined_only = true;
	list_for_each_entry(use, &target->target_list, target_list) {
		err = add_module_symbols(lookup, use->target, true);
		if (err)
			break;
	}
	lookup->undefined_only = false;
	return err;
}

static int add_new_code(struct lookup *lookup)
{
	const struct ksplice_update *update;
	const struct ksplice_change *change;
	int err;

	list_for_each_entry(update, &ksplice_updates, list) {
		list_for_each_entry(change, &update->changes, list) {
			/* Nothing would keep one in that is not applied. */
			if (!change->is_applied)
				continue;
			err = add_module_symbols(lookup, change->new_module,
						 false);
			if (err)
				return err;
		}
	}
	return 0;
}

int ksplice_symbols_init(struct ksplice_symbols *symbols,
			 const struct ksplice_pre *pre,
			 const struct ksplice_change *change)
{
	struct lookup lookup = { };
	int err = -ENOMEM;

	*symbols = (struct ksplice_symbols) { };
	symbols->first = kvmalloc_array(pre->n_labels + 1, sizeof(u32),
					GFP_KERNEL);
	if (symbols->first) {
		memset(symbols->first, 0xff,
		       pre->n_labels * sizeof(u32));
		err = lookup_init(&lookup, symbols, pre);
	}
	if (!err && change->target) {
		err = add_module_symbols(&lookup, change->target, false);
		if (!err)
			err = add_used_modules(&lookup, change->target);
		lookup.undefined_only = true;
	}
	if (!err)
		err = add_vmlinux(&lookup);
	lookup.undefined_only = false;
	if (!err)
		err = add_new_code(&lookup);

	lookup_release(&lookup);
	if (err)
		ksplice_symbols_release(symbols);
	return err;
}

void ksplice_symbols_release(struct ksplice_symbols *symbols)
{
	kvfree(symbols->first);
	kvfree(symbols->list);
	*symbols = (struct ksplice_symbols) { };
}

unsigned int ksplice_symbols_alive(const struct ksplice_symbols *symbols,
				   u32 label, unsigned long *addr)
{
	unsigned int n = 0;
	u32 i;

	for (i = symbols->first[label]; i != KSPLICE_NONE;
	     i = symbols->list[i].next) {
		if (symbols->list[i].dead)
			continue;
		if (!n++)
			*addr = symbols->list[i].addr;
	}
	return n;
}

bool ksplice_symbols_exclude(const struct ksplice_symbols *symbols, u32 label,
			     unsigned long value)
{
	u32 i;

	if (symbols->first[label] == KSPLICE_NONE)
		return false;
	for (i = symbols->first[label]; i != KSPLICE_NONE;
	     i = symbols->list[i].next) {
		if (symbols->list[i].addr == value)
			return false;
	}
	return !ksplice_in_new_code(value);
}

bool ksplice_in_new_code(unsigned long addr)
{
	const struct ksplice_update *update;
	const struct ksplice_change *change;

	list_for_each_entry(update, &ksplice_updates, list) {
		list_for_each_entry(change, &update->changes, list) {
			if (change->is_applied &&
			    within_module(addr, change->new_module))
				return true;
		}
	}
	return false;
}
