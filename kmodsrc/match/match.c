// SPDX-License-Identifier: GPL-2.0-only
/*
 * match.c - prove that the running code is the code that pre was built from
 *
 *	1. Check the image (pre.c).
 *	2. Compare all that can be found (search.c).
 *	3. See that all that is to be replaced has matched (result.c).
 *	4. Give the new code the addresses that were learnt (imports.c), which
 *	   must be known of all that it needs.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/ktime.h>
#include "arch/sites.h"
#include "compare/pre.h"
#include "compare/state.h"
#include "match/imports.h"
#include "match/match.h"
#include "match/result.h"
#include "match/search.h"
#include "model/abort.h"
#include "model/debug.h"

static int match_change(struct ksplice_match *m)
{
	struct ksplice_update *update = m->change->update;
	int err;

	err = ksplice_match_init(m);
	ksplice_site_env_init(&m->env);
	if (!err)
		err = ksplice_search(m);
	if (err)
		goto no_memory;
	err = ksplice_result_check(m);
	if (err)
		return err;
	err = ksplice_result_add_functions(m);
	if (err)
		goto no_memory;
	err = ksplice_result_add_data(m);
	if (err)
		return err;
	return ksplice_imports_fill(m);

no_memory:
	return ksplice_abort(update, KSPLICE_OUT_OF_MEMORY,
			     "no memory to match '%s'",
			     m->change->target_name);
}

int __ksplice_match_change(struct ksplice_change *change, const void *pre,
			   unsigned long size)
{
	struct ksplice_match m = { .change = change };
	ktime_t start = ktime_get();
	const char *reason;
	u32 n_looked_up;
	int err;

	err = ksplice_pre_init(&m.pre, pre, size, &reason);
	if (err)
		return ksplice_abort(change->update, KSPLICE_UNEXPECTED, "%s",
				     reason);
	err = match_change(&m);
	n_looked_up = m.symbols.n_looked_up;
	ksplice_match_release(&m);
	if (err)
		ksplice_result_free(change);

	change->match_ns = ktime_to_ns(ktime_sub(ktime_get(), start));
	ksplice_debug(change->update,
		      "%s matched %u of %u functions in %llu us; %u of %u names looked up",
		      change->target_name, change->n_matched, change->n_text,
		      div_u64(change->match_ns, NSEC_PER_USEC), n_looked_up,
		      m.pre.n_labels);
	return err;
}
