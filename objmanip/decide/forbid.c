// SPDX-License-Identifier: GPL-2.0-only
/*
 * forbid.c - what cannot be replaced in a running kernel
 *
 * First half of the step "keep".  A difference that can neither be replaced nor
 * left alone is refused, with its name and the reason:
 *   - data, which already holds live values, unless the author of the patch
 *     has marked it; and a change of its size;
 *   - read-only data whose new bytes cannot replace the old ones in place;
 *   - data that is registered at boot, and exports;
 *   - sections that objmanip does not know;
 *   - code that cannot be redirected.
 */
#include "decide/forbid.h"
#include "decide/correlation.h"
#include "decide/exports.h"
#include "read/export.h"
#include "util/document.h"
#include "util/refuse.h"

#include <string.h>

static const char *unit_of(const struct span *span)
{
	return span->section->object->unit;
}

const struct fixed_code *forbid_code_in(const struct section *section)
{
	const struct fixed_code *fixed = section->object->arch->fixed_code;

	for (; fixed->prefix; fixed++)
		if (!strncmp(section->name, fixed->prefix,
			     strlen(fixed->prefix)))
			return fixed;
	return NULL;
}

static void refuse_code(const struct span *pre)
{
	const struct fixed_code *obstacle = forbid_code_in(pre->section);

	if (!pre->symbol)
		refuse("%s: code without a symbol changes in section '%s'",
		       unit_of(pre), pre->section->name);
	else if (obstacle)
		refuse("%s: '%s' in section '%s' changes: %s", unit_of(pre),
		       pre->name, pre->section->name, obstacle->why);
}

/*
 * Why its new bytes cannot replace the old ones in place, or NULL.  A distance
 * is right only at the address that it was computed for.  An address inside of
 * a replaced function may mean the new function or the old one.
 */
static const char *obstacle_in_place(const struct span *post)
{
	for (size_t i = 0; i < post->n_relocs; i++) {
		const struct reloc *reloc = &post->relocs[i];

		if (reloc->type->class != RELOC_ABSOLUTE)
			return "it contains distances from itself";
		if (reloc->referent && reloc->referent_offset &&
		    reloc->referent->section->kind == KIND_TEXT &&
		    reloc->referent->diff.state != SPAN_SAME)
			return "it contains addresses inside functions";
	}
	return NULL;
}

static void refuse_in_place(const struct span *pre)
{
	const char *obstacle = obstacle_in_place(peer_of(pre));

	if (pre->section->kind == KIND_PERCPU)
		refuse("%s: '%s' is marked ksplice_replace_data, but it is per-cpu data: mark it with ksplice_keep_data() and set it in a hook",
		       unit_of(pre), pre->name);
	else if (!pre->symbol)
		refuse("%s: read-only data '%s' changes (%s)", unit_of(pre),
		       pre->name, pre->diff.why);
	else if (obstacle)
		refuse("%s: '%s' changes (%s) and cannot be replaced in place: %s",
		       unit_of(pre), pre->name, pre->diff.why, obstacle);
}

static void refuse_data(const struct span *pre)
{
	const struct span *post = peer_of(pre);

	if (pre->section->kind != post->section->kind)
		refuse("%s: '%s' %s: the variable of the running kernel stays where it is: give the new one another name",
		       unit_of(pre), pre->name, pre->diff.why);
	else if (pre->diff.is_moved)
		refuse("%s: '%s' %s: the variable of the running kernel stays as it is",
		       unit_of(pre), pre->name, pre->diff.why);
	else if (pre->size != post->size)
		refuse("%s: the size of '%s' changes from %llu to %llu: the running kernel keeps the old one",
		       unit_of(pre), pre->name,
		       (unsigned long long)pre->size,
		       (unsigned long long)post->size);
	else if (pre->marks.data == DATA_KEEP)
		return;
	else if (pre->marks.data == DATA_REPLACE ||
		 pre->section->kind == KIND_RODATA)
		refuse_in_place(pre);
	else
		refuse("%s: initializer of '%s' changes: the variable already holds a live value: mark it with ksplice_keep_data() or ksplice_replace_data(), see %s",
		       unit_of(pre), pre->name, document("patch-author.md"));
}

bool forbid_is_in_use(const struct span *span)
{
	if (span->symbol && span->symbol->is_global)
		return true;
	for (size_t i = 0; i < span->links.n_referrers; i++) {
		enum section_kind kind =
			span->links.referrers[i]->section->kind;

		if (kind != KIND_IGNORED && kind != KIND_EXPORT)
			return true;
	}
	return false;
}

bool forbid_leaves_in_place(const struct span *span)
{
	if (span->diff.state != SPAN_CHANGED || span->marks.data == DATA_KEEP)
		return false;
	if (span->marks.data == DATA_REPLACE)
		return true;
	return span->section->kind == KIND_RODATA &&
	       (forbid_is_in_use(span) || forbid_is_in_use(peer_of(span)));
}

/* Reported once for both: for pre, and for spans that only post has. */
static void refuse_fixed(const struct span *span)
{
	const char *what = span->diff.state == SPAN_NEW ? "is new" :
			   span->diff.state == SPAN_DELETED ? "is gone" : "changes";

	if (span->section->kind == KIND_UNKNOWN)
		refuse("%s: '%s' %s, in the unknown section '%s'",
		       unit_of(span), span->name, what, span->section->name);
	else
		refuse("%s: '%s' %s: the contents of section '%s' are registered at boot",
		       unit_of(span), span->name, what, span->section->name);
}

static void refuse_span(const struct span *span)
{
	switch (span->section->kind) {
	case KIND_TEXT:
		if (span->diff.state == SPAN_CHANGED)
			refuse_code(span);
		else if (span->diff.state == SPAN_DELETED && !span->symbol)
			refuse("%s: code without a symbol changes in section '%s'",
			       unit_of(span), span->section->name);
		break;
	case KIND_RODATA:
	case KIND_DATA:
	case KIND_PERCPU:
		if (span->diff.state == SPAN_CHANGED &&
		    (forbid_is_in_use(span) || forbid_is_in_use(peer_of(span))))
			refuse_data(span);
		break;
	case KIND_FIXED:
	case KIND_UNKNOWN:
		if (span->diff.state != SPAN_SAME)
			refuse_fixed(span);
		break;
	default:
		break;
	}
}

/* The new function would lack its entries in an unknown table. */
static void refuse_unknown_table(const struct span *span)
{
	if (span->section->kind != KIND_UNKNOWN ||
	    span->diff.state != SPAN_SAME)
		return;
	for (size_t i = 0; i < span->n_relocs; i++) {
		const struct span *referent = span->relocs[i].referent;

		if (referent && referent->section->kind == KIND_TEXT &&
		    referent->diff.state == SPAN_CHANGED)
			refuse("%s: '%s' changes, and the unknown section '%s' refers to it",
			       unit_of(span), referent->name,
			       span->section->name);
	}
}

static bool is_same_text(const char *a, const char *b)
{
	return !a || !b ? a == b : !strcmp(a, b);
}

static void refuse_exports(struct object *pre, struct object *post)
{
	for (size_t i = 0; i < pre->n_sections; i++) {
		const struct section *section = &pre->sections[i];
		const char *name = export_name(section);
		const struct section *other = name ?
			export_find(post, name) : NULL;

		if (!name)
			continue;
		if (!other)
			refuse("%s: the export of '%s' is gone: modules may use it",
			       pre->unit, name);
		else if (export_is_gpl(section) != export_is_gpl(other))
			refuse("%s: the export of '%s' changes its licence",
			       pre->unit, name);
		else if (!is_same_text(export_namespace(section),
				       export_namespace(other)))
			refuse("%s: the export of '%s' changes its namespace",
			       pre->unit, name);
		else if (exports_difference(section, other))
			refuse("%s: the export of '%s' changes: %s: modules use the old one",
			       pre->unit, name,
			       exports_difference(section, other));
	}
	for (size_t i = 0; i < post->n_sections; i++) {
		const struct section *section = &post->sections[i];

		if (exports_is_new(pre, section) && !export_symbol(section))
			refuse("%s: '%s' is a new export of a symbol that another object defines: export it there",
			       post->unit, export_name(section));
	}
}

/* Old callers keep using what the name was. */
static void refuse_aliases(struct pair *pair)
{
	for (size_t i = 0; i < pair->pre->n_symbols; i++) {
		const struct symbol *pre = &pair->pre->symbols[i];
		const struct symbol *post =
			correlation_odd_alias(pre, pair->post);

		if (post)
			refuse("%s: '%s' is another name of '%s' in one version only: not supported",
			       pair->unit, pre->name,
			       pre->span->symbol != pre ? pre->span->name :
			       post->span->name);
	}
}

void forbid_differences(struct pair *pair)
{
	struct span *span;

	for_each_span(span, pair->pre)
		refuse_span(span);
	for_each_span(span, pair->post) {
		if (!peer_of(span))
			refuse_span(span);
		refuse_unknown_table(span);
	}
	refuse_exports(pair->pre, pair->post);
	refuse_aliases(pair);
}
