// SPDX-License-Identifier: GPL-2.0-only
/*
 * pre.c - a checked pre image
 *
 * The first step of matching.  The image comes from a file that anybody could
 * have made, so each of its tables is checked before it is used: bounds of
 * the table, of each index, offset and string in it, order of the lists.
 * Sums are made in 64 bits, where 32-bit operands cannot wrap.
 *
 * Refused besides: what the later steps could not end on or hold, such as an
 * alternative inside a replacement or a function of megabytes.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/kernel.h>
#include "pre.h"

#define MAX_SPAN_SIZE	(1U << 22)

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

static bool is_string(const struct ksplice_pre *pre, u32 offset)
{
	return offset < pre->n_strings;
}

static bool is_label(const struct ksplice_pre *pre, u32 label)
{
	return label < pre->n_labels;
}

static bool is_span(const struct ksplice_pre *pre, u32 span)
{
	return span < pre->n_spans;
}

static const char *check_labels(const struct ksplice_pre *pre)
{
	u32 i;

	for (i = 0; i < pre->n_labels; i++) {
		const struct ksplice_label *label = &pre->labels[i];

		if (!is_string(pre, label->name) ||
		    !is_string(pre, label->symbol))
			return "a label has no name";
		if (label->span != KSPLICE_NONE && !is_span(pre, label->span))
			return "a label has a span that is not there";
		if (!(label->flags & KSPLICE_LABEL_CONTENT))
			continue;
		if (label->span == KSPLICE_NONE ||
		    pre->spans[label->span].kind != KSPLICE_SPAN_CONTENT)
			return "a label of anonymous data has no contents";
	}
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
	if (site->kind < KSPLICE_SITE_ALTERNATIVE ||
	    site->kind > KSPLICE_SITE_ENDBR)
		return "a site is of an unknown kind";
	if ((u64)site->offset + site->length > span->size)
		return "a site is outside of its span";
	if (site->label != KSPLICE_NONE && !is_label(pre, site->label))
		return "a site has a label that is not there";
	if (site->span != KSPLICE_NONE &&
	    (!is_span(pre, site->span) ||
	     pre->spans[site->span].kind != KSPLICE_SPAN_REPLACEMENT))
		return "a site has a replacement that is not there";
	if (site->kind == KSPLICE_SITE_ALTERNATIVE &&
	    span->kind == KSPLICE_SPAN_REPLACEMENT)
		return "there is an alternative inside a replacement";
	return NULL;
}

static const char *check_sites(const struct ksplice_pre *pre,
			       const struct ksplice_span *span)
{
	const char *reason;
	u32 offset = 0;
	u32 i;

	for (i = 0; i < span->n_sites; i++) {
		const struct ksplice_site *site =
			&pre->sites[span->first_site + i];

		reason = check_site(pre, span, site);
		if (reason)
			return reason;
		if (site->offset < offset)
			return "the sites of a span are not in order";
		offset = site->offset;
	}
	return NULL;
}

static const char *check_span(const struct ksplice_pre *pre,
			      const struct ksplice_span *span)
{
	const char *reason;

	if (span->kind < KSPLICE_SPAN_TEXT ||
	    span->kind > KSPLICE_SPAN_REPLACEMENT)
		return "a span is of an unknown kind";
	if (!is_label(pre, span->label) || !is_string(pre, span->section))
		return "a span has no name";
	if (span->parent != KSPLICE_NONE && !is_span(pre, span->parent))
		return "a span is part of one that is not there";
	if ((u64)span->first_reloc + span->n_relocs > pre->n_relocs ||
	    (u64)span->first_site + span->n_sites > pre->n_sites)
		return "a span has relocations or sites that are not there";
	if (span->kind == KSPLICE_SPAN_DATA)
		return NULL;
	if (span->size > MAX_SPAN_SIZE ||
	    (u64)span->bytes + span->size > pre->n_bytes)
		return "the bytes of a span are not there";
	if (span->kind == KSPLICE_SPAN_TEXT && !span->size)
		return "a function has no bytes";

	reason = check_relocs(pre, span);
	return reason ? reason : check_sites(pre, span);
}

static const char *check_spans(const struct ksplice_pre *pre)
{
	const char *reason;
	u32 i;

	for (i = 0; i < pre->n_spans; i++) {
		reason = check_span(pre, &pre->spans[i]);
		if (reason)
			return reason;
	}
	return NULL;
}

static const char *check_units(const struct ksplice_pre *pre)
{
	u64 end = 0;
	u32 i;

	for (i = 0; i < pre->n_units; i++) {
		const struct ksplice_unit *unit = &pre->units[i];

		if (!is_string(pre, unit->name))
			return "a unit has no name";
		if (unit->first_span != end)
			return "the units are not in order";
		end = (u64)unit->first_span + unit->n_spans;
	}
	return end == pre->n_spans ? NULL : "a span is in no unit";
}

static const char *check_imports(const struct ksplice_pre *pre)
{
	u32 i;

	for (i = 0; i < pre->n_imports; i++) {
		if (!is_label(pre, pre->imports[i].label) ||
		    !is_string(pre, pre->imports[i].placeholder))
			return "an import has no label";
	}
	return NULL;
}

int ksplice_pre_init(struct ksplice_pre *pre, const void *image,
		     unsigned long size, const char **reason)
{
	*reason = get_tables(pre, image, size);
	if (!*reason)
		*reason = check_spans(pre);
	if (!*reason)
		*reason = check_labels(pre);
	if (!*reason)
		*reason = check_units(pre);
	if (!*reason)
		*reason = check_imports(pre);
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

const char *ksplice_span_symbol(const struct ksplice_pre *pre, u32 span)
{
	return ksplice_label_symbol(pre, pre->spans[span].label);
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
 * offset is not below that one.  offsets is where the first one of the table is.
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
