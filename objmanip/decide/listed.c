// SPDX-License-Identifier: GPL-2.0-only
/*
 * listed.c - branches of new code that a table has to list
 *
 * End of the step "keep".  The kernel rewrites calls and jumps of thunks and
 * trampolines, and finds them by tables.  Most of these tables are no part of
 * what the compiler writes: objtool adds them to the object.  Code of an object
 * that it has not processed runs, but without mitigations of the CPU's faults.
 * What a branch goes to says which table it belongs to, so each one of kept
 * code must be the subject of an entry there.
 */
#include "decide/listed.h"
#include "arch/arch.h"
#include "model/kind.h"
#include "model/table.h"
#include "util/document.h"
#include "util/refuse.h"

#include <string.h>

static bool goes_to(const struct span *span, const struct reloc *reloc,
		    const char *prefix)
{
	return !strncmp(referent_name(reloc), prefix, strlen(prefix)) &&
	       span->section->object->arch->is_branch(span->section, reloc);
}

/* Is the relocation that of the instruction that the entry is about? */
static bool is_about(const struct span *entry, const struct span *span,
		     const struct reloc *reloc)
{
	struct insn insn;
	uint64_t offset;

	return table_subject(entry, &offset) == span && offset < span->size &&
	       span->section->object->arch->decode(span_bytes(span) + offset,
						   span->size - offset,
						   &insn) &&
	       insn.is_relative &&
	       span->start + offset + insn.field == reloc->offset;
}

static bool has_entry(const struct span *span, const struct reloc *reloc,
		      const char *table)
{
	for (size_t i = 0; i < span->links.n_entries; i++) {
		const struct span *entry = span->links.entries[i];

		if (!strcmp(entry->section->name, table) &&
		    is_about(entry, span, reloc))
			return true;
	}
	return false;
}

static void check_table(const struct span *span, const struct listed *listed)
{
	for (size_t i = 0; i < span->n_relocs; i++) {
		const struct reloc *reloc = &span->relocs[i];

		if (!goes_to(span, reloc, listed->prefix) ||
		    has_entry(span, reloc, listed->table))
			continue;
		refuse("%s: '%s' changes or is new, and '%s' has no entry for its branch to '%s' at offset 0x%llx: the build has to run objtool on the object, see %s",
		       span->section->object->unit, span->name, listed->table,
		       referent_name(reloc),
		       (unsigned long long)(reloc->offset - span->start),
		       document("troubleshooting.md"));
		return;
	}
}

void listed_check(const struct span *span)
{
	const struct listed *listed = span->section->object->arch->listed;

	if (!kind_is_code(span->section->kind))
		return;
	for (; listed->prefix; listed++)
		if (span->section->kind != KIND_REPLACEMENT ||
		    listed->in_replacements)
			check_table(span, listed);
}
