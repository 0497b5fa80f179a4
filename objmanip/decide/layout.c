// SPDX-License-Identifier: GPL-2.0-only
/*
 * layout.c - the structs of both versions must have the same layout
 *
 * Part of the step "keep".  New code works on objects that the running kernel
 * has made, so it must use the same layout as the old code.  The debug
 * information of pre and post is compared: a struct or union that both define
 * under one name must have the same size, and the same members at the same
 * offsets.
 *   - Members of anonymous structs and unions count as the outer one's.
 *   - An anonymous struct with a typedef has the typedef's name.
 *   - Several of one name (in several functions): each of pre that has no
 *     equal in post is refused, if post has one without an equal, too.
 *   - A struct that changes only because one inside it does is not named; the
 *     inner one is.
 *   - A struct that only one side defines is new, or gone: fine.  Hence a
 *     struct that gets another name is not compared.
 * A variable's struct with neither name nor typedef is not looked at; forbid.c
 * compares the variable's size.
 *
 * A struct whose objects live on stacks only could change without harm, but
 * debug information does not show that: a pointer may point anywhere.
 *
 * Only debug information in one section of the object is used.  Each of these
 * is a warning, as missing debug information is: a file beside the object
 * (-gsplit-dwarf), which post has overwritten; types in sections of their own
 * (-fdebug-types-section), which libdw does not see; and a part of the structs
 * (-femit-struct-debug-*).
 */
#include "decide/layout.h"
#include "read/dwarf-open.h"
#include "util/die.h"
#include "util/document.h"
#include "util/refuse.h"
#include "util/strmap.h"
#include "util/vec.h"

#include <dwarf.h>
#include <string.h>

typedef unsigned long long ull;

struct member {
	const char *name;	/* "a", or "outer.a" in an anonymous struct */
	uint64_t bit;		/* where it starts */
	uint64_t size;		/* in bits */
	const void *type;	/* of a struct or union, or an array of them:
				 * its layout's die; else NULL */
};

struct layout {
	struct layout *next;	/* another one of the same name */
	const char *kind;	/* "struct" or "union" */
	const char *name;
	const void *die;	/* identifies it */
	uint64_t size;
	struct member *members;	/* as declared */
	size_t n_members;
	const struct layout *became;	/* in pre: the other one, in post */
};

struct layouts {
	const struct object *object;
	struct strmap by_key;	/* "struct list_head" to the first layout */
	const char **keys;	/* in the order of the object */
	size_t n_keys;
	bool is_known;		/* all of the object's */
};

/* --- reading -------------------------------------------------------------*/

static uint64_t number(Dwarf_Die *die, unsigned int name, uint64_t missing)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (!dwarf_attr(die, name, &attribute) ||
	    dwarf_formudata(&attribute, &value))
		return missing;
	return value;
}

static bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(die, DW_AT_type, &attribute) &&
	       dwarf_formref_die(&attribute, type);
}

static bool is_aggregate(Dwarf_Die *die)
{
	const int tag = dwarf_tag(die);

	return tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

/*
 * The struct or union that a member of this type holds.  *has_name is set if
 * it has one, be it by a typedef only.
 */
static bool aggregate_of(Dwarf_Die *member, Dwarf_Die *die, bool *has_name)
{
	*has_name = false;
	for (*die = *member; type_of(die, die);) {
		switch (dwarf_tag(die)) {
		case DW_TAG_structure_type:
		case DW_TAG_union_type:
			if (dwarf_diename(die))
				*has_name = true;
			return true;
		case DW_TAG_typedef:
			*has_name = true;
			break;
		case DW_TAG_array_type:
		case DW_TAG_const_type:
		case DW_TAG_volatile_type:
		case DW_TAG_atomic_type:
			break;
		default:
			return false;
		}
	}
	return false;
}

/* In bits, from the start of the struct; its type has so many bytes. */
static uint64_t bit_of(Dwarf_Die *member, uint64_t bytes)
{
	uint64_t bit = 8 * number(member, DW_AT_data_member_location, 0);

	if (dwarf_hasattr(member, DW_AT_data_bit_offset))
		bit += number(member, DW_AT_data_bit_offset, 0);
	else if (dwarf_hasattr(member, DW_AT_bit_offset))
		/* up to DWARF 4, counted from the highest bit */
		bit += 8 * number(member, DW_AT_byte_size, bytes) -
		       number(member, DW_AT_bit_offset, 0) -
		       number(member, DW_AT_bit_size, 0);
	return bit;
}

static void read_members(struct layout *layout, Dwarf_Die *aggregate,
			 const char *prefix, uint64_t base);

static void read_member(struct layout *layout, Dwarf_Die *die,
			const char *prefix, uint64_t base)
{
	const char *name = dwarf_diename(die);
	Dwarf_Die type, inner;
	Dwarf_Word bytes = 0;
	bool has_name;

	/* An array without a length has no size. */
	if (type_of(die, &type) && dwarf_aggregate_size(&type, &bytes))
		bytes = 0;

	const bool is_outer = aggregate_of(die, &inner, &has_name);
	const uint64_t bit = base + bit_of(die, bytes);

	if (name && *prefix)
		name = xasprintf("%s.%s", prefix, name);
	if (name)
		vec_add(layout->members, layout->n_members) = (struct member) {
			.name = name,
			.bit = bit,
			.size = number(die, DW_AT_bit_size, 8 * bytes),
			.type = is_outer && has_name ? inner.addr : NULL,
		};
	if (is_outer && !(name && has_name))
		read_members(layout, &inner, name ?: prefix, bit);
}

static void read_members(struct layout *layout, Dwarf_Die *aggregate,
			 const char *prefix, uint64_t base)
{
	Dwarf_Die die;

	if (dwarf_child(aggregate, &die))
		return;
	do {
		if (dwarf_tag(&die) == DW_TAG_member)
			read_member(layout, &die, prefix, base);
	} while (!dwarf_siblingof(&die, &die));
}

static void read_scope(struct layouts *layouts, Dwarf_Die *scope);

static void read_aggregate(struct layouts *layouts, Dwarf_Die *die,
			   const char *name, bool by_typedef)
{
	if (dwarf_hasattr(die, DW_AT_declaration))
		return;

	struct layout *layout = xcalloc(1, sizeof(*layout));

	*layout = (struct layout) {
		.kind = dwarf_tag(die) == DW_TAG_union_type ?
			"union" : "struct",
		.name = name,
		.die = die->addr,
		.size = number(die, DW_AT_byte_size, 0),
	};
	read_members(layout, die, "", 0);

	const char *key = xasprintf("%s%s %s", by_typedef ? "typedef " : "",
				    layout->kind, name);
	void **slot = strmap_slot(&layouts->by_key, key);

	if (!*slot)
		vec_add(layouts->keys, layouts->n_keys) = key;
	layout->next = *slot;
	*slot = layout;
}

/* One that is declared in a scope: a struct, or another scope */
static void read_declaration(struct layouts *layouts, Dwarf_Die *die)
{
	Dwarf_Die type;

	switch (dwarf_tag(die)) {
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
		if (dwarf_diename(die))
			read_aggregate(layouts, die, dwarf_diename(die),
				       false);
		read_scope(layouts, die);
		break;
	case DW_TAG_typedef:
		if (type_of(die, &type) && is_aggregate(&type) &&
		    !dwarf_diename(&type))
			read_aggregate(layouts, &type, dwarf_diename(die),
				       true);
		break;
	case DW_TAG_subprogram:
	case DW_TAG_lexical_block:
		read_scope(layouts, die);
		break;
	}
}

static void read_scope(struct layouts *layouts, Dwarf_Die *scope)
{
	Dwarf_Die die;
	int end;

	for (end = dwarf_child(scope, &die); !end;
	     end = dwarf_siblingof(&die, &die))
		read_declaration(layouts, &die);
	if (end < 0)
		dwarf_die_for(layouts->object, dwarf_errmsg(-1));
}

/* Does the debug information of this unit have all of its structs? */
static bool is_complete(Dwarf_Die *unit, uint8_t type)
{
	Dwarf_Attribute attribute;
	const char *producer = NULL;

	if (dwarf_attr(unit, DW_AT_producer, &attribute))
		producer = dwarf_formstring(&attribute);
	return type != DW_UT_skeleton &&
	       !(producer && (strstr(producer, "-femit-struct-debug") ||
			      strstr(producer, "-fdebug-types-section")));
}

/* The compiler names its source; a file of assembly has no such symbol. */
static bool is_assembly(const struct object *object)
{
	for (size_t i = 0; i < object->n_symbols; i++)
		if (object->symbols[i].is_file)
			return false;
	return true;
}

static struct layouts read_layouts(const struct object *object)
{
	struct layouts layouts = { .object = object };
	Dwarf *dwarf = dwarf_open_for(object, NULL);
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;
	uint8_t type;
	int end = 1;

	if (!dwarf) {
		layouts.is_known = is_assembly(object);
		return layouts;
	}
	layouts.is_known = true;
	while (!(end = dwarf_get_units(dwarf, unit, &unit, NULL, &type, &die,
				       NULL))) {
		layouts.is_known &= is_complete(&die, type);
		read_scope(&layouts, &die);
	}
	if (end < 0)
		dwarf_die_for(object, dwarf_errmsg(-1));
	return layouts;
}

/* --- comparing -----------------------------------------------------------*/

static bool is_same_member(const struct member *a, const struct member *b)
{
	return a->bit == b->bit && a->size == b->size &&
	       !strcmp(a->name, b->name);
}

static bool is_same(const struct layout *a, const struct layout *b)
{
	if (a->size != b->size || a->n_members != b->n_members)
		return false;
	for (size_t i = 0; i < a->n_members; i++)
		if (!is_same_member(&a->members[i], &b->members[i]))
			return false;
	return true;
}

static const struct member *find_member(const struct layout *layout,
					const char *name)
{
	for (size_t i = 0; i < layout->n_members; i++)
		if (!strcmp(layout->members[i].name, name))
			return &layout->members[i];
	return NULL;
}

/* A member that the other layout lacks, or NULL */
static const struct member *find_only_in(const struct layout *layout,
					 const struct layout *other)
{
	for (size_t i = 0; i < layout->n_members; i++)
		if (!find_member(other, layout->members[i].name))
			return &layout->members[i];
	return NULL;
}

/* "16", or "16 bit 3" */
static const char *offset_text(uint64_t bits)
{
	return bits % 8 ? xasprintf("%llu bit %llu", (ull)(bits / 8),
				    (ull)(bits % 8)) :
			  xasprintf("%llu", (ull)(bits / 8));
}

static const char *size_change(const struct member *pre,
			       const struct member *post)
{
	if (pre->size % 8 || post->size % 8)
		return xasprintf("member '%s' changes its size from %llu to %llu bits",
				 pre->name, (ull)pre->size, (ull)post->size);
	return xasprintf("member '%s' changes its size from %llu to %llu",
			 pre->name, (ull)(pre->size / 8),
			 (ull)(post->size / 8));
}

/*
 * For the message: the likely cause of all other differences.  NULL if only
 * the order of the members differs.
 */
static const char *difference(const struct layout *pre,
			      const struct layout *post)
{
	const struct member *member;

	member = find_only_in(post, pre);
	if (member)
		return xasprintf("member '%s' is new", member->name);
	member = find_only_in(pre, post);
	if (member)
		return xasprintf("member '%s' is gone", member->name);
	for (size_t i = 0; i < pre->n_members; i++) {
		member = find_member(post, pre->members[i].name);
		if (pre->members[i].size != member->size)
			return size_change(&pre->members[i], member);
	}
	for (size_t i = 0; i < pre->n_members; i++) {
		member = find_member(post, pre->members[i].name);
		if (pre->members[i].bit != member->bit)
			return xasprintf("member '%s' moves from offset %s to %s",
					 member->name,
					 offset_text(pre->members[i].bit),
					 offset_text(member->bit));
	}
	if (pre->size != post->size)
		return xasprintf("its size changes from %llu to %llu",
				 (ull)pre->size, (ull)post->size);
	return NULL;
}

/* A layout of the list that is the same, or NULL */
static const struct layout *find_same(const struct layout *layout,
				      const struct layout *list)
{
	for (; list; list = list->next)
		if (is_same(layout, list) || !difference(layout, list))
			return list;
	return NULL;
}

/* A layout that has no equal in the other list, or NULL */
static const struct layout *find_odd(const struct layout *list,
				     const struct layout *other)
{
	for (; list; list = list->next)
		if (!find_same(list, other))
			return list;
	return NULL;
}

/* It has the same members, and one of them is a struct that differs. */
static bool is_consequence(const struct layout *pre, struct layout **differ,
			   size_t n_differ)
{
	if (find_only_in(pre, pre->became) || find_only_in(pre->became, pre))
		return false;
	for (size_t i = 0; i < pre->n_members; i++)
		for (size_t j = 0; j < n_differ; j++)
			if (pre->members[i].type == differ[j]->die)
				return true;
	return false;
}

static void refuse_differences(const struct layouts *pre,
			       const struct layouts *post)
{
	struct layout **differ = NULL;
	size_t n_differ = 0;

	for (size_t i = 0; i < pre->n_keys; i++) {
		struct layout *list = strmap_get(&pre->by_key, pre->keys[i]);
		struct layout *other = strmap_get(&post->by_key, pre->keys[i]);
		const struct layout *odd = find_odd(other, list);

		for (; odd && list; list = list->next) {
			if (find_same(list, other))
				continue;
			list->became = odd;
			vec_add(differ, n_differ) = list;
		}
	}
	for (size_t i = 0; i < n_differ; i++)
		if (!is_consequence(differ[i], differ, n_differ))
			refuse("%s: %s '%s' has another layout: %s; objects of the running kernel keep the old one: put new values into shadow variables, see %s",
			       pre->object->unit, differ[i]->kind,
			       differ[i]->name,
			       difference(differ[i], differ[i]->became),
			       document("patch-author.md"));
}

static bool has_kept(struct object *post)
{
	struct span *span;

	for_each_span(span, post)
		if (span->decision.keep)
			return true;
	return false;
}

void layout_compare(struct pair *pairs, size_t n_pairs)
{
	bool is_warned = false;

	for (size_t i = 0; i < n_pairs; i++) {
		if (!has_kept(pairs[i].post))
			continue;

		const struct layouts pre = read_layouts(pairs[i].pre);
		const struct layouts post = read_layouts(pairs[i].post);

		if (!is_warned && (!pre.is_known || !post.is_known)) {
			warning("%s: cannot compare struct layouts: no debug information",
				pairs[i].unit);
			is_warned = true;
		}
		refuse_differences(&pre, &post);
	}
}
