// SPDX-License-Identifier: GPL-2.0-only
/*
 * cut.c - cut sections into spans
 *
 * Where a section is cut:
 *   1. strings at their NULs, constants and tables by their entry size;
 *   2. code of alternatives where an entry of their table says that a
 *      replacement starts, and KIND_ALT_AUX where a function jumps to;
 *   3. everything else at its symbols, unless one lies inside another; mostly
 *      there is only one symbol.  A global one inside an assembly function is
 *      another entry of it: there it is cut, and the pieces belong together.
 *      What fills the room up to the next piece is left out, and so is the
 *      padding before a function, if it has a name or the function is alone.
 */
#include "read/cut.h"
#include "arch/arch.h"
#include "util/die.h"
#include "util/vec.h"

#include <string.h>

static struct span *add_span(struct section *section, uint64_t start,
			     uint64_t size)
{
	struct span *span = xcalloc(1, sizeof(*span));

	span->section = section;
	span->start = start;
	span->size = size;
	vec_add(section->spans, section->n_spans) = span;
	return span;
}

static void cut_strings(struct section *section)
{
	unsigned int unit = section->entsize ?: 1;
	static const uint8_t zero[8];
	uint64_t start = 0;

	while (start + unit <= section->size) {
		uint64_t end = start;

		while (end + unit <= section->size &&
		       memcmp(section->contents + end, zero, unit))
			end += unit;
		if (end + unit > section->size)
			die("'%s': a string in '%s' has no end",
			    section->object->path, section->name);
		end += unit;
		add_span(section, start, end - start);
		/* A longer alignment is filled with zeroes: no strings. */
		start = (end + section->align - 1) & -(uint64_t)section->align;
	}
}

static void cut_entries(struct section *section)
{
	uint64_t size = section->entsize;

	if (!size || (!section->table && section->size % size)) {
		add_span(section, 0, section->size);
		return;
	}
	for (uint64_t start = 0; start < section->size; start += size)
		add_span(section, start, section->size - start < size ?
			 section->size - start : size);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Cut at these offsets and at start. */
static void cut_at(struct section *section, uint64_t start, uint64_t *cuts,
		   size_t n_cuts)
{
	vec_sort(cuts, n_cuts, sizeof(*cuts), by_value);
	for (size_t i = 0; i <= n_cuts; i++) {
		uint64_t end = i < n_cuts ? cuts[i] : section->size;

		if (end <= start)
			continue;
		if (end > section->size)
			end = section->size;
		add_span(section, start, end - start);
		start = end;
	}
}

/* Replacements: a field of their entries is where one starts. */
static void cut_replacements(struct section *section)
{
	struct object *object = section->object;
	uint64_t *cuts = NULL;
	size_t n_cuts = 0;

	for (size_t i = 0; i < object->n_sections; i++) {
		const struct section *from = &object->sections[i];

		if (!from->table || !from->table->replacement)
			continue;
		for (size_t j = 0; j < from->n_relocs; j++) {
			const struct reloc *reloc = &from->relocs[j];

			if (reloc->offset % from->entsize ==
			    from->table->replacement &&
			    reloc->symbol->section == section)
				vec_add(cuts, n_cuts) = reloc->symbol->value +
							reloc->addend;
		}
	}
	cut_at(section, 0, cuts, n_cuts);
}

/* KIND_ALT_AUX: where code jumps to */
static void cut_aux(struct section *section)
{
	struct object *object = section->object;
	uint64_t *cuts = NULL;
	size_t n_cuts = 0;

	for (size_t i = 0; i < object->n_sections; i++) {
		struct section *from = &object->sections[i];

		if (!(from->flags & SEC_CODE) || from == section)
			continue;
		for (size_t j = 0; j < from->n_relocs; j++) {
			const struct reloc *reloc = &from->relocs[j];

			if (reloc->symbol->section != section)
				continue;

			const struct bias bias =
				object->arch->bias(from, reloc);

			vec_add(cuts, n_cuts) = reloc->symbol->value +
						reloc->addend + bias.value[0];
		}
	}
	cut_at(section, 0, cuts, n_cuts);
}

/* Is it the name of the padding before a function? */
static bool is_padding(const struct symbol *symbol)
{
	const struct section *section = symbol->section;
	const char *prefix = section ? section->object->arch->padding_prefix :
				       NULL;

	return prefix && section->flags & SEC_CODE && !symbol->is_file &&
	       !strncmp(symbol->name, prefix, strlen(prefix));
}

/* A symbol that a piece of that section may begin with */
static bool is_cut(const struct symbol *symbol)
{
	if (!symbol->section || symbol->is_section || symbol->is_file ||
	    !*symbol->name || is_padding(symbol))
		return false;
	/* A label in an assembly function has no size. */
	if (symbol->section->flags & SEC_CODE)
		return symbol->is_function || symbol->is_object ||
		       symbol->size || symbol->is_global;
	return true;
}

static int by_symbol(const void *a, const void *b)
{
	const struct symbol *x = *(struct symbol *const *)a;
	const struct symbol *y = *(struct symbol *const *)b;

	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return (x->size < y->size) - (x->size > y->size);
}

static void cut_symbols(struct section *section, uint64_t start,
			struct symbol **symbols, size_t n_symbols)
{
	uint64_t *cuts = NULL, inside = 0;
	size_t n_cuts = 0;

	if (!section->size) {
		/* struct lock_class_key is empty, and referred to. */
		if (n_symbols)
			add_span(section, 0, 0);
		return;
	}
	vec_sort(symbols, n_symbols, sizeof(*symbols), by_symbol);
	for (size_t i = 0; i < n_symbols; i++) {
		const struct symbol *symbol = symbols[i];

		const uint64_t end = symbol->value + symbol->size;

		if (symbol->value < inside &&
		    !(section->flags & SEC_CODE && symbol->is_global))
			continue;
		vec_add(cuts, n_cuts) = symbol->value;
		if (end > inside)
			inside = end;
	}
	cut_at(section, start, cuts, n_cuts);
}

/* Which of two symbols at one offset names it? */
static bool is_better(const struct symbol *a, const struct symbol *b)
{
	if ((a->is_function || a->is_object) !=
	    (b->is_function || b->is_object))
		return a->is_function || a->is_object;
	if (a->is_global != b->is_global)
		return a->is_global;
	return !a->is_weak && b->is_weak;
}

static void note_padding(const struct symbol *symbol)
{
	const uint64_t end = symbol->value + symbol->size;
	struct span *span = span_find(symbol->section, end);

	if (span && span->start == end)
		span->padding = symbol->size;
}

static void name_spans(struct object *object)
{
	for (size_t i = 0; i < object->n_symbols; i++) {
		struct symbol *symbol = &object->symbols[i];
		struct section *section = symbol->section;

		if (!section || symbol->is_file)
			continue;
		if (is_padding(symbol)) {
			note_padding(symbol);
			continue;
		}

		struct span *span = span_find(section, symbol->value);

		if (!span || symbol->value < span->start)
			continue;
		symbol->span = span;
		if (symbol->value + symbol->size - span->start > span->extent)
			span->extent = symbol->value + symbol->size -
				       span->start;
		if (symbol->is_section || symbol->value != span->start ||
		    !*symbol->name)
			continue;
		if (!span->symbol || is_better(symbol, span->symbol))
			span->symbol = symbol;
	}
}

/* What lies inside a function belongs to it. */
static void find_wholes(struct section *section)
{
	struct span *whole = NULL;
	uint64_t end = 0;

	for (size_t i = 0; i < section->n_spans; i++) {
		struct span *span = section->spans[i];

		if (span->start < end) {
			span->links.whole = whole;
		} else if (span->symbol) {
			whole = span;
			end = span->start + span->symbol->size;
		}
	}
}

/* The size of data without the zeroes at its end */
static uint64_t trim_data(const uint8_t *data, uint64_t size, uint64_t covered)
{
	while (size > covered && !data[size - 1])
		size--;
	return size;
}

/* Take the padding after what its symbols cover off each span. */
static void trim(struct section *section)
{
	uint64_t (*trim_end)(const uint8_t *, uint64_t, uint64_t) =
		section->flags & SEC_CODE ? section->object->arch->trim :
					    trim_data;

	for (size_t i = 0; i < section->n_spans; i++) {
		struct span *span = section->spans[i];
		uint64_t end = span->extent;

		if (!span->symbol || !span->symbol->size ||
		    end >= span->size || span->size - end >= 64)
			continue;
		if (span->n_relocs && span->relocs[span->n_relocs - 1].offset >=
		    span->start + end)
			continue;
		span->size = section->contents ?
			trim_end(span_bytes(span), span->size, end) : end;
	}
}

/* The beginning of a string, in a line */
static const char *quoted(const char *text)
{
	char *copy = xasprintf("\"%.60s\"", text);

	for (char *c = copy; *c; c++)
		if ((unsigned char)*c < ' ')
			*c = '.';
	return copy;
}

static const char *made_up_name(const struct span *span, size_t index)
{
	const struct section *section = span->section;

	if (section->kind == KIND_STRING && section->entsize <= 1)
		return quoted((const char *)span_bytes(span));
	if (section->kind == KIND_TABLE)
		return xasprintf("%s[%zu]", section->name, index);
	if (section->n_spans == 1)
		return section->name;
	return xasprintf("%s+0x%llx", section->name,
			 (unsigned long long)span->start);
}

/* Relocations are sorted, so each span's are consecutive. */
static void give_relocs(struct section *section)
{
	size_t next = 0;

	for (size_t i = 0; i < section->n_spans; i++) {
		struct span *span = section->spans[i];
		uint64_t end = i + 1 < section->n_spans ?
			section->spans[i + 1]->start : section->size;

		span->relocs = section->relocs + next;
		while (next < section->n_relocs &&
		       section->relocs[next].offset < end)
			next++;
		span->n_relocs = section->relocs + next - span->relocs;
	}
}

static void cut_section(struct section *section, uint64_t start,
			struct symbol **symbols, size_t n_symbols)
{
	if (section->kind == KIND_STRING && section->contents)
		cut_strings(section);
	else if (section->kind == KIND_CONST || section->kind == KIND_TABLE)
		cut_entries(section);
	else if (section->kind == KIND_REPLACEMENT)
		cut_replacements(section);
	else if (section->kind == KIND_ALT_AUX)
		cut_aux(section);
	else
		cut_symbols(section, start, symbols, n_symbols);
}

/*
 * The padding before the only function of a section, which has no name where
 * the function is assembly: nop_func() of 7.3.  Of several functions, what
 * refers to the padding could be about any.
 */
static uint64_t nameless_padding(const struct section *section,
				 struct symbol **symbols, size_t n_symbols)
{
	uint64_t first = section->size;

	if (!(section->flags & SEC_CODE) || !section->contents || !n_symbols)
		return 0;
	for (size_t i = 0; i < n_symbols; i++) {
		if (i && symbols[i]->value != first)
			return 0;
		first = symbols[i]->value;
	}
	return section->object->arch->trim(section->contents, first, 0) ?
	       0 : first;
}

void cut_sections(struct object *object)
{
	struct {
		struct symbol **symbols;
		size_t n;
		uint64_t start;
	} *cuts = xcalloc(object->n_sections, sizeof(*cuts));

	for (size_t i = 0; i < object->n_symbols; i++) {
		struct symbol *symbol = &object->symbols[i];

		if (!symbol->section)
			continue;

		size_t section = symbol->section - object->sections;

		if (is_padding(symbol) && !symbol->value)
			cuts[section].start = symbol->size;
		if (!is_cut(symbol))
			continue;
		vec_add(cuts[section].symbols, cuts[section].n) = symbol;
	}
	for (size_t i = 0; i < object->n_sections; i++) {
		struct section *section = &object->sections[i];

		if (!(section->flags & SEC_ALLOC))
			continue;
		if (!cuts[i].start)
			cuts[i].start = nameless_padding(section,
							 cuts[i].symbols,
							 cuts[i].n);
		cut_section(section, cuts[i].start, cuts[i].symbols, cuts[i].n);
	}
	name_spans(object);
}

void cut_finish(struct object *object)
{
	for (size_t i = 0; i < object->n_sections; i++) {
		struct section *section = &object->sections[i];

		give_relocs(section);
		if (section->flags & SEC_CODE)
			find_wholes(section);
		trim(section);
		for (size_t j = 0; j < section->n_spans; j++) {
			struct span *span = section->spans[j];

			span->name = span->symbol ? span->symbol->name :
				made_up_name(span, j);
		}
	}
}
