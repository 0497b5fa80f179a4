// SPDX-License-Identifier: GPL-2.0-only
/*
 * difference.c - say where the running code is not what was built
 *
 * Of several candidates, the one that matched longest is most likely the one
 * that was meant; its first differing instruction is reported.  If an
 * applied update has brought that one, the update is named instead.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "arch/insn.h"
#include "compare/labelval.h"
#include "compare/pre.h"
#include "compare/state.h"
#include "compare/symbols.h"
#include "match/difference.h"
#include "model/abort.h"
#include "model/debug.h"
#include "model/words.h"

static u8 copy_insn(u8 *to, size_t max, const u8 *code, u32 size, u32 offset)
{
	u32 len;

	if (offset >= size)
		return 0;
	len = ksplice_insn_len(code, size, offset) ?: 1;
	len = min_t(u32, len, min_t(u32, max, size - offset));
	memcpy(to, code + offset, len);
	return len;
}

void ksplice_difference_note(struct ksplice_match *m,
			     const struct ksplice_compare *c)
{
	struct ksplice_run_span *run = &m->spans[c->span_index];
	struct ksplice_difference *d = run->difference;
	const u8 *pre = ksplice_span_bytes(&m->pre, c->span);
	u32 start = c->pre_off;

	if (d && d->pre_off >= c->pre_off)
		return;
	if (!d)
		d = kzalloc(sizeof(*d), GFP_KERNEL);
	if (!d)
		return;
	run->difference = d;

	if (c->span->kind == KSPLICE_SPAN_TEXT && !c->walking)
		start = ksplice_insn_start(pre, c->span->size, c->pre_off);
	d->addr = c->addr;
	d->pre_off = start;
	d->run_off = c->run_off - (c->pre_off - start);
	d->pre_len = copy_insn(d->pre, sizeof(d->pre), pre, c->span->size,
			       start);
	d->run_len = copy_insn(d->run, sizeof(d->run), c->run, c->run_len,
			       d->run_off);
	strscpy(d->why, c->why, sizeof(d->why));
	d->why_addr = c->why_addr;
}

static unsigned int count_candidates(const struct ksplice_match *m, u32 label)
{
	unsigned int n = 0;
	u32 i;

	for (i = m->symbols.first[label]; i != KSPLICE_NONE;
	     i = m->symbols.list[i].next)
		n++;
	return n;
}

/* Is the one that the kernel has another unit's, as far as is known? */
static bool is_overridden(const struct ksplice_match *m, u32 span)
{
	u32 label = m->pre.spans[span].label;
	unsigned long addr;

	return ksplice_is_weak(m, span) &&
	       (ksplice_labelval_get(&m->vals, label, &addr) ||
		count_candidates(m, label));
}

/* "FUNCTION+0xOFF differs: ...", at most size bytes of it */
static void format(const struct ksplice_match *m, u32 span, char *buf,
		   size_t size)
{
	const struct ksplice_run_span *run = &m->spans[span];
	const struct ksplice_difference *d = run->difference;
	const char *unit = ksplice_span_unit(&m->pre, span);
	const char *symbol = ksplice_span_title(&m->pre, span);
	char at[KSPLICE_ADDR_NAME_LEN];

	if (run->state == KSPLICE_SPAN_WAITING && run->n_matches)
		snprintf(buf, size,
			 "%s: '%s' is ambiguous: %u places in the running kernel match",
			 unit, symbol, run->n_matches);
	else if (!d && count_candidates(m, m->pre.spans[span].label) > 1)
		snprintf(buf, size,
			 "%s: '%s' is ambiguous: %u symbols have the name and nothing refers to it",
			 unit, symbol,
			 count_candidates(m, m->pre.spans[span].label));
	else if (!d && is_overridden(m, span))
		snprintf(buf, size,
			 "%s: '%s' is weak, and its definition in the running kernel does not lie among the functions of the unit",
			 unit, symbol);
	else if (!d)
		snprintf(buf, size, "%s: '%s' is not in the running kernel",
			 unit, symbol);
	else
		snprintf(buf, size,
			 "%s: %s+0x%x differs: built %*ph, running %*ph%s%s%s%s",
			 unit, symbol, d->pre_off, d->pre_len, d->pre,
			 d->run_len, d->run, d->why[0] ? ": " : "", d->why,
			 d->why_addr ? " " : "",
			 d->why_addr ? ksplice_addr_name(at, d->why_addr) : "");
}

void ksplice_difference_log(struct ksplice_match *m, u32 span)
{
	char line[320];

	format(m, span, line, sizeof(line));
	if (m->pre.spans[span].kind == KSPLICE_SPAN_RODATA)
		ksplice_debug(m->change->update, "read-only data: %s", line);
	else
		ksplice_debug(m->change->update, "%s", line);
}

int ksplice_difference_abort(struct ksplice_match *m, u32 span)
{
	const struct ksplice_difference *d = m->spans[span].difference;
	const struct ksplice_update *other;
	char line[320];

	other = d ? ksplice_update_at(d->addr) : NULL;
	if (other && m->spans[span].state == KSPLICE_SPAN_FAILED)
		return ksplice_abort(m->change->update,
				     KSPLICE_ALREADY_REPLACED,
				     "%s: '%s' is replaced by update '%s'",
				     ksplice_span_unit(&m->pre, span),
				     ksplice_span_title(&m->pre, span),
				     other->kid);

	format(m, span, line, sizeof(line));
	return ksplice_abort(m->change->update,
			     m->spans[span].state == KSPLICE_SPAN_FAILED &&
			     m->spans[span].difference ?
			     KSPLICE_NO_MATCH : KSPLICE_FAILED_TO_FIND,
			     "%s", line);
}
