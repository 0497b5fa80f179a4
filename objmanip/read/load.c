// SPDX-License-Identifier: GPL-2.0-only
/*
 * load.c - read a relocatable object into memory
 *
 * First part of the step "read": libbfd's view of the file is copied into plain
 * structs, so that what comes after needs no libbfd to read it.  Sections that
 * are not allocated keep their names only: debug information is most of an
 * object and nothing to us.  Files that are not relocatable ELF objects for a
 * machine that is supported are refused.
 */
#include "read/load.h"
#include "arch/arch.h"
#include "read/elf-header.h"
#include "read/sections.h"
#include "read/tables.h"
#include "util/die.h"
#include "util/vec.h"

#include <elf.h>
#include <string.h>

/* As a power of two: more than a huge page is no section of a kernel. */
enum { MAX_ALIGNMENT = 21 };

static void load_symbols(struct object *object)
{
	long room = bfd_get_symtab_upper_bound(object->bfd);

	if (room < 0)
		die_bfd("cannot read the symbols of '%s'", object->path);
	object->syms = xcalloc(1, room);

	long n = bfd_canonicalize_symtab(object->bfd, object->syms);

	if (n < 0)
		die_bfd("cannot read the symbols of '%s'", object->path);
	object->n_symbols = n;
	object->symbols = xcalloc(n, sizeof(*object->symbols));

	uint64_t *sizes = elf_header_sizes(object->path, n);

	for (long i = 0; i < n; i++) {
		asymbol *sym = object->syms[i];
		struct symbol *symbol = &object->symbols[i];

		*symbol = (struct symbol) {
			.bfd = sym,
			.name = bfd_asymbol_name(sym),
			.value = sym->value,
			.size = sizes[i],
			.is_global = sym->flags & (BSF_GLOBAL | BSF_WEAK) ||
				     bfd_is_und_section(sym->section),
			.is_weak = sym->flags & BSF_WEAK,
			.is_function = sym->flags & BSF_FUNCTION,
			.is_object = sym->flags & BSF_OBJECT,
			.is_section = sym->flags & BSF_SECTION_SYM,
			.is_file = sym->flags & BSF_FILE,
		};
		if (bfd_is_com_section(sym->section))
			die("'%s' has the common symbol '%s': compile with -fno-common",
			    object->path, symbol->name);
		if (!bfd_is_const_section(sym->section))
			symbol->section =
				&object->sections[sym->section->index];
	}
}

static int by_offset(const void *a, const void *b)
{
	const struct reloc *x = a, *y = b;

	return (x->offset > y->offset) - (x->offset < y->offset);
}

static void load_relocs(struct section *section)
{
	struct object *object = section->object;
	long room = bfd_get_reloc_upper_bound(object->bfd, section->bfd);

	if (room < 0)
		die_bfd("cannot read the relocations of '%s' in '%s'",
			section->name, object->path);

	arelent **relents = xcalloc(1, room);
	long n = bfd_canonicalize_reloc(object->bfd, section->bfd, relents,
					object->syms);

	if (n < 0)
		die_bfd("cannot read the relocations of '%s' in '%s'",
			section->name, object->path);
	section->relocs = xcalloc(n, sizeof(*section->relocs));
	for (long i = 0; i < n; i++) {
		arelent *relent = relents[i];
		size_t index = relent->sym_ptr_ptr - object->syms;

		if (!relent->howto)
			die("'%s': unknown relocation in '%s'",
			    object->path, section->name);

		const struct reloc_type *type =
			arch_reloc_type(object->arch, relent->howto->type,
					bfd_get_reloc_size(relent->howto));

		if (type->class == RELOC_NONE)
			continue;
		if (index >= object->n_symbols)
			die("'%s': relocation without a symbol in '%s'",
			    object->path, section->name);
		section->relocs[section->n_relocs++] = (struct reloc) {
			.offset = relent->address,
			.type = type,
			.symbol = &object->symbols[index],
			.addend = relent->addend,
		};
		if (relent->address + type->size > section->size)
			die("'%s': relocation beyond the end of '%s'",
			    object->path, section->name);
	}
	vec_sort(section->relocs, section->n_relocs, sizeof(*section->relocs),
		 by_offset);
}

static void load_section(struct object *object, asection *sec)
{
	struct section *section = &object->sections[sec->index];
	const unsigned int power = bfd_section_alignment(sec);

	if (power > MAX_ALIGNMENT)
		die("'%s': '%s' is aligned to 2^%u bytes", object->path,
		    bfd_section_name(sec), power);
	*section = (struct section) {
		.object = object,
		.bfd = sec,
		.name = bfd_section_name(sec),
		.flags = bfd_section_flags(sec),
		.size = bfd_section_size(sec),
		.align = 1U << power,
		.entsize = sec->entsize,
	};
	section->kind = sections_kind(object->arch, section->name,
				      section->flags);
	if (!(section->flags & SEC_ALLOC))
		return;
	if (section->flags & SEC_HAS_CONTENTS &&
	    !bfd_malloc_and_get_section(object->bfd, sec, &section->contents))
		die_bfd("cannot read '%s' of '%s'", section->name,
			object->path);
}

/*
 * From Linux 6.4 on an object has its exports in one section, each at a symbol
 * "__export_symbol_NAME": two strings, the licence and the namespace, and at
 * the next multiple of 8 a pointer.  Here each gets a section of its own at the
 * end of the list, named as those of older kernels.  Refuses what is no such
 * entry: it would be part of another one, or of none.
 */
static const char all_exports[] = ".export_symbol";
static const char export_label[] = "__export_symbol_";
enum { EXPORT_SIZE = 16 };		/* at least */

static size_t count_exports(const struct object *object)
{
	asection *sec = bfd_get_section_by_name(object->bfd, all_exports);

	return sec ? bfd_section_size(sec) / EXPORT_SIZE : 0;
}

static int by_value(const void *a, const void *b)
{
	const struct symbol *x = *(const struct symbol *const *)a;
	const struct symbol *y = *(const struct symbol *const *)b;

	return (x->value > y->value) - (x->value < y->value);
}

static void add_export(const struct section *all, const struct symbol *label,
		       uint64_t end)
{
	struct object *object = all->object;
	struct section *section = &object->sections[object->n_sections++];
	const char *licence = (const char *)all->contents + label->value;

	*section = *all;
	section->name = xasprintf("___ksymtab%s+%s", *licence ? "_gpl" : "",
				  label->name + strlen(export_label));
	section->size = end - label->value;
	section->contents = all->contents + label->value;
	section->relocs = xcalloc(all->n_relocs, sizeof(*all->relocs));
	section->n_relocs = 0;
	for (size_t i = 0; i < all->n_relocs; i++) {
		struct reloc reloc = all->relocs[i];

		if (reloc.offset < label->value || reloc.offset >= end)
			continue;
		reloc.offset -= label->value;
		section->relocs[section->n_relocs++] = reloc;
	}
	if (section->n_relocs != 1)
		die("'%s': the entry of '%s' in '%s' has %zu pointers",
		    object->path, label->name, all->name, section->n_relocs);
}

static void split_exports(struct object *object, size_t room)
{
	const struct section *all = object_find_section(object, all_exports);
	const struct symbol **labels = NULL;
	size_t n = 0;

	if (!all || !all->contents)
		return;
	for (size_t i = 0; i < object->n_symbols; i++) {
		const struct symbol *symbol = &object->symbols[i];

		if (symbol->section == all &&
		    strstr(symbol->name, export_label) == symbol->name)
			vec_add(labels, n) = symbol;
	}
	vec_sort(labels, n, sizeof(*labels), by_value);
	if (all->size && (!n || labels[0]->value))
		die("'%s': '%s' begins with no '%s'", object->path, all->name,
		    export_label);
	for (size_t i = 0; i < n; i++) {
		const uint64_t end = i + 1 < n ? labels[i + 1]->value :
			all->size;

		if (i >= room || labels[i]->value > all->size ||
		    end > all->size || end < labels[i]->value + EXPORT_SIZE)
			die("'%s': the entry of '%s' in '%s' is too short",
			    object->path, labels[i]->name, all->name);
		add_export(all, labels[i], end);
	}
}

struct object *object_load(const char *path, const char *unit)
{
	struct object *object = xcalloc(1, sizeof(*object));

	object->unit = unit;
	object->path = path;
	object->bfd = bfd_openr(path, NULL);
	if (!object->bfd)
		die_bfd("cannot read '%s'", path);
	if (!bfd_check_format(object->bfd, bfd_object))
		die_bfd("cannot read '%s'", path);
	if (bfd_get_flavour(object->bfd) != bfd_target_elf_flavour ||
	    bfd_get_file_flags(object->bfd) & (EXEC_P | DYNAMIC))
		die("'%s' is not a relocatable ELF object", path);
	object->arch = arch_find(elf_header_machine(path));
	if (!object->arch || bfd_get_arch(object->bfd) != object->arch->bfd)
		die("'%s' is not for %s: no other machine is supported", path,
		    arch_names());

	object->n_sections = bfd_count_sections(object->bfd);

	const size_t n_exports = count_exports(object);

	object->sections = xcalloc(object->n_sections + n_exports,
				   sizeof(*object->sections));
	for (asection *sec = object->bfd->sections; sec; sec = sec->next)
		load_section(object, sec);
	load_symbols(object);
	for (size_t i = 0; i < object->n_sections; i++)
		if (object->sections[i].flags & SEC_ALLOC)
			load_relocs(&object->sections[i]);
	split_exports(object, n_exports);
	tables_find_layouts(object);
	return object;
}
