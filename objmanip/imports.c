// SPDX-License-Identifier: GPL-2.0-only
/*
 * imports.c - the header that kmodsrc/old-code.c and new-code.c include
 *
 * Each placeholder becomes an export of the -old.ko; a namespace that exports
 * of the kernel are in is declared by the -new.ko.
 */
#include "write.h"
#include "output.h"

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
	output_write(path, text.at, text.n);
}
