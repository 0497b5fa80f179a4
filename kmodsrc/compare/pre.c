// SPDX-License-Identifier: GPL-2.0-only
/*
 * pre.c - a checked pre image
 *
 * The first step of matching.  The image comes from a file that is not
 * trusted, so each of its tables is checked before it is used: bounds of the
 * table, of each index, offset and string in it, order of the lists.
 * Sums are made in 64 bits, where 32-bit operands cannot wrap.
 *
 * Refused besides: what a span or site of its kind cannot have, and what the
 * later steps could not end on or hold, such as an alternative inside a
 * replacement, alternatives in alternatives without end, a function of
 * megabytes, a name that fills the log.  The limits are far above what a
 * compiler makes.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "compare/pre.h"
#include "site-kinds.h"

#define MAX_SPAN_SIZE	(1U << 22)
#define MAX_TEXT_SIZE	(1U << 18)
#define MAX_NAME_LEN	1024		/* our labels: "symbol@unit#N" */

/*
 * The kernel's own headers have an alternative in an alternative, with other
 * sites in it.
 */
#define MAX_NESTED	4
#define MAX_AT_ONE_OFFSET	16

static const char *get_table(const void **table, u32 *count,
			     const void *image, u64 size,
			     const struct ksplice_table *where, u64 entry)
{
	if (!IS_ALIGNED(where->offset, 8))
		return "a table of the pre image is not aligned";
	if (where->offset < sizeof(struct ksplice_pre_header) ||
	    where->offset + where->count * entry > size)
		return "a table of the pre image is out of bounds";

	*table = image + where->offset;
	*count = where->count;
	return NULL;
}

static const char *get_tables(struct ksplice_pre *pre, const void *image,
			      unsigned long size)
{
	const struct ksplice_pre_header *header = image;
	const char *reason = NULL;

#define GET_TABLE(name)							\
	(reason = get_table((const void **)&pre->name, &pre->n_##name,	\
			    image, header->size, &header->name,		\
			    sizeof(*pre->name)))
	if (!IS_ALIGNED((unsigned long)image, 8) || size < sizeof(*header))
		return "the pre image is too short or not aligned";
	if (header->magic != KSPLICE_PRE_MAGIC)
		return "there is no pre image";
	if (header->api_version != KSPLICE_API_VERSION)
		return "the pre image has another api version";
	if (header->size < sizeof(*header) || header->size > size)
		return "the pre image is cut off";
	if (GET_TABLE(units) || GET_TABLE(labels) || GET_TABLE(spans) ||
	    GET_TABLE(relocs) || GET_TABLE(sites) || GET_TABLE(imports) ||
	    GET_TABLE(bytes) || GET_TABLE(strings))
		return reason;
#undef GET_TABLE
	if (!pre->n_strings || pre->strings[pre->n_strings - 1])
		return "the strings of the pre image do not end";
	return NULL;
}

static bool is_string(const struct ksplice_pre *pre, u32 offset, u32 max)
{
	return offset < pre->n_strings &&
	       strnlen(pre->strings + offset, max) < max;
}

static bool is_label(const struct ksplice_pre *pre, u32 label)
{
	return label < pre->n_labels;
}

static bool is_span(const struct ksplice_pre *pre, u32 span)
{
	return span < pre->n_spans;
}

static const char *check_label(const struct ksplice_pre *pre, u32 index)
{
	const struct ksplice_label *label = &pre->labels[index];
	bool is_content = label->flags & KSPLICE_LABEL_CONTENT;

	if (!is_string(pre, label->name, MAX_NAME_LEN) ||
	    !is_string(pre, label->symbol, KSYM_NAME_LEN))
		return "a label has no name, or too long a one";
	if (label->span == KSPLICE_NONE)
		return is_content ?
		       "a label of anonymous data has no contents" : NULL;
	if (!is_span(pre, label->span))
		return "a label has a span that is not there";
	if (is_content !=
	    (pre->spans[label->span].kind == KSPLICE_SPAN_CONTENT))
		return "a label of anonymous data has no contents";
	if (label->flags & KSPLICE_LABEL_UNDEFINED)
		return "an undefined label has a span";
	return NULL;
}

/*
 * The label at the start of a span is that of the span.  A weak one may be of
 * another span, that of the definition which counts; replacements share one.
 */
static const char *check_own_label(const struct ksplice_pre *pre, u32 span)
{
	const struct ksplice_label *label;
	u32 kind = pre->spans[span].kind;

	if (kind == KSPLICE_SPAN_REPLACEMENT)
		return NULL;
	label = &pre->labels[pre->spans[span].label];
	if (label->span == KSPLICE_NONE ||
	    pre->spans[label->span].kind != kind)
		return "a span and its label are not of one kind";
	/* What stands for a label stands for itself. */
	if (pre->spans[label->span].label != pre->spans[span].label)
		return "a label has a span that begins with another one";
	return NULL;
}

static const char *check_relocs(const struct ksplice_pre *pre,
				const struct ksplice_span *span)
{
	u64 end = 0;
	u32 i;

	for (i = 0; i < span->n_relocs; i++) {
		const struct ksplice_reloc *reloc =
			&pre->relocs[span->first_reloc + i];
		unsigned int size = ksplice_howto_size(reloc->howto);

		if (!size)
			return "a relocation is of an unknown kind";
		if (!is_label(pre, reloc->label))
			return "a relocation has a label that is not there";
		if (reloc->offset < end)
			return "the relocations of a span are not in order";
		end = (u64)reloc->offset + size;
		if (end > span->size)
			return "a relocation is outside of its span";
	}
	return NULL;
}

static const char *check_site(const struct ksplice_pre *pre,
			      const struct ksplice_span *span,
			      const struct ksplice_site *site)
{
	bool has_label = site->label != KSPLICE_NONE;

	if (!ksplice_site_is_known(site->kind))
		return "a site is of an unknown kind";
	if (site->offset >= span->size ||
	    (u64)site->offset + site->length > span->size)
		return "a site is outside of its span";
	if (has_label != ksplice_site_has_label(site->kind))
		return "a site has a label, or has none, unlike its kind";
	if (has_label && !is_label(pre, site->label))
		return "a site has a label that is not there";
	if (site->kind == KSPLICE_SITE_ALTERNATIVE &&
	    span->kind == KSPLICE_SPAN_REPLACEMENT)
		return "there is an alternative inside a replacement";
	if (site->span == KSPLICE_NONE)
		return NULL;
	if (site->kind != KSPLICE_SITE_ALTERNATIVE ||
	    !is_span(pre, site->span) ||
	    pre->spans[site->span].kind != KSPLICE_SPAN_REPLACEMENT)
		return "a site has a replacement that is not there";
	return NULL;
}

/*
 * Alternatives that have not ended where the next site begins: their ends,
 * sorted like a stack.  One choice of several at one place counts once.
 */
struct nesting {
	u32 ends[MAX_NESTED];
	unsigned int depth;
};

static const char *nest(struct nesting *nesting,
			const struct ksplice_site *site)
{
	u32 end = site->offset + site->length;
	unsigned int i;

	while (nesting->depth &&
	       nesting->ends[nesting->depth - 1] <= site->offset)
		nesting->depth--;
	if (site->kind != KSPLICE_SITE_ALTERNATIVE || !site->length)
		return NULL;
	for (i = 0; i < nesting->depth; i++)
		if (nesting->ends[i] == end)
			return NULL;
	if (nesting->depth == MAX_NESTED)
		return "alternatives are nested too deep";
	/* The longer one of two at a place need not be the first. */
	for (i = nesting->depth++; i && nesting->ends[i - 1] < end; i--)
		nesting->ends[i] = nesting->ends[i - 1];
	nesting->ends[i] = end;
	return NULL;
}

static const char *check_sites(const struct ksplice_pre *pre,
			       const struct ksplice_span *span)
{
	struct nesting nesting = { };
	unsigned int n_here = 0;
	const char *reason;
	u32 offset = 0;
	u32 i;

	for (i = 0; i < span->n_sites; i++) {
		const struct ksplice_site *site =
			&pre->sites[span->first_site + i];

		reason = check_site(pre, span, site) ?: nest(&nesting, site);
		if (reason)
			return reason;
		if (site->offset < offset)
			return "the sites of a span are not in order";
		n_here = site->offset == offset ? n_here + 1 : 1;
		if (n_here > MAX_AT_ONE_OFFSET)
			return "too many sites are at one place";
		offset = site->offset;
	}
	return NULL;
}

/* What is replaced, and which part is of what */
static const char *check_flags(const struct ksplice_pre *pre, u32 index)
{
	const struct ksplice_span *span = &pre->spans[index];
	bool is_part = span->flags & KSPLICE_SPAN_PART;
	bool is_data = span->kind == KSPLICE_SPAN_RODATA ||
		       span->kind == KSPLICE_SPAN_DATA;
	const struct ksplice_span *parent;

	if (span->flags && span->kind != KSPLICE_SPAN_TEXT &&
	    !(is_data && span->flags == KSPLICE_SPAN_REPLACED))
		return "a span is replaced but is neither function nor data";
	if (span->flags & KSPLICE_SPAN_ALLOW_RUNNING &&
	    !(span->flags & (KSPLICE_SPAN_REPLACED | KSPLICE_SPAN_PART)))
		return "a span allows running, but is not replaced";
	if (span->parent == KSPLICE_NONE)
		return is_part ? "a span is part of one that is not there" :
				 NULL;
	if (!is_span(pre, span->parent) || span->parent == index)
		return "a span is part of one that is not there";
	parent = &pre->spans[span->parent];
	if (span->kind != KSPLICE_SPAN_TEXT ||
	    parent->kind != KSPLICE_SPAN_TEXT)
		return "a span is part of no function";
	if (span->flags & KSPLICE_SPAN_REPLACED ||
	    is_part != !!(parent->flags & KSPLICE_SPAN_REPLACED))
		return "a span and the function that it is part of disagree";
	return NULL;
}

/* Sizes, and what a span of its kind can have. */
static const char *check_contents(const struct ksplice_pre *pre,
				  const struct ksplice_span *span)
{
	bool is_code = span->kind == KSPLICE_SPAN_TEXT ||
		       span->kind == KSPLICE_SPAN_REPLACEMENT;

	if (span->kind == KSPLICE_SPAN_DATA) {
		if (span->n_relocs || span->n_sites)
			return "writable data has relocations or sites";
		/* Of what is not overwritten, the size is not used. */
		if (span->flags & KSPLICE_SPAN_REPLACED &&
		    (!span->size || span->size > MAX_SPAN_SIZE))
			return "data to be overwritten has no size, or too large a one";
		return NULL;
	}
	if (!span->size)
		return "a span has no bytes";
	if (span->size > (is_code ? MAX_TEXT_SIZE : MAX_SPAN_SIZE) ||
	    (u64)span->bytes + span->size > pre->n_bytes)
		return "the bytes of a span are not there, or too many";
	if (span->n_sites && !is_code)
		return "data has sites";
	return NULL;
}

static const char *check_span(const struct ksplice_pre *pre, u32 index)
{
	const struct ksplice_span *span = &pre->spans[index];
	const char *reason;

	if (span->kind < KSPLICE_SPAN_TEXT ||
	    span->kind > KSPLICE_SPAN_REPLACEMENT)
		return "a span is of an unknown kind";
	if (!is_label(pre, span->label) ||
	    !is_string(pre, span->section, MAX_NAME_LEN))
		return "a span has no name, or too long a one";
	if ((u64)span->first_reloc + span->n_relocs > pre->n_relocs ||
	    (u64)span->first_site + span->n_sites > pre->n_sites)
		return "a span has relocations or sites out of bounds";
	reason = check_flags(pre, index) ?: check_contents(pre, span);
	if (!reason && span->kind != KSPLICE_SPAN_DATA)
		reason = check_relocs(pre, span) ?: check_sites(pre, span);
	return reason;
}

static const char *check_all(const struct ksplice_pre *pre, u32 n,
			     const char *(*check)(const struct ksplice_pre *,
						  u32 index))
{
	const char *reason = NULL;
	u32 i;

	for (i = 0; i < n && !reason; i++)
		reason = check(pre, i);
	return reason;
}

static const char *check_units(const struct ksplice_pre *pre)
{
	u64 end = 0;
	u32 i;

	for (i = 0; i < pre->n_units; i++) {
		const struct ksplice_unit *unit = &pre->units[i];

		if (!is_string(pre, unit->name, MAX_NAME_LEN))
			return "a unit has no name, or too long a one";
		if (unit->first_span != end)
			return "the units are not in order";
		end = (u64)unit->first_span + unit->n_spans;
		if (end > pre->n_spans)
			return "a unit has spans out of bounds";
	}
	return end == pre->n_spans ? NULL : "a span is in no unit";
}

static const char *check_imports(const struct ksplice_pre *pre)
{
	u32 i;

	for (i = 0; i < pre->n_imports; i++) {
		const struct ksplice_import *import = &pre->imports[i];

		if (!is_label(pre, import->label) ||
		    !is_string(pre, import->placeholder, MAX_NAME_LEN))
			return "an import has no label";
		if (pre->labels[import->label].flags &
		    (KSPLICE_LABEL_CONTENT | KSPLICE_LABEL_IGNORED))
			return "an import can never be known";
	}
	return NULL;
}

int ksplice_pre_init(struct ksplice_pre *pre, const void *image,
		     unsigned long size, const char **reason)
{
	*reason = get_tables(pre, image, size);
	if (!*reason)
		*reason = check_all(pre, pre->n_spans, check_span) ?:
			  check_all(pre, pre->n_labels, check_label) ?:
			  check_all(pre, pre->n_spans, check_own_label) ?:
			  check_units(pre) ?:
			  check_imports(pre);
	return *reason ? -EINVAL : 0;
}

const char *ksplice_label_name(const struct ksplice_pre *pre, u32 label)
{
	return pre->strings + pre->labels[label].name;
}

const char *ksplice_label_symbol(const struct ksplice_pre *pre, u32 label)
{
	return pre->strings + pre->labels[label].symbol;
}

u32 ksplice_main_label(const struct ksplice_pre *pre, u32 label)
{
	const struct ksplice_label *l = &pre->labels[label];

	/* The kernel may have another definition of a weak symbol. */
	if (l->span == KSPLICE_NONE || (l->flags & KSPLICE_LABEL_WEAK))
		return label;
	return pre->spans[l->span].label;
}

const char *ksplice_label_title(const struct ksplice_pre *pre, u32 label)
{
	const char *symbol = ksplice_label_symbol(pre, label);

	return *symbol ? symbol : ksplice_label_name(pre, label);
}

const char *ksplice_span_title(const struct ksplice_pre *pre, u32 span)
{
	return ksplice_label_title(pre, pre->spans[span].label);
}

const char *ksplice_span_unit(const struct ksplice_pre *pre, u32 span)
{
	u32 i;

	for (i = 0; i + 1 < pre->n_units; i++) {
		if (span < pre->units[i + 1].first_span)
			break;
	}
	return pre->strings + pre->units[i].name;
}

const u8 *ksplice_span_bytes(const struct ksplice_pre *pre,
			     const struct ksplice_span *span)
{
	return pre->bytes + span->bytes;
}

/*
 * The first of n entries of so many bytes, in the order of their offsets, whose
 * offset is not below that one.  offsets is where the first one of the table
 * is.
 */
static __always_inline u32 first_from(const void *offsets, size_t size,
				      u32 first, u32 n, u32 offset)
{
	u32 low = first;
	u32 high = first + n;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (*(const u32 *)(offsets + mid * size) < offset)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

u32 ksplice_span_reloc_from(const struct ksplice_pre *pre,
			    const struct ksplice_span *span, u32 offset)
{
	return first_from(&pre->relocs->offset, sizeof(*pre->relocs),
			  span->first_reloc, span->n_relocs, offset);
}

u32 ksplice_span_site_from(const struct ksplice_pre *pre,
			   const struct ksplice_span *span, u32 offset)
{
	return first_from(&pre->sites->offset, sizeof(*pre->sites),
			  span->first_site, span->n_sites, offset);
}
