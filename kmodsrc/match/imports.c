// SPDX-License-Identifier: GPL-2.0-only
/*
 * imports.c - give the new code the addresses that were learnt
 *
 * The -old.ko module exports a placeholder for each symbol that the new code
 * needs.  Its export table holds 32-bit distances from the table to the
 * symbol; they are overwritten, and the -new.ko is loaded against them.  The
 * table is read-only by then, so it is written like text.
 *
 * A symbol that the kernel itself exports has no placeholder.  The loader
 * resolves it, so what was learnt of it must agree.
 *
 * A function to which only new code has a pointer must be one that may be
 * called by it (arch/calls.h).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/mutex.h>
#include "arch/calls.h"
#include "arch/sites.h"
#include "arch/text.h"
#include "compare/labelval.h"
#include "compare/pre.h"
#include "compare/state.h"
#include "compare/symbols.h"
#include "kernel/compat.h"
#include "kernel/exports.h"
#include "match/difference.h"
#include "match/imports.h"
#include "model/abort.h"
#include "model/debug.h"
#include "model/redirects.h"
#include "model/words.h"

static const struct ksplice_export *find_entry(const struct ksplice_match *m,
					       const char *placeholder)
{
	const struct ksplice_export *table;
	unsigned int n;

	table = ksplice_export_gpl(m->change->old_module, &n);
	return ksplice_export_find(table, n, placeholder);
}

/* Was a span compared, and differs? */
static bool has_failed(const struct ksplice_match *m, u32 label)
{
	const struct ksplice_label *l = &m->pre.labels[label];

	return l->span != KSPLICE_NONE && !(l->flags & KSPLICE_LABEL_WEAK) &&
	       m->spans[l->span].state == KSPLICE_SPAN_FAILED;
}

/*
 * Where the running code has the value of such a variable as an operand that
 * boot has written: for new code that has no variable to get it from.
 */
static bool find_operand(const struct ksplice_match *m, u32 label,
			 unsigned long *value)
{
	const struct ksplice_run_span *run;
	const struct ksplice_site *site;
	u32 i, j, operand;

	for (i = 0; i < m->pre.n_spans; i++) {
		run = &m->spans[i];
		for (j = 0; run->state == KSPLICE_SPAN_MATCHED &&
			    ksplice_span_is_text(m, i) &&
			    j < m->pre.spans[i].n_sites; j++) {
			site = &m->pre.sites[m->pre.spans[i].first_site + j];
			operand = ksplice_site_rules[site->kind].operand;
			if (!operand || site->label != label)
				continue;
			*value = run->body + operand +
				 ksplice_run_offset(run, site->offset);
			return true;
		}
	}
	return false;
}

/*
 * The value to import.  A name that the target has only once needs no proof
 * by a reference, unless it is of a span that was compared and differs.
 */
int ksplice_imports_value(struct ksplice_match *m, u32 label,
			  unsigned long *value)
{
	struct ksplice_update *update = m->change->update;
	const struct ksplice_label *l = &m->pre.labels[label];
	const char *symbol = ksplice_label_symbol(&m->pre, label);
	u32 main = ksplice_main_label(&m->pre, label);
	unsigned int n;

	/* Read-only data with other contents is not what it was built for. */
	if (has_failed(m, label) &&
	    m->pre.spans[l->span].kind == KSPLICE_SPAN_RODATA)
		return ksplice_difference_abort(m, l->span);
	if (ksplice_labelval_get(&m->vals, main, value))
		return 0;
	if (l->span != KSPLICE_NONE && !(l->flags & KSPLICE_LABEL_WEAK) &&
	    m->pre.spans[l->span].kind == KSPLICE_SPAN_TEXT)
		return ksplice_difference_abort(m, l->span);

	if ((l->flags & KSPLICE_LABEL_EXPORTED) &&
	    ksplice_export_value(symbol, m->change->target, value))
		return 0;
	n = ksplice_symbols_alive(&m->symbols, main, value);
	if (n == 1)
		return 0;
	if (n)
		return ksplice_abort(update, KSPLICE_FAILED_TO_FIND,
				     "'%s' is ambiguous: %u symbols have the name and nothing refers to it",
				     symbol, n);
	if (find_operand(m, label, value))
		return 0;
	return ksplice_abort(update, KSPLICE_FAILED_TO_FIND,
			     "'%s' is not in the running kernel",
			     ksplice_label_title(&m->pre, label));
}

/*
 * New code may call it by its address, which nothing in the running kernel need
 * have done.
 */
static int check_pointer(struct ksplice_match *m,
			 const struct ksplice_import *import,
			 unsigned long value)
{
	const char *why = NULL;

	if (import->flags & KSPLICE_IMPORT_POINTER && ksplice_is_text(value))
		why = ksplice_call_refusal(value);
	if (!why)
		return 0;
	return ksplice_abort(m->change->update, KSPLICE_NO_MATCH,
			     "new code has a pointer to '%s', %s",
			     ksplice_label_symbol(&m->pre, import->label), why);
}

static int check_placeholder(struct ksplice_match *m,
			     const struct ksplice_import *import)
{
	struct ksplice_update *update = m->change->update;
	const char *placeholder = m->pre.strings + import->placeholder;
	const struct ksplice_export *entry = find_entry(m, placeholder);
	unsigned long value;
	s32 distance;
	int err;

	if (!entry)
		return ksplice_abort(update, KSPLICE_UNEXPECTED,
				     "'%s' is not exported by '%s'",
				     placeholder, m->change->old_module->name);
	err = ksplice_imports_value(m, import->label, &value);
	if (err)
		return err;
	if (!ksplice_export_distance(entry, value, &distance))
		return ksplice_abort(update, KSPLICE_UNEXPECTED,
				     "'%s' is too far away to be imported",
				     ksplice_label_title(&m->pre,
							 import->label));
	return check_pointer(m, import, value);
}

/* The loader will resolve it; if it has been learnt, to the same. */
static int check_export(struct ksplice_match *m,
			const struct ksplice_import *import)
{
	u32 label = ksplice_main_label(&m->pre, import->label);
	const char *symbol = ksplice_label_symbol(&m->pre, import->label);
	unsigned long value, exported;

	/* New code of another target exports it, if the kernel does not. */
	if (!ksplice_export_value(symbol, m->change->target, &exported))
		return 0;
	if (ksplice_labelval_get(&m->vals, label, &value) &&
	    value != __ksplice_canonical_addr(exported))
		return ksplice_abort(m->change->update, KSPLICE_NO_MATCH,
				     "'%s' is exported at another address than the running code uses",
				     symbol);
	return check_pointer(m, import, exported);
}

static void write_entry(struct ksplice_match *m,
			const struct ksplice_import *import)
{
	const struct ksplice_export *entry;
	char at[KSPLICE_ADDR_NAME_LEN];
	unsigned long value;
	s32 distance;

	entry = find_entry(m, m->pre.strings + import->placeholder);
	if (WARN_ON_ONCE(ksplice_imports_value(m, import->label, &value) ||
			 !ksplice_export_distance(entry, value, &distance)))
		return;
	ksplice_debug(m->change->update, "import %s = %s",
		      ksplice_label_name(&m->pre, import->label),
		      ksplice_addr_name(at, value));
	ksplice_text_write((void *)&entry->value, &distance, sizeof(distance));
}

int ksplice_imports_fill(struct ksplice_match *m)
{
	const struct ksplice_import *import;
	u32 i;
	int err;

	for (i = 0; i < m->pre.n_imports; i++) {
		import = &m->pre.imports[i];
		err = import->placeholder ? check_placeholder(m, import) :
					    check_export(m, import);
		if (err)
			return err;
	}

	mutex_lock(ksplice_need.text_mutex);
	for (i = 0; i < m->pre.n_imports; i++) {
		if (m->pre.imports[i].placeholder)
			write_entry(m, &m->pre.imports[i]);
	}
	mutex_unlock(ksplice_need.text_mutex);
	return 0;
}
