// SPDX-License-Identifier: GPL-2.0-only
/*
 * old-code.c - the object with the pre image of a target
 *
 * Step of "diff" after keep.c has decided.  The spans of a unit are, in this
 * order: functions, read-only data, contents, data, replacements of
 * alternatives.  Functions and read-only data are all there: the more of a
 * unit is matched, the surer is what was learnt.  Contents and data are there
 * if something refers to them.  Code that is gone after boot is not.
 *
 * Replacements are cut anew here, exactly as long as their entries say.
 */
#include "write/old-code.h"
#include "arch/arch.h"
#include "decide/label.h"
#include "util/die.h"
#include "util/vec.h"
#include "write/elf-write.h"
#include "write/image.h"
#include "write/site.h"

#include <stdlib.h>

/* span->emit.index between marking and numbering */
enum { MARKED = KSPLICE_NONE - 1 };

/* The code of an alternative: a range of its section */
struct replacement {
	uint64_t start, size;
};

struct site_list {
	struct site *sites;
	size_t n;
};

/* What is known about a unit while its spans are written. */
struct unit {
	struct object *pre;
	struct section *replacement_section;	/* or NULL */
	struct replacement *replacements;	/* sorted by start */
	size_t n_replacements;
	uint32_t first_replacement;		/* index of its span */
	struct site_list sites;			/* in the order of tables */
};

/*
 * Can it be described?  If not it is no more than a home of labels, unless it
 * will be replaced: one odd function must not stop the update of others.
 */
static bool is_describable(const struct span *span)
{
	for (size_t i = 0; i < span->n_relocs; i++) {
		const struct reloc *reloc = &span->relocs[i];

		if (reloc->type->howto)
			continue;
		if (span->decision.replaced ||
		    (span->links.parent &&
		     span->links.parent->decision.replaced))
			die("'%s': relocation type %u in '%s' is not supported",
			    span->section->object->path, reloc->type->number,
			    span->section->name);
		return false;
	}
	return true;
}

/* enum ksplice_span_kind, 0 if it is not in the image. */
static unsigned int image_kind(const struct span *span)
{
	if (span_is_content(span))
		return KSPLICE_SPAN_CONTENT;
	switch (span->section->kind) {
	case KIND_TEXT:
		if (!span->size)
			return 0;
		return is_describable(span) ?
			KSPLICE_SPAN_TEXT : KSPLICE_SPAN_DATA;
	case KIND_RODATA:
	case KIND_STRING:
	case KIND_CONST:
		return span->size && span_bytes(span) && is_describable(span) ?
			KSPLICE_SPAN_RODATA : KSPLICE_SPAN_DATA;
	case KIND_DATA:
	case KIND_PERCPU:
	case KIND_FIXED:
	case KIND_UNKNOWN:
		return KSPLICE_SPAN_DATA;
	default:
		return 0;
	}
}

static int by_start(const void *a, const void *b)
{
	const struct replacement *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->size > y->size) - (x->size < y->size);
}

static void find_replacements(struct unit *unit)
{
	size_t n = 0;

	for (size_t i = 0; i < unit->sites.n; i++) {
		const struct site *site = &unit->sites.sites[i];

		if (site->replacement_length)
			vec_add(unit->replacements, n) =
				(struct replacement) {
					site->replacement,
					site->replacement_length
				};
	}
	if (n)
		qsort(unit->replacements, n, sizeof(*unit->replacements),
		      by_start);
	for (size_t i = 0; i < n; i++) {
		const struct replacement *r = &unit->replacements[i];

		if (!i || by_start(r, r - 1))
			unit->replacements[unit->n_replacements++] = *r;
	}
}

static struct unit unit_new(struct object *pre)
{
	struct unit unit = { .pre = pre };
	struct span *span;
	struct site site;

	unit.replacement_section =
		object_find_section(pre, ".altinstr_replacement");
	for_each_span(span, pre)
		if (span->section->table ? site_read(span, &site) :
					   site_at_entry(span, &site))
			vec_add(unit.sites.sites, unit.sites.n) = site;
	find_replacements(&unit);
	return unit;
}

/* --- numbers ------------------------------------------------------------- */

/* With contents, what they refer to, which is compared along with them. */
static void mark(struct span *span)
{
	if (!span || span->emit.index == MARKED)
		return;
	span->emit.index = MARKED;
	for (size_t i = 0; span_is_content(span) && i < span->n_relocs; i++)
		mark(span->relocs[i].referent);
}

static void mark_pre(struct object *pre)
{
	struct span *span;

	for_each_span(span, pre)
		span->emit.index = KSPLICE_NONE;
	for_each_span(span, pre) {
		/* Another unit may refer to it by its name. */
		if (span->decision.replaced ||
		    (span->symbol && span->symbol->is_global))
			mark(span);
		if (image_kind(span) != KSPLICE_SPAN_TEXT &&
		    image_kind(span) != KSPLICE_SPAN_RODATA &&
		    span->section->kind != KIND_REPLACEMENT &&
		    !(span->section->table && span->section->table->site_kind))
			continue;
		for (size_t i = 0; i < span->n_relocs; i++)
			mark(span->relocs[i].referent);
		if (span->section->table && span->section->table->constant)
			mark(object_find_variable(pre, table_constant(span)));
	}
}

static void mark_post(struct object *post)
{
	struct span *span;

	for_each_span(span, post) {
		if (!span->decision.keep)
			continue;
		for (size_t i = 0; i < span->n_relocs; i++)
			if (span->relocs[i].referent)
				mark(peer_of(span->relocs[i].referent));
	}
}

static unsigned int number_spans(struct object *pre, unsigned int next)
{
	struct span *span;

	for (unsigned int kind = KSPLICE_SPAN_TEXT; kind <= KSPLICE_SPAN_DATA;
	     kind++)
		for_each_span(span, pre)
			if (image_kind(span) == kind &&
			    (kind <= KSPLICE_SPAN_RODATA ||
			     span->emit.index == MARKED))
				span->emit.index = next++;
	for_each_span(span, pre)
		if (span->emit.index == MARKED)
			span->emit.index = KSPLICE_NONE;
	return next;
}

void old_code_number(struct pair *pairs, size_t n_pairs)
{
	unsigned int next = 0;

	for (size_t i = 0; i < n_pairs; i++) {
		mark_pre(pairs[i].pre);
		mark_post(pairs[i].post);
	}
	for (size_t i = 0; i < n_pairs; i++) {
		struct unit unit = unit_new(pairs[i].pre);

		next = number_spans(pairs[i].pre, next) + unit.n_replacements;
	}
}

/* --- labels -------------------------------------------------------------- */

static unsigned int label_flags(const struct span *span,
				const struct symvers *symvers)
{
	const struct symbol *symbol = span->symbol;
	unsigned int flags = 0;

	if (span->section->kind == KIND_PERCPU)
		flags |= KSPLICE_LABEL_PERCPU;
	if (span_is_content(span))
		flags |= KSPLICE_LABEL_CONTENT;
	if (!image_kind(span))
		flags |= KSPLICE_LABEL_IGNORED;
	if (!symbol)
		return flags;
	if (symbol->is_function)
		flags |= KSPLICE_LABEL_FUNCTION;
	if (!symbol->is_global)
		return flags;
	flags |= KSPLICE_LABEL_GLOBAL;
	if (symbol->is_weak)
		flags |= KSPLICE_LABEL_WEAK;
	if (symvers_find(symvers, symbol->name))
		flags |= KSPLICE_LABEL_EXPORTED;
	return flags;
}

static uint32_t label_span(struct image *image, const struct span *span,
			   const struct symvers *symvers)
{
	uint32_t index = image_label(image, span->label);
	struct ksplice_label *label = &image->labels[index];

	/* Of a weak symbol and what overrides it, the latter. */
	if (label->span != KSPLICE_NONE &&
	    !(label->flags & KSPLICE_LABEL_WEAK))
		return index;
	label->symbol = image_string(image, span->symbol ?
				     span->symbol->name : "");
	label->flags = label_flags(span, symvers);
	label->span = span->emit.index;
	return index;
}

static uint32_t label_undefined(struct image *image, const char *name,
				const char *symbol, unsigned int flags,
				const struct symvers *symvers)
{
	size_t n = image->n_labels;
	uint32_t index = image_label(image, name);

	if (index < n)
		return index;
	image->labels[index].symbol = image_string(image, symbol);
	image->labels[index].flags = KSPLICE_LABEL_UNDEFINED |
		KSPLICE_LABEL_GLOBAL | flags |
		(symvers_find(symvers, symbol) ? KSPLICE_LABEL_EXPORTED : 0);
	return index;
}

static uint32_t label_reloc(struct image *image, const struct reloc *reloc,
			    const struct symvers *symvers)
{
	const struct symbol *symbol = reloc->symbol;
	unsigned int flags = symbol->is_weak ? KSPLICE_LABEL_WEAK : 0;

	if (reloc->referent)
		return label_span(image, reloc->referent, symvers);
	/* A number, known when the unit was built */
	if (bfd_is_abs_section(symbol->bfd->section))
		flags |= KSPLICE_LABEL_IGNORED;
	return label_undefined(image, label_symbol(symbol), symbol->name,
			       flags, symvers);
}

/* --- relocations and sites ----------------------------------------------- */

/* Those in [start, start + size) of the section. */
static void add_relocs(struct image *image, struct ksplice_span *record,
		       const struct section *section, uint64_t start,
		       const struct symvers *symvers)
{
	record->first_reloc = image->n_relocs;
	for (size_t i = 0; i < section->n_relocs; i++) {
		const struct reloc *reloc = &section->relocs[i];

		if (reloc->offset < start ||
		    reloc->offset >= start + record->size)
			continue;

		struct ksplice_reloc out = {
			.addend = reloc->referent_offset - reloc->bias,
			.offset = reloc->offset - start,
			.label = label_reloc(image, reloc, symvers),
			.howto = reloc->type->howto,
		};

		if (!out.howto)		/* in a replacement */
			die("'%s': relocation type %u in '%s' is not supported",
			    section->object->path, reloc->type->number,
			    section->name);
		if (reloc->offset + reloc->type->size >
		    start + record->size)
			die("'%s': a relocation crosses the end of a piece of '%s' at offset 0x%llx",
			    section->object->path, section->name,
			    (unsigned long long)reloc->offset);
		vec_add(image->relocs, image->n_relocs) = out;
	}
	record->n_relocs = image->n_relocs - record->first_reloc;
}

static uint32_t find_replacement(const struct unit *unit,
				 const struct site *site)
{
	struct replacement key = { site->replacement,
				   site->replacement_length };

	if (!site->replacement_length)
		return KSPLICE_NONE;

	struct replacement *found =
		bsearch(&key, unit->replacements, unit->n_replacements,
			sizeof(key), by_start);

	bug_on(!found);
	return unit->first_replacement + (found - unit->replacements);
}

/*
 * Sorted by offset; those with the same offset stay in the order of their
 * tables.
 */
static void sort_sites(struct ksplice_site *sites, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct ksplice_site site = sites[i];
		size_t j = i;

		for (; j && sites[j - 1].offset > site.offset; j--)
			sites[j] = sites[j - 1];
		sites[j] = site;
	}
}

static uint32_t label_site(struct image *image, const struct site *site,
			   const struct symvers *symvers)
{
	const struct object *object = site->span->section->object;
	const struct span *variable = site->variable ?
		object_find_variable(object, site->variable) : NULL;

	if (variable)
		return label_span(image, variable, symvers);
	if (site->variable)
		return label_undefined(image, site->variable, site->variable, 0,
				       symvers);
	return site->reloc ? label_reloc(image, site->reloc, symvers) :
			     KSPLICE_NONE;
}

/* Those about code in [start, start + size) of the section. */
static void add_sites(struct image *image, struct ksplice_span *record,
		      const struct unit *unit, const struct section *section,
		      uint64_t start, const struct symvers *symvers)
{
	record->first_site = image->n_sites;
	for (size_t i = 0; i < unit->sites.n; i++) {
		const struct site *site = &unit->sites.sites[i];
		uint64_t offset = site->span->start + site->offset;

		if (site->span->section != section || offset < start ||
		    offset >= start + record->size)
			continue;

		struct ksplice_site out = {
			.addend = site->addend,
			.offset = offset - start,
			.length = site->length,
			.kind = site->kind,
			.label = label_site(image, site, symvers),
			.span = find_replacement(unit, site),
			.value = site->value,
		};

		vec_add(image->sites, image->n_sites) = out;
	}
	record->n_sites = image->n_sites - record->first_site;
	if (record->n_sites)
		sort_sites(image->sites + record->first_site,
			   record->n_sites);
}

/* --- spans --------------------------------------------------------------- */

static unsigned int record_align(uint64_t align)
{
	return align > 32768 ? 0 : align;
}

static void add_span(struct image *image, const struct unit *unit,
		     const struct span *span, unsigned int kind,
		     const struct symvers *symvers)
{
	struct section *section = span->section;
	struct ksplice_span record = {
		.label = label_span(image, span, symvers),
		.section = image_string(image, section->name),
		.kind = kind,
		.align = record_align(section->align),
		.size = span->size,
		.parent = KSPLICE_NONE,
	};

	if (kind == KSPLICE_SPAN_TEXT) {
		const struct span *function = span->links.parent ?: span;

		if (span->links.parent) {
			record.parent = span->links.parent->emit.index;
			if (span->links.parent->decision.replaced)
				record.flags |= KSPLICE_SPAN_PART;
		} else if (span->decision.replaced) {
			record.flags |= KSPLICE_SPAN_REPLACED;
		}
		if (function->marks.allow_running)
			record.flags |= KSPLICE_SPAN_ALLOW_RUNNING;
		add_sites(image, &record, unit, section, span->start, symvers);
	} else if (span->decision.replaced) {
		record.flags |= KSPLICE_SPAN_REPLACED;
	}
	if (kind != KSPLICE_SPAN_DATA) {
		record.bytes = bytes_add(&image->bytes, span_bytes(span),
					 span->size);
		add_relocs(image, &record, section, span->start, symvers);
	}
	bug_on(span->emit.index != image->n_spans);
	vec_add(image->spans, image->n_spans) = record;
}

static void add_replacement(struct image *image, const struct unit *unit,
			    const struct replacement *replacement,
			    const struct symvers *symvers)
{
	struct section *section = unit->replacement_section;
	uint32_t label = image_label(image,
		xasprintf("%s@%s", section->name, unit->pre->unit));
	struct ksplice_span record = {
		.label = label,
		.section = image_string(image, section->name),
		.kind = KSPLICE_SPAN_REPLACEMENT,
		.align = 1,
		.size = replacement->size,
		.parent = KSPLICE_NONE,
	};

	if (replacement->start + replacement->size > section->size)
		die("'%s': a replacement is beyond the end of '%s'",
		    unit->pre->path, section->name);
	image->labels[label].flags = KSPLICE_LABEL_IGNORED;
	record.bytes = bytes_add(&image->bytes,
				 section->contents + replacement->start,
				 replacement->size);
	add_sites(image, &record, unit, section, replacement->start, symvers);
	add_relocs(image, &record, section, replacement->start, symvers);
	vec_add(image->spans, image->n_spans) = record;
}

static void add_unit(struct image *image, struct pair *pair,
		     const struct symvers *symvers)
{
	struct unit unit = unit_new(pair->pre);
	struct ksplice_unit record = {
		.name = image_string(image, pair->unit),
		.first_span = image->n_spans,
	};
	unsigned int n = 0;
	struct span *span;

	for_each_span(span, pair->pre)
		n += span->emit.index != KSPLICE_NONE;
	unit.first_replacement = image->n_spans + n;
	for (unsigned int kind = KSPLICE_SPAN_TEXT; kind <= KSPLICE_SPAN_DATA;
	     kind++)
		for_each_span(span, pair->pre)
			if (span->emit.index != KSPLICE_NONE &&
			    image_kind(span) == kind)
				add_span(image, &unit, span, kind, symvers);
	for (size_t i = 0; i < unit.n_replacements; i++)
		add_replacement(image, &unit, &unit.replacements[i], symvers);
	record.n_spans = image->n_spans - record.first_span;
	vec_add(image->units, image->n_units) = record;
}

static void add_imports(struct image *image, const struct imports *imports,
			const struct symvers *symvers)
{
	for (size_t i = 0; i < imports->n; i++) {
		const struct import *import = &imports->entries[i];
		struct ksplice_import record = {
			.label = label_undefined(image, import->label,
						 import->symbol, 0, symvers),
			.placeholder = image_string(image,
				import->placeholder ?: ""),
			.flags = import->is_pointer ?
				KSPLICE_IMPORT_POINTER : 0,
		};

		vec_add(image->imports, image->n_imports) = record;
	}
}

void old_code_write(const char *path, struct pair *pairs, size_t n_pairs,
		    const struct symvers *symvers,
		    const struct imports *imports)
{
	struct image *image = image_new();
	struct elf *elf = elf_new(pairs[0].pre->arch->machine);
	struct elf_section *section =
		elf_section_new(elf, ".init.ksplice_pre", SHT_PROGBITS,
				SHF_ALLOC);
	struct span *span;

	/* What is defined first, so that nothing of it counts as undefined. */
	for (size_t i = 0; i < n_pairs; i++)
		for_each_span(span, pairs[i].pre)
			if (span->emit.index != KSPLICE_NONE)
				label_span(image, span, symvers);
	for (size_t i = 0; i < n_pairs; i++)
		add_unit(image, &pairs[i], symvers);
	add_imports(image, imports, symvers);

	struct bytes bytes = image_finish(image);

	elf_section_add(section, bytes.at, bytes.n, 8);
	elf_symbol_new(elf, "ksplice_pre", section, 0)->is_global = true;
	elf_symbol_new(elf, "ksplice_pre_end", section,
		       bytes.n)->is_global = true;
	elf_write(elf, path);
}
