// SPDX-License-Identifier: GPL-2.0-only
/*
 * wanted.c - new symbols that other targets of the update refer to
 */
#include "decide/wanted.h"
#include "read/export.h"
#include "util/die.h"
#include "util/vec.h"

#include <stdio.h>
#include <string.h>

struct strmap wanted_read(const char *path)
{
	struct strmap wanted = {};
	FILE *file = fopen(path, "re");
	char name[4096];
	int n;

	if (!file)
		die("cannot read '%s': %m", path);
	while ((n = fscanf(file, "%4095s", name)) == 1)
		*strmap_slot(&wanted, xstrdup(name)) = (void *)path;
	if (n != EOF || ferror(file))
		die("'%s' is no list of names", path);
	fclose(file);
	return wanted;
}

bool wanted_has(const struct strmap *wanted, const struct symbol *symbol)
{
	const struct span *span = symbol->span;

	return wanted && symbol->is_global && span &&
	       symbol->value == span->start && span->diff.state == SPAN_NEW &&
	       (span->section->kind == KIND_TEXT ||
		span->section->kind == KIND_RODATA ||
		span->section->kind == KIND_DATA) &&
	       strmap_get(wanted, symbol->name) &&
	       !export_find(span->section->object, symbol->name);
}
