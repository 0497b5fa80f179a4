// SPDX-License-Identifier: GPL-2.0-only
/*
 * scope.c - which function a static local belongs to
 *
 * Part of the third step.  The symbol of a static local tells its name and a
 * number; the code that refers to it may be that of any function that its own
 * was inlined into.  The debug information knows in which function's source it
 * stands.  What it does not say, or not of a variable of that name, stays
 * unknown.
 */
#include "scope.h"
#include "dwarf-open.h"
#include "name.h"

#include <dwarf.h>
#include <string.h>

struct reader {
	struct object *object;
	Dwfl_Module *module;
};

/* The address that the variable has, in the sections as libdwfl placed them */
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

static void read_variable(const struct reader *reader, Dwarf_Die *variable,
			  const char *scope)
{
	const char *name = dwarf_diename(variable);
	struct section *section;
	const char *section_name;
	struct span *span;
	Dwarf_Addr address;
	GElf_Word shndx;
	int index;

	if (!name || !address_of(variable, &address))
		return;
	index = dwfl_module_relocate_address(reader->module, &address);
	section_name = index < 0 ? NULL :
		dwfl_module_relocation_info(reader->module, index, &shndx);
	section = section_name ?
		object_find_section(reader->object, section_name) : NULL;
	span = section ? span_find(section, address) : NULL;
	if (span && span->symbol && span->start == address &&
	    !strcmp(name_base(span->name), name))
		span->scope = scope;
}

static void read_children(const struct reader *reader, Dwarf_Die *parent,
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
			if (scope)
				read_variable(reader, &die, scope);
			break;
		}
	} while (!dwarf_siblingof(&die, &die));
}

void scope_read(struct object *object)
{
	struct reader reader = { .object = object };
	Dwarf *dwarf = dwarf_open_for(object, &reader.module);
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;

	while (dwarf && !dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &die,
					 NULL))
		read_children(&reader, &die, NULL);
}
