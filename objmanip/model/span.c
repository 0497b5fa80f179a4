// SPDX-License-Identifier: GPL-2.0-only
/*
 * span.c - a piece of a section that is treated as a whole
 */
#include "model/span.h"
#include "model/name.h"
#include "util/vec.h"

#include <string.h>

struct span *span_find(struct section *section, uint64_t offset)
{
	size_t low = 0, high = section->n_spans;

	if (!high)
		return NULL;
	while (high - low > 1) {	/* the answer is in [low, high) */
		size_t middle = (low + high) / 2;

		if (section->spans[middle]->start <= offset)
			low = middle;
		else
			high = middle;
	}
	return section->spans[low];
}

struct span *object_find_variable(const struct object *object,
				  const char *name)
{
	for (size_t i = 0; i < object->n_symbols; i++) {
		const struct symbol *symbol = &object->symbols[i];

		if (symbol->span && symbol->value == symbol->span->start &&
		    symbol->span->section->kind == KIND_DATA &&
		    !strcmp(symbol->name, name))
			return symbol->span;
	}
	return NULL;
}

bool span_is_content(const struct span *span)
{
	static const char *const names[] = {
		"__func__", "__FUNCTION__", "__PRETTY_FUNCTION__", "CSWTCH",
	};
	enum section_kind kind = span->section->kind;

	if (kind == KIND_STRING || kind == KIND_CONST)
		return true;
	if (kind != KIND_RODATA || span->n_relocs)
		return false;
	if (!span->symbol)
		return true;
	if (span->symbol->is_global)
		return false;

	const char *base = name_base(span->name);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(base, names[i]))
			return true;
	return false;
}

bool span_is_disposable(const struct span *span)
{
	/* A person may call a variable so; the macros have a section. */
	if (strstr(span->name, "descriptor") &&
	    strncmp(span->section->name, "__dyndbg", 8))
		return false;
	return name_is_disposable(span->name);
}

const char *referent_name(const struct reloc *reloc)
{
	return reloc->referent ? reloc->referent->name : reloc->symbol->name;
}

const char *referent_text(const struct reloc *reloc)
{
	if (!reloc->referent_offset)
		return referent_name(reloc);
	return xasprintf("%s%s", referent_name(reloc),
			 distance_text(reloc->referent_offset));
}
