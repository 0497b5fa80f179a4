// SPDX-License-Identifier: GPL-2.0-only
/*
 * sites.c - entries of tables, as sites of the pre image
 *
 * What the fields of an entry of each table are (x86-64).  table.c knows how
 * long the entries are and which place they are about.
 */
#include "arch/x86/sites.h"
#include "kmodsrc/records.h"
#include "model/kind.h"
#include "util/die.h"

/*
 * struct alt_instr: place, replacement (32 bits each), cpuid (16 bits), since
 * Linux 6.3 flags (16 bits), length, length of the replacement (8 bits each),
 * and until Linux 5.12 the length of padding.
 */
static void read_alternative(const struct span *entry, struct site *site)
{
	const uint8_t *bytes = span_bytes(entry);
	const struct reloc *replacement = table_field(entry, 4);
	unsigned int at = entry->section->entsize == 14 ? 12 : 10;

	site->value = bytes[8] | bytes[9] << 8;
	if (at == 12)
		site->value |= bytes[10] << 16 | (uint32_t)bytes[11] << 24;
	site->length = bytes[at];
	site->replacement_length = bytes[at + 1];
	if (!site->replacement_length)
		return;
	if (!replacement || !replacement->target ||
	    replacement->target->section->kind != KIND_REPLACEMENT)
		die("'%s': an entry of '%s' has no replacement",
		    entry->section->object->path, entry->section->name);
	site->replacement = replacement->target->start +
			    replacement->target_offset;
}

/* A key's address with flags in its two lowest bits */
static void read_key(const struct span *entry, struct site *site,
		     unsigned int flags)
{
	const struct reloc *key = table_field(entry,
			site->kind == KSPLICE_SITE_JUMP_LABEL ? 8 : 4);

	if (!key)
		die("'%s': an entry of '%s' has no key",
		    entry->section->object->path, entry->section->name);
	site->value = key->target_offset & flags;
	site->reloc = key;
	site->addend = key->target_offset & ~3LL;
}

/* The thunk is what the first relocation at the site is to. */
static void read_thunk(struct site *site)
{
	uint64_t start = site->place->start + site->offset;

	for (size_t i = 0; i < site->place->n_relocs; i++) {
		const struct reloc *reloc = &site->place->relocs[i];

		if (reloc->offset < start || reloc->offset > start + 3)
			continue;
		site->reloc = reloc;
		site->addend = reloc->target_offset;
		return;
	}
}

/*
 * struct exception_table_entry: place, fix-up, and since Linux 5.16 a type and
 * registers (before, the address of a handler), 32 bits each.
 */
static void read_fixup(const struct span *entry, struct site *site)
{
	const uint8_t *bytes = span_bytes(entry);

	site->reloc = table_field(entry, 4);
	if (!site->reloc)
		die("'%s': an entry of '%s' has no fix-up",
		    entry->section->object->path, entry->section->name);
	site->addend = site->reloc->target_offset;
	if (!table_field(entry, 8))
		site->value = bytes[8] | bytes[9] << 8 | bytes[10] << 16 |
			      (uint32_t)bytes[11] << 24;
}

static void read_fields(const struct span *entry, struct site *site)
{
	const uint8_t *bytes = span_bytes(entry);

	switch (site->kind) {
	case KSPLICE_SITE_ALTERNATIVE:
		read_alternative(entry, site);
		break;
	case KSPLICE_SITE_PARAVIRT:
		site->value = bytes[8];
		site->length = bytes[9];
		break;
	case KSPLICE_SITE_RETPOLINE:
		read_thunk(site);
		break;
	case KSPLICE_SITE_STATIC_CALL:
		read_key(entry, site, 3);
		break;
	case KSPLICE_SITE_JUMP_LABEL:
		read_key(entry, site, 1);
		site->reloc = table_field(entry, 4);
		if (!site->reloc)
			die("'%s': an entry of '%s' has no target",
			    entry->section->object->path,
			    entry->section->name);
		site->addend = site->reloc->target_offset;
		break;
	case KSPLICE_SITE_SMP_LOCK:
		site->length = 1;
		break;
	case KSPLICE_SITE_EXTABLE:
		read_fixup(entry, site);
		break;
	}
}

bool site_read(const struct span *entry, struct site *site)
{
	*site = (struct site) { .kind = entry->section->table->site_kind };
	if (!site->kind)
		return false;
	site->place = table_place(entry, &site->offset);
	if (!site->place || (site->place->section->kind != KIND_TEXT &&
			     site->place->section->kind != KIND_REPLACEMENT))
		return false;
	read_fields(entry, site);
	if (site->offset + site->length > site->place->size)
		die("'%s': '%s' is about a place behind the end of '%s'",
		    entry->section->object->path, entry->name,
		    site->place->name);
	return true;
}
