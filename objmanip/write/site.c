// SPDX-License-Identifier: GPL-2.0-only
/*
 * site.c - entries of tables, as sites of the pre image
 *
 * The fields of an entry are those of the architecture.
 */
#include "write/site.h"
#include "arch/arch.h"
#include "util/die.h"

bool site_at_entry(struct span *span, struct site *site)
{
	const struct arch *arch = span->section->object->arch;

	return span->section->kind == KIND_TEXT && arch->entry_site &&
	       arch->entry_site(span, site);
}

bool site_read(const struct span *entry, struct site *site)
{
	const struct object *object = entry->section->object;

	*site = (struct site) { .kind = entry->section->table->site_kind };
	if (!site->kind)
		return false;
	site->span = table_subject(entry, &site->offset);
	if (!site->span || (site->span->section->kind != KIND_TEXT &&
			    site->span->section->kind != KIND_REPLACEMENT))
		return false;
	object->arch->read_site(entry, site);
	if (site->offset + site->length > site->span->size)
		die("'%s': '%s' is about a place beyond the end of '%s'",
		    object->path, entry->name, site->span->name);
	return true;
}
