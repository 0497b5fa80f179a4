// SPDX-License-Identifier: GPL-2.0-only
/*
 * image-view.c - a pre image that was read, and checked
 *
 * For "objmanip inspect".  The core has a check of its own, which is there to
 * keep the kernel safe; this one is to find what objmanip does wrong, so it is
 * stricter: the order of kinds, the names of labels, which site has which
 * fields.  Sums are made in 64 bits, where 32-bit operands cannot wrap.
 */
#include "report/image-view.h"
#include "util/die.h"
#include "util/strmap.h"

#include <stdbool.h>
#include <string.h>

struct check {
	const char *path;
	const struct arch *arch;
	struct ksplice_pre view;
	uint32_t span;			/* that is being checked */
};

#define refuse_image(check, fmt, ...)					\
	die("'%s': broken pre image: " fmt, (check)->path, ##__VA_ARGS__)

static const void *get_table(const struct check *check, const uint8_t *image,
			     uint32_t size, const char *name,
			     struct ksplice_table table, size_t entry)
{
	if (table.offset % 8)
		refuse_image(check, "the table of %s is not aligned", name);
	if (table.offset < sizeof(struct ksplice_pre_header) ||
	    table.offset + (uint64_t)table.count * entry > size)
		refuse_image(check, "the table of %s is out of bounds", name);
	return image + table.offset;
}

static void get_tables(struct check *check, const uint8_t *image, size_t size)
{
	struct ksplice_pre *view = &check->view;
	struct ksplice_pre_header header;

	if (size < sizeof(header))
		refuse_image(check, "it is cut off");
	memcpy(&header, image, sizeof(header));
	if (header.magic != KSPLICE_PRE_MAGIC)
		refuse_image(check, "it does not start like one");
	if (header.api_version != KSPLICE_API_VERSION)
		refuse_image(check, "its api version is %u, not %u",
			     header.api_version, KSPLICE_API_VERSION);
	if (header.size < sizeof(header) || header.size > size)
		refuse_image(check, "it is cut off");
#define GET_TABLE(name)							\
	view->name = get_table(check, image, header.size, #name,	\
			       header.name, sizeof(*view->name));	\
	view->n_##name = header.name.count
	GET_TABLE(units);
	GET_TABLE(labels);
	GET_TABLE(spans);
	GET_TABLE(relocs);
	GET_TABLE(sites);
	GET_TABLE(imports);
	GET_TABLE(bytes);
	GET_TABLE(strings);
#undef GET_TABLE
	if (!view->n_strings || view->strings[view->n_strings - 1] ||
	    view->strings[0])
		refuse_image(check, "its strings do not start and end with a NUL");
}

static void check_string(const struct check *check, const char *what,
			 uint32_t index, uint32_t offset)
{
	if (offset >= check->view.n_strings)
		refuse_image(check, "the name of %s %u is out of bounds",
			     what, index);
}

static void check_label_index(const struct check *check, const char *what,
			      uint32_t index, uint32_t label)
{
	if (label >= check->view.n_labels)
		refuse_image(check, "%s %u of span %u has label %u of %u",
			     what, index, check->span, label,
			     check->view.n_labels);
}

static void check_units(const struct check *check)
{
	const struct ksplice_pre *view = &check->view;
	uint64_t next = 0;

	for (uint32_t i = 0; i < view->n_units; i++) {
		const struct ksplice_unit *unit = &view->units[i];

		check_string(check, "unit", i, unit->name);
		if (!view->strings[unit->name])
			refuse_image(check, "unit %u has no name", i);
		if (unit->first_span != next)
			refuse_image(check, "unit %u starts with span %u, not %llu",
				     i, unit->first_span,
				     (unsigned long long)next);
		next += unit->n_spans;
		if (next > view->n_spans)
			refuse_image(check, "unit %u has spans out of bounds",
				     i);
		for (uint64_t j = unit->first_span; j + 1 < next; j++)
			if (view->spans[j].kind > view->spans[j + 1].kind)
				refuse_image(check, "span %llu is out of order",
					     (unsigned long long)j + 1);
	}
	if (next != view->n_spans)
		refuse_image(check, "span %llu is in no unit",
			     (unsigned long long)next);
}

static void check_label(const struct check *check, uint32_t i,
			struct strmap *names)
{
	const struct ksplice_pre *view = &check->view;
	const struct ksplice_label *label = &view->labels[i];

	check_string(check, "label", i, label->name);
	check_string(check, "the symbol of label", i, label->symbol);

	const char *name = view->strings + label->name;

	if (!*name)
		refuse_image(check, "label %u has no name", i);

	void **slot = strmap_slot(names, name);

	if (*slot)
		refuse_image(check, "two labels have the name '%s'", name);
	*slot = names;
	if (label->span != KSPLICE_NONE && label->span >= view->n_spans)
		refuse_image(check, "label '%s' has span %u of %u", name,
			     label->span, view->n_spans);
	if (label->flags & KSPLICE_LABEL_CONTENT &&
	    (label->span == KSPLICE_NONE ||
	     view->spans[label->span].kind != KSPLICE_SPAN_CONTENT))
		refuse_image(check, "label '%s' has no contents", name);
	if (label->flags & KSPLICE_LABEL_UNDEFINED &&
	    label->span != KSPLICE_NONE)
		refuse_image(check, "label '%s' is undefined and has a span",
			     name);
	if (label->span == KSPLICE_NONE &&
	    !(label->flags & (KSPLICE_LABEL_UNDEFINED |
			      KSPLICE_LABEL_IGNORED)))
		refuse_image(check, "label '%s' is not defined anywhere",
			     name);
}

static void check_relocs(const struct check *check,
			 const struct ksplice_span *span)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < span->n_relocs; i++) {
		const struct ksplice_reloc *reloc =
			&check->view.relocs[span->first_reloc + i];
		unsigned int size = ksplice_howto_size(reloc->howto);

		if (!size)
			refuse_image(check, "relocation %u of span %u is of kind %u",
				     i, check->span, reloc->howto);
		check_label_index(check, "relocation", i, reloc->label);
		if (reloc->offset < end)
			refuse_image(check, "relocation %u of span %u is out of order",
				     i, check->span);
		end = (uint64_t)reloc->offset + size;
		if (end > span->size)
			refuse_image(check, "relocation %u of span %u is out of bounds",
				     i, check->span);
	}
}

static void check_site(const struct check *check,
		       const struct ksplice_span *span, uint32_t i)
{
	const struct ksplice_pre *view = &check->view;
	const struct ksplice_site *site = &view->sites[span->first_site + i];
	const struct site_kind *kind = arch_site_kind(check->arch, site->kind);
	bool has_label = site->label != KSPLICE_NONE;
	bool has_span = site->span != KSPLICE_NONE;

	if (!kind)
		refuse_image(check, "site %u of span %u is of kind %u", i,
			     check->span, site->kind);
	if (site->offset >= span->size ||
	    (uint64_t)site->offset + site->length > span->size)
		refuse_image(check, "site %u of span %u is out of bounds", i,
			     check->span);
	if (i && site->offset < site[-1].offset)
		refuse_image(check, "site %u of span %u is out of order", i,
			     check->span);
	if (has_label)
		check_label_index(check, "site", i, site->label);
	if (has_label != kind->has_label)
		refuse_image(check, "site %u of span %u has %s", i,
			     check->span, has_label ? "a label" : "no label");
	if (!has_span)
		return;
	if (!kind->has_replacement ||
	    span->kind == KSPLICE_SPAN_REPLACEMENT ||
	    site->span >= view->n_spans ||
	    view->spans[site->span].kind != KSPLICE_SPAN_REPLACEMENT)
		refuse_image(check, "site %u of span %u has no replacement in span %u",
			     i, check->span, site->span);
}

static void check_parent(const struct check *check,
			 const struct ksplice_span *span)
{
	const struct ksplice_pre *view = &check->view;
	bool is_part = span->flags & KSPLICE_SPAN_PART;

	bool is_data = span->kind == KSPLICE_SPAN_RODATA ||
		       span->kind == KSPLICE_SPAN_DATA;

	if (span->flags && span->kind != KSPLICE_SPAN_TEXT &&
	    !(is_data && span->flags == KSPLICE_SPAN_REPLACED))
		refuse_image(check, "span %u is replaced but is neither function nor data",
			     check->span);
	if (span->flags & KSPLICE_SPAN_ALLOW_RUNNING &&
	    !(span->flags & (KSPLICE_SPAN_REPLACED | KSPLICE_SPAN_PART)))
		refuse_image(check, "span %u allows running, but is not replaced",
			     check->span);
	if (span->parent == KSPLICE_NONE) {
		if (is_part)
			refuse_image(check, "span %u has no parent",
				     check->span);
		return;
	}
	if (span->parent >= view->n_spans || span->parent == check->span ||
	    view->spans[span->parent].kind != KSPLICE_SPAN_TEXT)
		refuse_image(check, "span %u is a part of no function",
			     check->span);
	if (span->flags & KSPLICE_SPAN_REPLACED ||
	    is_part != !!(view->spans[span->parent].flags &
			  KSPLICE_SPAN_REPLACED))
		refuse_image(check, "span %u and the function that it is a part of disagree",
			     check->span);
}

/*
 * The label is that of this span; of a weak one and what overrides it, that
 * of the latter.  Replacements share one.
 */
static void check_own_label(const struct check *check,
			    const struct ksplice_span *span)
{
	const struct ksplice_pre *view = &check->view;
	const struct ksplice_label *label = &view->labels[span->label];
	bool is_content = label->flags & KSPLICE_LABEL_CONTENT;

	if (span->kind == KSPLICE_SPAN_REPLACEMENT)
		return;
	if (label->span >= view->n_spans ||
	    view->spans[label->span].kind != span->kind ||
	    is_content != (span->kind == KSPLICE_SPAN_CONTENT))
		refuse_image(check, "span %u and its label are not of one kind",
			     check->span);
}

static void check_span(struct check *check, uint32_t index)
{
	const struct ksplice_pre *view = &check->view;
	const struct ksplice_span *span = &view->spans[index];

	check->span = index;
	if (span->kind < KSPLICE_SPAN_TEXT ||
	    span->kind > KSPLICE_SPAN_REPLACEMENT)
		refuse_image(check, "span %u is of kind %u", index,
			     span->kind);
	check_label_index(check, "the start", 0, span->label);
	check_string(check, "the section of span", index, span->section);
	if ((uint64_t)span->first_reloc + span->n_relocs > view->n_relocs ||
	    (uint64_t)span->first_site + span->n_sites > view->n_sites)
		refuse_image(check, "span %u has relocations or sites out of bounds",
			     index);
	check_parent(check, span);
	if (span->kind == KSPLICE_SPAN_DATA) {
		if (span->n_relocs || span->n_sites)
			refuse_image(check, "span %u is data and has relocations",
				     index);
		return;
	}
	if (!span->size || (uint64_t)span->bytes + span->size > view->n_bytes)
		refuse_image(check, "the bytes of span %u are not there",
			     index);
	check_relocs(check, span);
	for (uint32_t i = 0; i < span->n_sites; i++)
		check_site(check, span, i);
}

static void check_imports(const struct check *check)
{
	const struct ksplice_pre *view = &check->view;

	for (uint32_t i = 0; i < view->n_imports; i++) {
		const struct ksplice_import *import = &view->imports[i];

		if (import->label >= view->n_labels)
			refuse_image(check, "import %u has label %u of %u", i,
				     import->label, view->n_labels);
		check_string(check, "import", i, import->placeholder);

		const struct ksplice_label *label =
			&view->labels[import->label];

		if (label->flags & (KSPLICE_LABEL_CONTENT |
				    KSPLICE_LABEL_IGNORED))
			refuse_image(check, "import %u, '%s', can never be known",
				     i, view->strings + label->name);
		if (!import->placeholder &&
		    !(label->flags & KSPLICE_LABEL_EXPORTED))
			refuse_image(check, "import %u, '%s', is not exported and has no placeholder",
				     i, view->strings + label->name);
	}
}

struct ksplice_pre image_view(const char *path, const struct arch *arch,
			      const void *image, size_t size)
{
	struct check check = { .path = path, .arch = arch };
	struct strmap names = { 0 };

	get_tables(&check, image, size);
	for (uint32_t i = 0; i < check.view.n_spans; i++)
		check_span(&check, i);
	for (uint32_t i = 0; i < check.view.n_labels; i++)
		check_label(&check, i, &names);
	for (check.span = 0; check.span < check.view.n_spans; check.span++)
		check_own_label(&check, &check.view.spans[check.span]);
	check_units(&check);
	check_imports(&check);
	return check.view;
}

const char *image_label_name(const struct ksplice_pre *view, uint32_t label)
{
	return label == KSPLICE_NONE ? "-" :
		view->strings + view->labels[label].name;
}
