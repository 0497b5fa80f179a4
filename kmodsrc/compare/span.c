// SPDX-License-Identifier: GPL-2.0-only
/*
 * span.c - compare all of a span
 *
 * The fast way takes it that both have everything at the same offset.  Where
 * that fails, the architecture goes through both instruction by instruction.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/string.h>
#include "arch/sites.h"
#include "arch/walk.h"
#include "compare/compare.h"
#include "compare/fixups.h"
#include "compare/labelval.h"
#include "compare/range.h"
#include "compare/run.h"
#include "compare/span.h"
#include "model/redirects.h"

static bool compare_linear(struct ksplice_compare *c)
{
	ksplice_compare_why(c, 0, "%s", "");
	c->size = c->span->size;
	return ksplice_compare_range(c, c->span, 0, c->span->size, 0,
				     KSPLICE_SITES_ALL) &&
	       (c->span->kind != KSPLICE_SPAN_TEXT || ksplice_fixups_check(c));
}

/* Whatever else it is, the span is where it is. */
static bool set_own_value(struct ksplice_compare *c)
{
	return ksplice_labelval_set(&c->m->vals, c->span->label,
				    __ksplice_canonical_addr(c->addr));
}

static bool compare_text(struct ksplice_compare *c)
{
	struct ksplice_match *m = c->m;
	u32 mark = ksplice_labelvals_mark(&m->vals);
	enum ksplice_site_result is_trampoline;
	bool probed;

	c->run_len = ksplice_run_read(m->run, c->addr,
				      c->span->size + KSPLICE_RUN_SLACK,
				      c->span->size, NULL);
	if (!c->run_len || !set_own_value(c))
		return false;
	is_trampoline = ksplice_trampoline_check(c);
	if (is_trampoline != KSPLICE_SITE_PLAIN)
		return is_trampoline == KSPLICE_SITE_EQUAL;
	if (compare_linear(c))
		return true;

	c->run_len = ksplice_run_read(m->run, c->addr,
				      c->span->size + KSPLICE_RUN_SLACK,
				      c->span->size, &probed);
	ksplice_labelvals_rollback(&m->vals, mark);
	if (!c->run_len || !set_own_value(c))
		return false;
	if (probed) {
		if (compare_linear(c))
			return true;
		ksplice_labelvals_rollback(&m->vals, mark);
		if (!set_own_value(c))
			return false;
	}
	return ksplice_walk(c);
}

static bool compare_rodata(struct ksplice_compare *c)
{
	c->run_len = ksplice_run_read(c->m->run, c->addr, c->span->size,
				      c->span->size, NULL);
	if (c->run_len != c->span->size || !set_own_value(c))
		return false;
	return compare_linear(c);
}

bool ksplice_compare_span(struct ksplice_compare *c)
{
	return c->span->kind == KSPLICE_SPAN_TEXT ? compare_text(c) :
						    compare_rodata(c);
}
