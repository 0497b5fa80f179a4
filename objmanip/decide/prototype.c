// SPDX-License-Identifier: GPL-2.0-only
/*
 * prototype.c - what modules know of an exported symbol
 *
 * Between the steps "label" and "keep".  A module calls an exported function as
 * it was when the module was built.  So its type may not change: what the debug
 * information of pre and post says is compared, but for qualifiers and names of
 * parameters.
 *
 * The kernel has a CRC of the type, with all structs in it, for the same
 * purpose.  It changes with things that do no harm, too, such as an #include
 * that makes a struct known of which there are only pointers.  If it changes
 * and the debug information gives no cause (layout.c looks at the structs),
 * that is a warning; without debug information it is refused.
 */
#include "decide/prototype.h"
#include "read/dwarf-open.h"
#include "read/export.h"
#include "util/die.h"
#include "util/refuse.h"
#include "util/strmap.h"
#include "util/vec.h"

#include <dwarf.h>
#include <stdio.h>
#include <string.h>

static bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attribute;

	return dwarf_attr_integrate(die, DW_AT_type, &attribute) &&
	       dwarf_formref_die(&attribute, type);
}

static const char *named(const char *kind, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);
	Dwarf_Word size = 0;

	if (name)
		return xasprintf("%s %s", kind, name);
	dwarf_aggregate_size(die, &size);
	return xasprintf("%s of %llu bytes", kind, (unsigned long long)size);
}

static const char *function_text(Dwarf_Die *function);

/* The type that a die has, for people, and equal for equal ones */
static const char *type_text(Dwarf_Die *die)
{
	Dwarf_Die type, inner;

	if (!type_of(die, &type))
		return "void";
	switch (dwarf_tag(&type)) {
	case DW_TAG_pointer_type:
		return xasprintf("%s *", type_text(&type));
	case DW_TAG_array_type:
		return xasprintf("%s []", type_text(&type));
	case DW_TAG_structure_type:
		return named("struct", &type);
	case DW_TAG_union_type:
		return named("union", &type);
	case DW_TAG_enumeration_type:
		return named("enum", &type);
	case DW_TAG_subroutine_type:
		return function_text(&type);
	case DW_TAG_typedef:
		if (type_of(&type, &inner) && !dwarf_diename(&inner) &&
		    (dwarf_tag(&inner) == DW_TAG_structure_type ||
		     dwarf_tag(&inner) == DW_TAG_union_type))
			return dwarf_diename(&type);
		return type_text(&type);
	case DW_TAG_base_type:
		return dwarf_diename(&type);
	default:
		return type_text(&type);
	}
}

static const char *function_text(Dwarf_Die *function)
{
	const char *text = xasprintf("%s (", type_text(function));
	const char *comma = "";
	Dwarf_Die die;

	if (!dwarf_child(function, &die)) {
		do {
			const int tag = dwarf_tag(&die);

			if (tag != DW_TAG_formal_parameter &&
			    tag != DW_TAG_unspecified_parameters)
				continue;
			text = xasprintf("%s%s%s", text, comma,
					 tag == DW_TAG_formal_parameter ?
					 type_text(&die) : "...");
			comma = ", ";
		} while (!dwarf_siblingof(&die, &die));
	}
	return xasprintf("%s)", text);
}

/* Of all functions and variables of the unit: name to type */
static void read_unit(struct strmap *types, Dwarf_Die *unit)
{
	Dwarf_Die die;

	if (dwarf_child(unit, &die))
		return;
	do {
		const int tag = dwarf_tag(&die);
		const char *name = dwarf_diename(&die);

		if (!name || (tag != DW_TAG_subprogram &&
			      tag != DW_TAG_variable))
			continue;

		void **slot = strmap_slot(types, name);

		if (!*slot)
			*slot = (void *)(tag == DW_TAG_subprogram ?
					 function_text(&die) :
					 type_text(&die));
	} while (!dwarf_siblingof(&die, &die));
}

static struct strmap read_types(const struct object *object)
{
	Dwarf *dwarf = dwarf_open_for(object, NULL);
	Dwarf_CU *unit = NULL;
	struct strmap types = {};
	Dwarf_Die die;

	while (dwarf && !dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &die,
					 NULL))
		read_unit(&types, &die);
	return types;
}

const char *prototype_of_variable(const struct object *object,
				  const char *name)
{
	const struct strmap types = read_types(object);

	return strmap_get(&types, name);
}

static bool has_crc_change(const struct crc_change *changes, size_t n_changes,
			   const char *unit, const char *name)
{
	for (size_t i = 0; i < n_changes; i++)
		if (!strcmp(changes[i].unit, unit) &&
		    !strcmp(changes[i].name, name))
			return true;
	return false;
}

/* Returns whether only the CRC differs. */
static bool compare_type(const struct pair *pair, const char *name,
			 const char *pre, const char *post, bool crc)
{
	if (pre && post && strcmp(pre, post))
		refuse("%s: the exported '%s' was '%s' and is '%s': modules use the old one: export the new one under another name",
		       pair->unit, name, pre, post);
	else if (crc && !(pre && post))
		refuse("%s: the CRC of the exported '%s' changes: modules use the old one: if they do not depend on the change, hide it by #ifndef __GENKSYMS__",
		       pair->unit, name);
	else
		return crc;
	return false;
}

static void compare_pair_exports(struct pair *pair,
				 const struct crc_change *changes,
				 size_t n_changes)
{
	const struct strmap pre = read_types(pair->pre);
	const struct strmap post = read_types(pair->post);
	const char *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < pair->pre->n_sections; i++) {
		const char *name = export_name(&pair->pre->sections[i]);

		if (!name || !export_find(pair->post, name) ||
		    !compare_type(pair, name, strmap_get(&pre, name),
				    strmap_get(&post, name),
				    has_crc_change(changes, n_changes,
						   pair->unit, name)))
			continue;
		first = first ?: name;
		n++;
	}
	if (n)
		warning("%s: the CRCs of %zu exports change ('%s'), but their types do not: modules keep using them",
			pair->unit, n, first);
}

static bool has_exports(const struct object *object)
{
	for (size_t i = 0; i < object->n_sections; i++)
		if (export_name(&object->sections[i]))
			return true;
	return false;
}

void prototype_compare(struct pair *pairs, size_t n_pairs,
		       const struct crc_change *changes, size_t n_changes)
{
	for (size_t i = 0; i < n_pairs; i++)
		if (has_exports(pairs[i].pre))
			compare_pair_exports(&pairs[i], changes, n_changes);
}

struct crc_change *prototype_read_crcs(const char *path, size_t *n_changes)
{
	FILE *file = fopen(path, "re");
	struct crc_change *changes = NULL;
	char unit[4096], name[4096];
	int n;

	if (!file)
		die("cannot read '%s': %m", path);
	while ((n = fscanf(file, "%4095s %4095s", unit, name)) == 2)
		vec_add(changes, *n_changes) = (struct crc_change) {
			xstrdup(unit), xstrdup(name)
		};
	if (n != EOF || ferror(file))
		die("'%s' is no list of units and names", path);
	fclose(file);
	return changes;
}
