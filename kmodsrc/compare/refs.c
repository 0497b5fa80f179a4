// SPDX-License-Identifier: GPL-2.0-only
/*
 * refs.c - what a reference in the running code says of a label
 *
 * Values are canonical: a reference to a new function of ours means the
 * original one.  A reference into the middle of a function whose offsets have
 * moved is checked against where that offset is now; it teaches nothing.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/string.h>
#include "arch/reloc.h"
#include "compare/compare.h"
#include "compare/labelval.h"
#include "compare/pre.h"
#include "compare/refs.h"
#include "compare/run.h"
#include "compare/state.h"
#include "compare/symbols.h"
#include "model/redirects.h"

/*
 * Data that refers to itself, such as an empty list, could else be followed
 * along 2^8 ways, and a table of such data along many more.
 */
#define MAX_CONTENT_DEPTH	8
#define MAX_INNER_CONTENTS	10000

/* Offsets in a place of UBSAN: the pointer to the file; the byte of the bit */
#define UBSAN_FILE	0
#define UBSAN_REPORTED	11

/*
 * A place in the source that UBSAN reports: a pointer to the name of the file,
 * 32 bits for the line, 32 for the column, then pointers to types.  The name
 * has the directory of the build in it.  lib/ubsan.c sets the highest bit of
 * the line when it has reported the place.
 */
static bool is_ubsan_place(const struct ksplice_pre *pre,
			   const struct ksplice_span *span)
{
	static const char prefix[] = ".data..Lubsan_data";

	return !strncmp(pre->strings + span->section, prefix,
			sizeof(prefix) - 1);
}

/* Those of the contents in [from, to), which are at addr + from. */
static bool content_bytes_equal(const struct ksplice_pre *pre,
				const struct ksplice_span *span,
				unsigned long addr, u32 from, u32 to)
{
	const u8 *bytes = ksplice_span_bytes(pre, span);
	bool is_place = is_ubsan_place(pre, span);
	u8 buf[64];

	while (from < to) {
		u32 n = min_t(u32, to - from, sizeof(buf));

		if (ksplice_run_peek(buf, addr + from, n))
			return false;
		if (is_place && from <= UBSAN_REPORTED &&
		    UBSAN_REPORTED - from < n)
			buf[UBSAN_REPORTED - from] &= 0x7f;
		if (memcmp(buf, bytes + from, n))
			return false;
		from += n;
	}
	return true;
}

static bool content_relocs_equal(struct ksplice_compare *c,
				 const struct ksplice_span *span,
				 unsigned long addr)
{
	const struct ksplice_pre *pre = &c->m->pre;
	bool is_place = is_ubsan_place(pre, span);
	u32 at = 0;
	u32 i;

	for (i = 0; i < span->n_relocs; i++) {
		const struct ksplice_reloc *reloc =
			&pre->relocs[span->first_reloc + i];
		u32 size = ksplice_howto_size(reloc->howto);
		u8 field[8];

		if (!content_bytes_equal(pre, span, addr, at, reloc->offset))
			return false;
		at = reloc->offset;
		if (!(is_place && at == UBSAN_FILE) &&
		    (ksplice_run_peek(field, addr + at, size) ||
		     !ksplice_ref_reloc(c, span, reloc, field, addr + at)))
			return false;
		at += size;
	}
	return content_bytes_equal(pre, span, addr, at, span->size);
}

static bool content_equal(struct ksplice_compare *c, u32 label,
			  unsigned long addr)
{
	const struct ksplice_pre *pre = &c->m->pre;
	const struct ksplice_span *span =
		&pre->spans[pre->labels[label].span];
	const char *symbol = ksplice_label_symbol(pre, label);
	bool equal;

	if (c->depth == MAX_CONTENT_DEPTH ||
	    (c->depth && ++c->n_inner_contents > MAX_INNER_CONTENTS))
		return false;
	cond_resched();
	c->depth++;
	equal = content_relocs_equal(c, span, addr);
	c->depth--;
	if (!equal)
		ksplice_compare_why(c, 0, "'%s' has other contents",
				    *symbol ? symbol :
				    pre->strings + span->section);
	return equal;
}

/* A jump or a reference to this span itself, after its first byte. */
static bool self_ref(struct ksplice_compare *c, unsigned long to, s64 offset)
{
	if (!c->walking)
		return to == c->addr + offset;

	if (offset < 0 || offset > c->span->size ||
	    c->n_jumps == c->max_jumps)
		return false;
	c->jumps[c->n_jumps++] = (struct ksplice_jump) {
		.pre_from = c->pre_off,
		.pre_to = offset,
		.run_to = to - c->addr,
	};
	return true;
}

/*
 * The compiler numbers static data (x.12) arbitrarily.  The name proves only
 * that some symbol must be there, even of data without bytes (__key.3 in a
 * kernel without lockdep).
 */
static bool is_numbered(const char *name, u32 flags)
{
	size_t len = strlen(name);
	size_t end = len;

	if (flags & KSPLICE_LABEL_FUNCTION)
		return false;
	while (end && isdigit(name[end - 1]))
		end--;
	return end && end < len && name[end - 1] == '.';
}

static bool value_ref(struct ksplice_compare *c, u32 label,
		      unsigned long value)
{
	struct ksplice_match *m = c->m;
	const struct ksplice_label *l = &m->pre.labels[label];
	const char *symbol = ksplice_label_symbol(&m->pre, label);
	const char *title = ksplice_label_title(&m->pre, label);

	if (!(l->flags & KSPLICE_LABEL_PERCPU))
		value = __ksplice_canonical_addr(value);
	label = ksplice_main_label(&m->pre, label);

	/* It has been looked at before. */
	if (ksplice_labelval_is(&m->vals, label, value))
		return true;
	if (is_numbered(symbol, l->flags) ?
	    l->span != KSPLICE_NONE && !(l->flags & KSPLICE_LABEL_PERCPU) &&
	    !ksplice_symbols_start(&m->symbols, value) :
	    ksplice_symbols_exclude(&m->symbols, label, value)) {
		ksplice_compare_why(c, value, "'%s' is not at", title);
		return false;
	}
	if (!ksplice_labelval_set(&m->vals, label, value)) {
		ksplice_compare_why(c, value, "'%s' is elsewhere, not at",
				    title);
		return false;
	}
	return true;
}

bool ksplice_ref(struct ksplice_compare *c, u32 label, unsigned long to,
		 s64 offset)
{
	const struct ksplice_pre *pre = &c->m->pre;
	const struct ksplice_label *l = &pre->labels[label];
	const struct ksplice_run_span *span;

	if (l->flags & KSPLICE_LABEL_IGNORED)
		return true;
	if (l->flags & KSPLICE_LABEL_CONTENT)
		return content_equal(c, label, to - offset);

	if (l->span != KSPLICE_NONE && offset) {
		if (l->span == c->span_index)
			return self_ref(c, to, offset);
		span = &c->m->spans[l->span];
		if (span->state == KSPLICE_SPAN_MATCHED && span->n_shifts &&
		    to - span->body < span->size)
			return to == span->body +
				ksplice_run_offset(span, offset);
	}
	return value_ref(c, label, to - offset);
}

bool ksplice_ref_reloc(struct ksplice_compare *c,
		       const struct ksplice_span *span,
		       const struct ksplice_reloc *reloc, const u8 *field,
		       unsigned long addr)
{
	const struct ksplice_field f = {
		.pre = &c->m->pre,
		.span = span,
		.reloc = reloc,
		.bytes = field,
		.addr = addr,
		.is_insn = c->span->kind == KSPLICE_SPAN_TEXT && !c->depth,
		.env = &c->m->env,
	};
	unsigned long to;
	s64 offset;

	return ksplice_reloc_decode(&f, &to, &offset) &&
	       ksplice_ref(c, reloc->label, to, offset);
}
