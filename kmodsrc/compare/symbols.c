// SPDX-License-Identifier: GPL-2.0-only
/*
 * symbols.c - where kallsyms says that the labels of a pre image are
 *
 * Looking a name up costs more than comparing a function does, and most labels
 * are found by what refers to them.  So a name is looked up only when it is
 * asked for, and for a value that was read from the running code it will do
 * that kallsyms has this name at that address, which is quickly seen.
 *
 * Where there are so many labels that one pass over all symbols of the kernel
 * takes less time, or the kernel has not its names sorted
 * (kallsyms_on_each_match_symbol, commit 4dc533e0f2c0, v6.2 and backported),
 * all are looked up at once, by a hash of the labels' names.  What counts:
 *
 *	target vmlinux		the symbols of vmlinux
 *	target a module		its own symbols; for a label that the target
 *				does not define, vmlinux' and the global ones
 *				of all modules
 *	both			the new code of applied updates, whose
 *				functions are known by their original entry;
 *				not of those that are hidden (replace.c)
 *
 * Every module has a __this_module, the new code of updates as well: what is
 * meant is always the target's own.
 *
 * Labels of one span (aliases) share their candidates: they are kept under the
 * label of the span.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/elf.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/stringhash.h>
#include "compare/pre.h"
#include "compare/symbols.h"
#include "kernel/compat.h"
#include "kernel/exports.h"
#include "model/redirects.h"
#include "model/update.h"

/*
 * About one in four is looked up, and expanding all names of a kernel takes as
 * long as some 4000 look-ups do.
 */
#define MAX_BY_NAME	16000

/* What the address of a struct module is called in its module. */
static const char this_module[] = "__this_module";

/* Labels by the hash of their names, while whole tables are gone through. */
struct lookup {
	struct ksplice_symbols *symbols;
	u32 *bucket;				/* first label, by hash */
	u32 *next;				/* label, by label */
	u32 mask;
	bool undefined_only;
	int err;
};

static bool has_name(const struct ksplice_pre *pre, u32 label)
{
	return !(pre->labels[label].flags & (KSPLICE_LABEL_CONTENT |
					     KSPLICE_LABEL_IGNORED));
}

static u32 hash_name(const struct lookup *lookup, const char *name)
{
	return full_name_hash(NULL, name, strlen(name)) & lookup->mask;
}

static int lookup_init(struct lookup *lookup, struct ksplice_symbols *symbols)
{
	const struct ksplice_pre *pre = symbols->pre;
	u32 n_buckets = roundup_pow_of_two(pre->n_labels * 2 + 16);
	u32 i;

	lookup->symbols = symbols;
	lookup->mask = n_buckets - 1;
	lookup->bucket = kvmalloc_array(n_buckets, sizeof(u32), GFP_KERNEL);
	lookup->next = kvmalloc_array(pre->n_labels + 1, sizeof(u32),
				      GFP_KERNEL);
	if (!lookup->bucket || !lookup->next)
		return -ENOMEM;

	memset(lookup->bucket, 0xff, n_buckets * sizeof(u32));
	for (i = 0; i < pre->n_labels; i++) {
		u32 hash;

		if (!has_name(pre, i))
			continue;
		hash = hash_name(lookup, ksplice_label_symbol(pre, i));
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
	       lookup->symbols->pre->labels[label].flags &
	       KSPLICE_LABEL_UNDEFINED;
}

static int add_symbol(struct lookup *lookup, const char *name,
		      unsigned long addr)
{
	const struct ksplice_pre *pre = lookup->symbols->pre;
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

static bool is_init(const struct ksplice_symbols *symbols, unsigned long addr)
{
	return addr >= symbols->init_begin && addr < symbols->init_end;
}

/* Called for each symbol of vmlinux */
static int add_vmlinux_symbol(void *data, const char *name, unsigned long addr)
{
	struct lookup *lookup = data;

	if (is_init(lookup->symbols, addr))
		return 0;
	lookup->err = add_symbol(lookup, name, addr);
	return lookup->err;
}

/*
 * By kernels that pass the module, and some of them pass the modules' symbols.
 */
static int __maybe_unused
add_symbol_of_module(void *data, const char *name, struct module *module,
		     unsigned long addr)
{
	return module ? 0 : add_vmlinux_symbol(data, name, addr);
}

struct named {
	struct ksplice_symbols *symbols;
	u32 label;
};

static int add_named(void *data, unsigned long addr)
{
	struct named *named = data;
	int err;

	if (is_init(named->symbols, addr))
		return 0;
	err = add_candidate(named->symbols, named->label,
			    __ksplice_canonical_addr(addr));
	if (err)
		named->symbols->err = err;
	return err;
}

/*
 * Of a symbol that vmlinux exports there is only one.  A module may have one of
 * its own of that name, but then that has been found before.
 */
static bool add_export(struct ksplice_symbols *symbols, u32 label)
{
	unsigned long addr;

	if (!(symbols->pre->labels[label].flags & KSPLICE_LABEL_EXPORTED) ||
	    symbols->first[label] != KSPLICE_NONE ||
	    !ksplice_export_value(ksplice_label_symbol(symbols->pre, label),
				  NULL, &addr))
		return false;
	symbols->err = add_candidate(symbols, label,
				     __ksplice_canonical_addr(addr)) ?:
		       symbols->err;
	return true;
}

/* The label is that of its span; all its names are looked up. */
static void look_up(struct ksplice_symbols *symbols, u32 label)
{
	struct named named = { .symbols = symbols, .label = label };
	const struct ksplice_pre *pre = symbols->pre;
	u32 i;

	if (test_bit(label, symbols->known))
		return;
	__set_bit(label, symbols->known);
	if (add_export(symbols, label))
		return;
	for (i = label; i != KSPLICE_NONE; i = symbols->alias[i]) {
		if (!has_name(pre, i))
			continue;
		ksplice_call(kallsyms_on_each_match_symbol)(add_named,
					ksplice_label_symbol(pre, i), &named);
		symbols->n_looked_up++;
	}
}

/* Has kallsyms one of the label's names just there? */
static bool is_named(struct ksplice_symbols *symbols, u32 label,
		     unsigned long addr)
{
	const struct ksplice_pre *pre = symbols->pre;
	unsigned long size, offset;
	const char *name;
	char *module;
	u32 i;

	if (!ksplice_has(kallsyms_lookup) || is_init(symbols, addr) ||
	    pre->labels[label].flags & KSPLICE_LABEL_PERCPU)
		return false;
	name = ksplice_call(kallsyms_lookup)(addr, &size, &offset, &module,
					     symbols->name);
	if (!name || offset || module)
		return false;
	for (i = label; i != KSPLICE_NONE; i = symbols->alias[i]) {
		if (has_name(pre, i) &&
		    !strcmp(ksplice_label_symbol(pre, i), name))
			return true;
	}
	return false;
}

/*
 * The module must be pinned.  module->kallsyms is no good: while its init ends
 * it is still the table that is freed along with the init code.
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
		if (!strcmp(kallsyms->strtab + sym->st_name, this_module))
			continue;
		err = add_symbol(lookup, kallsyms->strtab + sym->st_name,
				 sym->st_value);
	}
	return err;
}

/* The modules that a module uses are where its undefined symbols come from. */
static int add_used_modules(struct lookup *lookup, struct module *target)
{
	const struct ksplice_module_use *use;
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
			/* One that is not applied could be unloaded. */
			if (!ksplice_change_is_seen(change))
				continue;
			err = add_module_symbols(lookup, change->new_module,
						 false);
			if (err)
				return err;
		}
	}
	return 0;
}

/* Those of vmlinux: all at once, or each when it is asked for. */
static int add_vmlinux(struct lookup *lookup)
{
	struct ksplice_symbols *symbols = lookup->symbols;
	u32 n = 0;
	u32 i;

	for (i = 0; i < symbols->pre->n_labels; i++) {
		if (is_wanted(lookup, i))
			n++;
		else
			__set_bit(i, symbols->known);
	}
	if (ksplice_has(kallsyms_on_each_match_symbol) && n <= MAX_BY_NAME)
		return 0;

	bitmap_fill(symbols->known, symbols->pre->n_labels);
	symbols->n_looked_up = n;
	ksplice_call(kallsyms_on_each_symbol)(
		__builtin_choose_expr(ksplice_symbols_have_module,
				      add_symbol_of_module,
				      add_vmlinux_symbol),
		lookup);
	return lookup->err;
}

static int add_all(struct lookup *lookup, const struct ksplice_change *change)
{
	int err = 0;

	if (change->target) {
		err = add_symbol(lookup, this_module,
				 (unsigned long)change->target);
		if (!err)
			err = add_module_symbols(lookup, change->target, false);
		if (!err)
			err = add_used_modules(lookup, change->target);
		lookup->undefined_only = true;
	}
	if (!err)
		err = add_vmlinux(lookup);
	lookup->undefined_only = false;
	return err ?: add_new_code(lookup);
}

static int alloc_labels(struct ksplice_symbols *symbols)
{
	const struct ksplice_pre *pre = symbols->pre;
	u32 i;

	symbols->first = kvmalloc_array(pre->n_labels + 1, sizeof(u32),
					GFP_KERNEL);
	symbols->alias = kvmalloc_array(pre->n_labels + 1, sizeof(u32),
					GFP_KERNEL);
	symbols->known = kvcalloc(BITS_TO_LONGS(pre->n_labels + 1),
				  sizeof(long), GFP_KERNEL);
	symbols->name = kmalloc(KSYM_NAME_LEN, GFP_KERNEL);
	if (!symbols->first || !symbols->alias || !symbols->known ||
	    !symbols->name)
		return -ENOMEM;

	memset(symbols->first, 0xff, pre->n_labels * sizeof(u32));
	memset(symbols->alias, 0xff, pre->n_labels * sizeof(u32));
	for (i = 0; i < pre->n_labels; i++) {
		u32 label = ksplice_main_label(pre, i);

		if (label == i)
			continue;
		symbols->alias[i] = symbols->alias[label];
		symbols->alias[label] = i;
	}
	return 0;
}

int ksplice_symbols_init(struct ksplice_symbols *symbols,
			 const struct ksplice_pre *pre,
			 const struct ksplice_change *change)
{
	struct lookup lookup = { };
	int err;

	*symbols = (struct ksplice_symbols) {
		.pre = pre,
		.init_begin =
			ksplice_call(kallsyms_lookup_name)("__init_begin"),
		.init_end = ksplice_call(kallsyms_lookup_name)("__init_end"),
	};
	err = alloc_labels(symbols);
	if (!err)
		err = lookup_init(&lookup, symbols);
	if (!err)
		err = add_all(&lookup, change);
	lookup_release(&lookup);
	if (err)
		ksplice_symbols_release(symbols);
	return err;
}

void ksplice_symbols_release(struct ksplice_symbols *symbols)
{
	kvfree(symbols->first);
	kvfree(symbols->alias);
	kvfree(symbols->known);
	kvfree(symbols->list);
	kfree(symbols->name);
	*symbols = (struct ksplice_symbols) { };
}

unsigned int ksplice_symbols_alive(struct ksplice_symbols *symbols, u32 label,
				   unsigned long *addr)
{
	unsigned int n = 0;
	u32 i;

	look_up(symbols, label);
	for (i = symbols->first[label]; i != KSPLICE_NONE;
	     i = symbols->list[i].next) {
		if (symbols->list[i].dead)
			continue;
		if (!n++)
			*addr = symbols->list[i].addr;
	}
	return n;
}

bool ksplice_symbols_exclude(struct ksplice_symbols *symbols, u32 label,
			     unsigned long value)
{
	u32 i;

	if (!test_bit(label, symbols->known) && is_named(symbols, label, value))
		return false;
	look_up(symbols, label);
	if (symbols->first[label] == KSPLICE_NONE)
		return false;
	for (i = symbols->first[label]; i != KSPLICE_NONE;
	     i = symbols->list[i].next) {
		if (symbols->list[i].addr == value)
			return false;
	}
	return !ksplice_in_new_code(value);
}

bool ksplice_symbols_start(const struct ksplice_symbols *symbols,
			   unsigned long addr)
{
	unsigned long size, offset;
	char *module;

	return !IS_ENABLED(CONFIG_KALLSYMS_ALL) ||
	       !ksplice_has(kallsyms_lookup) ||
	       (ksplice_call(kallsyms_lookup)(addr, &size, &offset, &module,
					      symbols->name) && !offset);
}

static bool has_new_code_at(const struct ksplice_change *change,
			    unsigned long addr)
{
	return ksplice_change_is_seen(change) &&
	       within_module(addr, change->new_module);
}

static bool has_data_at(const struct ksplice_change *change,
			unsigned long addr)
{
	unsigned int i;

	for (i = 0; ksplice_change_is_seen(change) && i < change->n_data; i++)
		if (addr - change->data[i].addr < change->data[i].size)
			return true;
	return false;
}

bool ksplice_in_new_code(unsigned long addr)
{
	const struct ksplice_update *update;
	const struct ksplice_change *change;

	list_for_each_entry(update, &ksplice_updates, list)
		list_for_each_entry(change, &update->changes, list)
			if (has_new_code_at(change, addr))
				return true;
	return false;
}

const struct ksplice_update *ksplice_update_at(unsigned long addr)
{
	const struct ksplice_update *update;
	const struct ksplice_change *change;

	list_for_each_entry_reverse(update, &ksplice_updates, list)
		list_for_each_entry(change, &update->changes, list)
			if (has_new_code_at(change, addr) ||
			    has_data_at(change, addr))
				return update;
	return NULL;
}
