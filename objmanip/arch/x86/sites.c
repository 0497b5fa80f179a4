// SPDX-License-Identifier: GPL-2.0-only
/*
 * sites.c - entries of tables, as sites of the pre image
 *
 * The fields of an entry of each table.  tables.c has how long the entries are
 * and which code they are about.
 */
#include "arch/x86/x86.h"
#include "kmodsrc/records.h"
#include "kmodsrc/arch/x86/site-kinds.h"
#include "model/kind.h"
#include "util/die.h"

#include <string.h>

const struct site_kind x86_site_kinds[X86_N_SITE_KINDS] = {
	[KSPLICE_SITE_ALTERNATIVE]	= { "alternative", .has_replacement = true },
	[KSPLICE_SITE_PARAVIRT]		= { "paravirt" },
	[KSPLICE_SITE_RETPOLINE]	= { "retpoline", .has_label = true },
	[KSPLICE_SITE_RETURN]		= { "return" },
	[KSPLICE_SITE_STATIC_CALL]	= { "static call", .has_label = true },
	[KSPLICE_SITE_JUMP_LABEL]	= { "jump label", .has_label = true },
	[KSPLICE_SITE_FTRACE]		= { "ftrace" },
	[KSPLICE_SITE_SMP_LOCK]		= { "smp lock" },
	[KSPLICE_SITE_BUG]		= { "bug" },
	[KSPLICE_SITE_EXTABLE]		= { "extable", .has_label = true },
	[KSPLICE_SITE_ENDBR]		= { "endbr" },
	[KSPLICE_SITE_CONSTANT]		= { "constant", .has_label = true },
};

/*
 * struct alt_instr: code, replacement (32 bits each), cpuid (16 bits), since
 * Linux 6.3 flags (16 bits), length, length of the replacement (8 bits each),
 * and until Linux 5.12 the length of padding.
 */
static void read_alternative(const struct span *entry, struct site *site)
{
	const uint8_t *bytes = span_bytes(entry);
	const struct reloc *replacement = table_field(entry, 4);
	const struct table *table = entry->section->table;
	const unsigned int at = table->replacement_length - 1;

	site->value = bytes[8] | bytes[9] << 8;
	if (at == 12)
		site->value |= bytes[10] << 16 | (uint32_t)bytes[11] << 24;
	site->length = bytes[at];
	site->replacement_length = bytes[at + 1];
	if (!site->replacement_length)
		return;
	if (!replacement || !replacement->referent ||
	    replacement->referent->section->kind != KIND_REPLACEMENT)
		die("'%s': an entry of '%s' has no replacement",
		    entry->section->object->path, entry->section->name);
	site->replacement = replacement->referent->start +
			    replacement->referent_offset;
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
	site->value = key->referent_offset & flags;
	site->reloc = key;
	site->addend = key->referent_offset & ~3LL;
}

/* The thunk is what the first relocation at the site is to. */
static void read_thunk(struct site *site)
{
	uint64_t start = site->span->start + site->offset;

	for (size_t i = 0; i < site->span->n_relocs; i++) {
		const struct reloc *reloc = &site->span->relocs[i];

		if (reloc->offset < start || reloc->offset > start + 3)
			continue;
		site->reloc = reloc;
		site->addend = reloc->referent_offset;
		return;
	}
}

/*
 * struct exception_table_entry: instruction, fix-up, and since Linux 5.16 a
 * type and registers (before, the address of a handler), 32 bits each.
 */
static void read_fixup(const struct span *entry, struct site *site)
{
	const uint8_t *bytes = span_bytes(entry);

	site->reloc = table_field(entry, 4);
	if (!site->reloc)
		die("'%s': an entry of '%s' has no fix-up",
		    entry->section->object->path, entry->section->name);
	site->addend = site->reloc->referent_offset;
	if (!table_field(entry, 8))
		site->value = bytes[8] | bytes[9] << 8 | bytes[10] << 16 |
			      (uint32_t)bytes[11] << 24;
}

/*
 * The entry is about the immediate operand at the end of an instruction, after
 * two bytes: a mov of 64 bits, or a shift or an and of 32, which may have a
 * prefix, or, in an and of eax, the end of what precedes it.
 */
static void read_constant(const struct span *entry, struct site *site)
{
	if (site->offset < 2)
		die("'%s': an entry of '%s' is not about an operand",
		    entry->section->object->path, entry->section->name);
	site->offset -= 2;
	site->length = 2 + entry->section->table->constant;
	site->variable = table_constant(entry);
}

/*
 * .ibt_endbr_seal, the table of endbr64 that boot overwrites, is made when all
 * of the kernel is linked: where an object has none, any of them may be in it.
 */
bool x86_entry_site(struct span *span, struct site *site)
{
	static const uint8_t endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };

	if (object_find_section(span->section->object, ".ibt_endbr_seal") ||
	    span->size < sizeof(endbr64) ||
	    memcmp(span_bytes(span), endbr64, sizeof(endbr64)))
		return false;
	*site = (struct site) { .span = span, .kind = KSPLICE_SITE_ENDBR };
	return true;
}

void x86_read_site(const struct span *entry, struct site *site)
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
		site->addend = site->reloc->referent_offset;
		break;
	case KSPLICE_SITE_SMP_LOCK:
		site->length = 1;
		break;
	case KSPLICE_SITE_EXTABLE:
		read_fixup(entry, site);
		break;
	case KSPLICE_SITE_CONSTANT:
		read_constant(entry, site);
		break;
	}
}
