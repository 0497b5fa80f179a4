// SPDX-License-Identifier: GPL-2.0-only
/*
 * imports.c - the header that kmodsrc/old-code.c, new-code.c and new-exports.c
 * include
 *
 * Each placeholder becomes an export of the -old.ko; a namespace that exports
 * of the kernel are in is declared by the -new.ko, which has the new exports.
 */
#include "write/imports.h"
#include "util/output.h"
#include "util/strmap.h"

static void add_export(struct bytes *text, const struct new_export *export)
{
	if (export->import)
		bytes_printf(text, "KSPLICE_EXPORT_AS(%s, %s)\n",
			     export->name, export->import);
	if (export->namespace)
		bytes_printf(text, "KSPLICE_EXPORT_NS%s(%s, %s)\n",
			     export->is_gpl ? "_GPL" : "", export->name,
			     export->namespace);
	else
		bytes_printf(text, "KSPLICE_EXPORT%s(%s)\n",
			     export->is_gpl ? "_GPL" : "", export->name);
}

void imports_write(const char *path, const struct imports *imports)
{
	struct bytes text = { 0 };
	struct strmap namespaces = { 0 };

	for (size_t i = 0; i < imports->n; i++) {
		const struct import *import = &imports->entries[i];

		if (import->placeholder)
			bytes_printf(&text, "KSPLICE_IMPORT(%s)\n",
				     import->placeholder);
		if (!import->namespace)
			continue;

		void **slot = strmap_slot(&namespaces, import->namespace);

		if (!*slot)
			bytes_printf(&text, "KSPLICE_IMPORT_NS(%s)\n",
				     import->namespace);
		*slot = &namespaces;
	}
	for (size_t i = 0; i < imports->n_exports; i++)
		add_export(&text, &imports->exports[i]);
	output_write(path, text.at, text.n);
}

void imports_write_needs(const char *path, const struct imports *imports)
{
	struct bytes text = { 0 };

	for (size_t i = 0; i < imports->n; i++)
		if (imports->entries[i].needed_by)
			bytes_printf(&text, "%s %s\n",
				     imports->entries[i].symbol,
				     imports->entries[i].needed_by);
	output_write(path, text.at, text.n);
}
