// SPDX-License-Identifier: GPL-2.0-only
/*
 * scope.c - where a variable is declared, as the debug information says
 *
 * Used by the step "correlate".  The symbol of a static local tells its name
 * and a number; the code that refers to it may be that of any function that its
 * own was inlined into.  The debug information knows in which function's source
 * it stands, and in which line.  It also lists the ones that the compiler
 * dropped together with code that never runs, so the list is complete.  What it
 * does not say, or not of a variable of that name, stays unknown.
 */
#include "read/scope.h"
#include "model/name.h"
#include "read/dwarf-open.h"
#include "util/vec.h"

#include <dwarf.h>
#include <string.h>

struct reader {
	struct object *object;
	Dwfl_Module *module;
	const char *dir;
	struct declarations found;
};

/* The address of the variable, in the sections as libdwfl laid them out */
static bool address_of(Dwarf_Die *variable, Dwarf_Addr *address)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t n;

	if (!dwarf_attr(variable, DW_AT_location, &attribute) ||
	    dwarf_getlocation(&attribute, &ops, &n) || n != 1 ||
	    ops->atom != DW_OP_addr)
		return false;
	*address = ops->number;
	return true;
}

static bool is_named(const struct span *span, const char *base)
{
	return span->symbol && !strcmp(name_base(span->name), base);
}

static struct span *span_of(const struct reader *reader, Dwarf_Die *variable,
			    const char *base)
{
	struct section *section;
	const char *name;
	struct span *span;
	Dwarf_Addr address;
	GElf_Word shndx;
	int index;

	if (!address_of(variable, &address))
		return NULL;
	index = dwfl_module_relocate_address(reader->module, &address);
	name = index < 0 ? NULL :
		dwfl_module_relocation_info(reader->module, index, &shndx);
	section = name ? object_find_section(reader->object, name) : NULL;
	span = section ? span_find(section, address) : NULL;
	return span && span->start == address && is_named(span, base) ?
		span : NULL;
}

/* A copy of the function refers to the variable instead of declaring it. */
static bool is_declared(Dwarf_Die *variable)
{
	return dwarf_hasattr(variable, DW_AT_name) &&
	       dwarf_hasattr(variable, DW_AT_decl_line);
}

static void read_variable(struct reader *reader, Dwarf_Die *variable,
			  const char *scope)
{
	const char *name = dwarf_diename(variable);
	const char *file = dwarf_decl_file(variable);
	const char *base = name ? name_base(name) : "";
	struct span *span = name ? span_of(reader, variable, base) : NULL;
	int line, column = 0;

	if (span && scope)
		span->correlation.scope = scope;
	if (!name || !file || !is_declared(variable) ||
	    dwarf_decl_line(variable, &line))
		return;
	dwarf_decl_column(variable, &column);
	vec_add(reader->found.all, reader->found.n) = (struct declaration) {
		.scope = scope ?: "",
		.name = base,
		.file = dwarf_plain_name(file, reader->dir),
		.line = line,
		.column = column,
		.span = span,
	};
}

static void read_children(struct reader *reader, Dwarf_Die *parent,
			  const char *scope)
{
	Dwarf_Die die;

	if (dwarf_child(parent, &die))
		return;
	do {
		switch (dwarf_tag(&die)) {
		case DW_TAG_subprogram:
			read_children(reader, &die, dwarf_diename(&die));
			break;
		case DW_TAG_lexical_block:
			read_children(reader, &die, scope);
			break;
		case DW_TAG_variable:
			read_variable(reader, &die, scope);
			break;
		}
	} while (!dwarf_siblingof(&die, &die));
}

struct declarations scope_read(struct object *object)
{
	struct reader reader = { .object = object };
	Dwarf *dwarf = dwarf_open_for(object, &reader.module);
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;

	reader.dir = dwarf_compile_dir(dwarf);
	while (dwarf && !dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &die,
					 NULL))
		read_children(&reader, &die, NULL);
	return reader.found;
}
