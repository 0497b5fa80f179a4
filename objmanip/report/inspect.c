// SPDX-License-Identifier: GPL-2.0-only
/*
 * inspect.c - "objmanip inspect": the records of an update, for people
 *
 * One line a record, indented under what it belongs to; offsets in
 * hexadecimal with 0x, sizes and indices decimal.  Everything is checked
 * before the first line is printed.
 */
#include "report/inspect.h"
#include "arch/arch.h"
#include "decide/hooks.h"
#include "read/load.h"
#include "report/image-view.h"
#include "util/die.h"
#include "util/vec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_ELEMENTS(array) (sizeof(array) / sizeof(*(array)))

static const char *const span_kinds[] = {
	[KSPLICE_SPAN_TEXT]		= "function",
	[KSPLICE_SPAN_RODATA]		= "read-only data",
	[KSPLICE_SPAN_CONTENT]		= "contents",
	[KSPLICE_SPAN_DATA]		= "data",
	[KSPLICE_SPAN_REPLACEMENT]	= "replacement",
};

static const struct {
	unsigned int flag;
	const char *name;
} label_flags[] = {
	{ KSPLICE_LABEL_GLOBAL,		"global" },
	{ KSPLICE_LABEL_WEAK,		"weak" },
	{ KSPLICE_LABEL_FUNCTION,	"function" },
	{ KSPLICE_LABEL_PERCPU,		"percpu" },
	{ KSPLICE_LABEL_CONTENT,	"content" },
	{ KSPLICE_LABEL_EXPORTED,	"exported" },
	{ KSPLICE_LABEL_IGNORED,	"ignored" },
	{ KSPLICE_LABEL_UNDEFINED,	"undefined" },
};

/* "label", "label+0x12", "label-4" */
static void print_reference(const struct ksplice_pre *view, uint32_t label,
			    int64_t addend)
{
	printf("%s", image_label_name(view, label));
	if (addend > 0)
		printf("+0x%" PRIx64, (uint64_t)addend);
	else if (addend)
		printf("-0x%" PRIx64, -(uint64_t)addend);
}

/* Contents in quotes, and what is not printable in octal */
static void print_bytes(const uint8_t *bytes, uint32_t size)
{
	printf(" \"");
	for (uint32_t i = 0; i < size; i++) {
		if (i + 1 == size && !bytes[i])
			break;
		if (bytes[i] == '\n')
			printf("\\n");
		else if (bytes[i] == '"' || bytes[i] == '\\')
			printf("\\%c", bytes[i]);
		else if (bytes[i] >= ' ' && bytes[i] <= '~')
			putchar(bytes[i]);
		else
			printf("\\%03o", bytes[i]);
	}
	putchar('"');
}

static const char *howto_name(const struct arch *arch, unsigned int howto)
{
	const struct reloc_type *type = arch->reloc_types;

	while (type->howto != howto)
		type++;
	return type->name;
}

static void print_site(const struct arch *arch, const struct ksplice_pre *view,
		       const struct ksplice_site *site)
{
	printf("    0x%x %s", site->offset,
	       arch_site_kind(arch, site->kind)->name);
	if (site->length)
		printf(", %u bytes", site->length);
	if (site->label != KSPLICE_NONE) {
		printf(", ");
		print_reference(view, site->label, site->addend);
	}
	if (site->span != KSPLICE_NONE)
		printf(", span %u", site->span);
	if (site->value)
		printf(", value 0x%x", site->value);
	putchar('\n');
}

static void print_span(const struct arch *arch, const struct ksplice_pre *view,
		       uint32_t index)
{
	const struct ksplice_span *span = &view->spans[index];

	printf("  span %u: %s %s, %u bytes, %s", index,
	       span_kinds[span->kind], image_label_name(view, span->label),
	       span->size, view->strings + span->section);
	if (span->flags & KSPLICE_SPAN_REPLACED)
		printf(", replaced");
	if (span->flags & KSPLICE_SPAN_ALLOW_RUNNING)
		printf(", tasks may finish in it");
	if (span->flags & KSPLICE_SPAN_PART)
		printf(", replaced with");
	else if (span->parent != KSPLICE_NONE)
		printf(", part of");
	if (span->parent != KSPLICE_NONE)
		printf(" span %u", span->parent);
	if (span->kind == KSPLICE_SPAN_CONTENT)
		print_bytes(view->bytes + span->bytes, span->size);
	putchar('\n');
	for (uint32_t i = 0; i < span->n_relocs; i++) {
		const struct ksplice_reloc *reloc =
			&view->relocs[span->first_reloc + i];

		printf("    0x%x %s ", reloc->offset,
		       howto_name(arch, reloc->howto));
		print_reference(view, reloc->label, reloc->addend);
		putchar('\n');
	}
	for (uint32_t i = 0; i < span->n_sites; i++)
		print_site(arch, view, &view->sites[span->first_site + i]);
}

static void print_label(const struct ksplice_pre *view, uint32_t index)
{
	const struct ksplice_label *label = &view->labels[index];
	const char *symbol = view->strings + label->symbol;

	printf("label %s", view->strings + label->name);
	if (*symbol && label->symbol != label->name)
		printf(", symbol %s", symbol);
	for (size_t i = 0; i < N_ELEMENTS(label_flags); i++)
		if (label->flags & label_flags[i].flag)
			printf(", %s", label_flags[i].name);
	if (label->span != KSPLICE_NONE)
		printf(", span %u", label->span);
	putchar('\n');
}

static void print_image(const struct arch *arch,
			const struct ksplice_pre *view)
{
	printf("pre image: %u units, %u spans, %u labels, %u relocations, %u sites, %u imports\n",
	       view->n_units, view->n_spans, view->n_labels, view->n_relocs,
	       view->n_sites, view->n_imports);
	for (uint32_t i = 0; i < view->n_units; i++) {
		const struct ksplice_unit *unit = &view->units[i];

		printf("unit %s\n", view->strings + unit->name);
		for (uint32_t j = 0; j < unit->n_spans; j++)
			print_span(arch, view, unit->first_span + j);
	}
	for (uint32_t i = 0; i < view->n_labels; i++)
		print_label(view, i);
	for (uint32_t i = 0; i < view->n_imports; i++) {
		const struct ksplice_import *import = &view->imports[i];
		const char *name = view->strings + import->placeholder;

		printf("import %s", image_label_name(view, import->label));
		if (*name)
			printf(" as %s", name);
		if (import->flags & KSPLICE_IMPORT_POINTER)
			printf(", pointer");
		putchar('\n');
	}
}

/* --- .ksplice_replaced, .ksplice_hooks, .ksplice_constants ---------------- */

static const struct reloc *reloc_at(const struct section *section,
				    uint64_t offset)
{
	for (size_t i = 0; i < section->n_relocs; i++)
		if (section->relocs[i].offset == offset)
			return &section->relocs[i];
	return NULL;
}

/* What a field of 64 bits refers to, and where in it. */
static const struct reloc *address_at(const struct section *section,
				      uint64_t offset)
{
	const struct reloc *reloc = reloc_at(section, offset);

	return reloc && reloc_is_pointer(reloc) && reloc->symbol->section ?
		reloc : NULL;
}

static void check_whole(const struct object *object,
			const struct section *section, size_t record,
			const char *what)
{
	if (section->size % record)
		die("'%s': broken %s: %" PRIu64 " bytes are not a multiple of the record size",
		    object->path, what, section->size);
}

static const struct reloc *new_addr(const struct section *section, size_t i)
{
	const struct reloc *reloc = address_at(section,
		i * sizeof(struct ksplice_replaced_record) +
		offsetof(struct ksplice_replaced_record, new_addr));

	if (!reloc)
		die("'%s': broken records of replaced spans: number %zu refers to no function",
		    section->object->path, i);
	return reloc;
}

/* The function or variable that starts where the relocation says */
static const char *symbol_at(struct object *object, const struct reloc *reloc)
{
	const struct symbol *symbol = reloc->symbol;
	uint64_t value = symbol->value + reloc->addend;

	for (size_t i = 0; i < object->n_symbols; i++)
		if ((object->symbols[i].is_function ||
		     object->symbols[i].is_object) &&
		    object->symbols[i].section == symbol->section &&
		    object->symbols[i].value == value)
			return object->symbols[i].name;
	return symbol->section->name;
}

static struct ksplice_replaced_record
replaced_record(const struct section *section, size_t i)
{
	struct ksplice_replaced_record record;

	memcpy(&record, section->contents + i * sizeof(record),
	       sizeof(record));
	return record;
}

/* All is checked before anything is printed: no half a text. */
static void check_replaced(const struct object *object,
			   const struct section *section)
{
	size_t n = section->size / sizeof(struct ksplice_replaced_record);

	check_whole(object, section, sizeof(struct ksplice_replaced_record), "records of replaced spans");
	for (size_t i = 0; i < n; i++) {
		unsigned int kind = replaced_record(section, i).kind;

		new_addr(section, i);
		if (kind != KSPLICE_REPLACED_FUNCTION &&
		    kind != KSPLICE_REPLACED_DATA)
			die("'%s': broken records of replaced spans: number %zu is of kind %u",
			    object->path, i, kind);
	}
}

static void print_replaced(struct object *object,
			   const struct section *section)
{
	size_t n = section->size / sizeof(struct ksplice_replaced_record);

	printf("replaced spans: %zu\n", n);
	for (size_t i = 0; i < n; i++) {
		const struct ksplice_replaced_record record =
			replaced_record(section, i);

		printf("replaced span %u: %s%s, %u bytes\n", record.span,
		       record.kind == KSPLICE_REPLACED_DATA ? "data " : "",
		       symbol_at(object, new_addr(section, i)),
		       record.new_size);
	}
}

static void check_hooks(const struct object *object,
			const struct section *section)
{
	struct ksplice_hook_record record;
	size_t n = section->size / sizeof(record);

	check_whole(object, section, sizeof(record), "hooks");
	for (size_t i = 0; i < n; i++) {
		uint64_t at = i * sizeof(record);
		const struct reloc *call = address_at(section, at +
				offsetof(typeof(record), call));

		memcpy(&record, section->contents + at, sizeof(record));
		if (!call || !record.kind ||
		    record.kind >= KSPLICE_N_HOOK_KINDS)
			die("'%s': broken hooks: number %zu is invalid",
			    object->path, i);
	}
}

static void print_hooks(struct object *object, const struct section *section)
{
	struct ksplice_hook_record record;

	for (uint64_t at = 0; at < section->size; at += sizeof(record)) {
		memcpy(&record, section->contents + at, sizeof(record));
		printf("hook %s of unit %u: %s\n",
		       hook_kind_name(record.kind), record.unit,
		       symbol_at(object, address_at(section, at +
				offsetof(typeof(record), call))));
	}
}

static void check_constants(const struct object *object,
			    const struct section *section)
{
	struct ksplice_constant_record record;

	check_whole(object, section, sizeof(record), "constants");
	for (uint64_t at = 0; at < section->size; at += sizeof(record))
		if (!address_at(section, at + offsetof(typeof(record),
						       operand)) ||
		    !reloc_at(section, at + offsetof(typeof(record), variable)))
			die("'%s': broken constants: number %" PRIu64 " is invalid",
			    object->path, at / sizeof(record));
}

static void print_constants(const struct section *section)
{
	struct ksplice_constant_record record;
	const struct reloc *operand, *variable;

	for (uint64_t at = 0; at < section->size; at += sizeof(record)) {
		memcpy(&record, section->contents + at, sizeof(record));
		operand = reloc_at(section, at +
				   offsetof(typeof(record), operand));
		variable = reloc_at(section, at +
				    offsetof(typeof(record), variable));
		printf("constant in %s: %u bytes of %s\n",
		       operand->symbol->section->name, record.size,
		       variable->symbol->name);
	}
}

static void print_needs(const struct object *object)
{
	for (size_t i = 0; i < object->n_symbols; i++) {
		const struct symbol *symbol = &object->symbols[i];

		if (!symbol->section && symbol->is_global &&
		    bfd_is_und_section(symbol->bfd->section))
			printf("needs %s\n", symbol->name);
	}
}

void inspect(const char *path)
{
	struct object *object = object_load(path, path);
	struct section *pre = object_find_section(object, ".init.ksplice_pre");
	struct section *replaced = object_find_section(object,
						      ".ksplice_replaced");
	struct section *hooks = object_find_section(object, ".ksplice_hooks");
	struct section *constants = object_find_section(object,
							".ksplice_constants");
	struct ksplice_pre view;

	if (!pre && !replaced)
		die("'%s' has no records of ksplice", path);
	if ((pre && !pre->contents) ||
	    (replaced && replaced->size && !replaced->contents) ||
	    (hooks && hooks->size && !hooks->contents) ||
	    (constants && constants->size && !constants->contents))
		die("'%s': the records have no contents", path);
	if (replaced)
		check_replaced(object, replaced);
	if (hooks)
		check_hooks(object, hooks);
	if (constants)
		check_constants(object, constants);
	if (pre) {
		view = image_view(path, object->arch, pre->contents, pre->size);
		print_image(object->arch, &view);
	}
	if (replaced)
		print_replaced(object, replaced);
	if (hooks)
		print_hooks(object, hooks);
	if (constants)
		print_constants(constants);
	if (replaced)
		print_needs(object);
}

/* A line of contents: "change TARGET OLD NEW" */
static bool inspect_change(const char *dir, const char *line)
{
	char target[64], old[256], new[256];
	char end;

	if (sscanf(line, "change %63s %255s %255s %c", target, old, new,
		   &end) != 3)
		return false;
	printf("target %s, %s:\n", target, old);
	inspect(xasprintf("%s/%s", dir, old));
	printf("target %s, %s:\n", target, new);
	inspect(xasprintf("%s/%s", dir, new));
	return true;
}

void inspect_update(const char *dir)
{
	const char *path = xasprintf("%s/contents", dir);
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	unsigned int n = 0;

	if (!file)
		die("cannot read '%s': %m", path);
	while (getline(&line, &room, file) >= 0)
		n += inspect_change(dir, line);
	if (ferror(file))
		die("cannot read '%s': %m", path);
	if (!n)
		die("'%s' names no change", path);
	free(line);
	fclose(file);
}
