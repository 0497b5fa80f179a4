// SPDX-License-Identifier: GPL-2.0-only
/*
 * export.c - the symbols that an object exports to modules
 */
#include "read/export.h"
#include "util/vec.h"

#include <string.h>

const char *export_name(const struct section *section)
{
	const char *plus = section->kind == KIND_EXPORT ?
		strchr(section->name, '+') : NULL;

	return plus && strstr(section->name, "ksymtab") ? plus + 1 : NULL;
}

bool export_is_gpl(const struct section *section)
{
	return strstr(section->name, "_gpl+");
}

static struct symbol *find_symbol(const struct object *object,
				  const char *name)
{
	for (size_t i = 0; i < object->n_symbols; i++)
		if (!strcmp(object->symbols[i].name, name))
			return &object->symbols[i];
	return NULL;
}

/* In ".export_symbol" it is behind the licence. */
static const char *namespace_inside(const struct section *section)
{
	const char *text = (const char *)section->contents;
	const size_t licence = strnlen(text, section->size) + 1;

	if (licence >= section->size || !text[licence] ||
	    !memchr(text + licence, 0, section->size - licence))
		return NULL;
	return text + licence;
}

static bool is_inside(const struct section *section)
{
	return !strcmp(bfd_section_name(section->bfd), ".export_symbol");
}

const char *export_namespace(const struct section *section)
{
	if (is_inside(section))
		return namespace_inside(section);

	const struct symbol *symbol = find_symbol(section->object,
		xasprintf("__kstrtabns_%s", export_name(section)));
	const char *text;

	if (!symbol || !symbol->section || !symbol->section->contents ||
	    symbol->value >= symbol->section->size)
		return NULL;
	text = (const char *)symbol->section->contents + symbol->value;
	return *text ? text : NULL;
}

struct section *export_find(struct object *object, const char *name)
{
	for (size_t i = 0; i < object->n_sections; i++) {
		const char *other = export_name(&object->sections[i]);

		if (other && !strcmp(other, name))
			return &object->sections[i];
	}
	return NULL;
}

struct symbol *export_symbol(const struct section *section)
{
	struct symbol *symbol = find_symbol(section->object,
					    export_name(section));

	return symbol && symbol->section ? symbol : NULL;
}
