// SPDX-License-Identifier: GPL-2.0-only
/*
 * new-code.c - the object with all new code of a target
 *
 * Step of "diff" after keep.c has decided: each kept span of the post objects
 * is copied with its relocations, which get new referents:
 *   1. a span that replaces no function, and is kept: its copy;
 *   2. a new function that replaces an old one: the copy, if it is called,
 *      jumped to, entered in the middle, or named in a table; the entry of the
 *      old function, if it is a pointer: pointers are compared and outlive the
 *      update;
 *   3. data whose contents are written over the old ones is imported: the copy
 *      is no variable;
 *   4. everything else is imported: under its own name if it is exported, else
 *      under a placeholder that the -old.ko exports (doc/design.md).
 * A function or variable gets a section of its own; pieces of tables, strings
 * and code of alternatives are joined, in the order that they had.
 */
#include "write/new-code.h"
#include "arch/arch.h"
#include "decide/exports.h"
#include "decide/hooks.h"
#include "decide/label.h"
#include "decide/wanted.h"
#include "kmodsrc/records.h"
#include "model/table.h"
#include "read/export.h"
#include "util/die.h"
#include "util/vec.h"
#include "write/elf-write.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* MODULE_NAME_LEN: what fits into a symbol of the version table */
enum { MAX_PLACEHOLDER = 55 };

/* Where the copy of a span is. */
struct copy {
	struct elf_section *section;
	uint64_t offset;
	struct elf_symbol *symbol;	/* at its start, or NULL */
};

struct writer {
	const struct arch *arch;
	struct elf *elf;
	const char *kid;
	const char *target;
	const struct symvers *symvers;
	struct imports *imports;
	struct strmap globals;		/* name: struct symbol, defined */
	struct strmap linked;		/* names that pre has, or refers to: the
					 * kernel was linked with them */
	struct strmap joined;		/* section name: struct elf_section */
	struct strmap undefined;	/* label: struct elf_symbol */
	struct strmap pointers;		/* labels that new code points to */
	struct strmap pre_pointers;	/* labels that pre points to */
	struct strmap taken;		/* names of global symbols */
};

/* Is it a new function that replaces an old one? */
static bool replaces_function(const struct span *span)
{
	return span->section->kind == KIND_TEXT && peer_of(span) &&
	       !span->links.parent;
}

/* Is it the new contents of data that the running kernel has? */
static bool is_in_place(const struct span *span)
{
	return span->section->kind != KIND_TEXT && peer_of(span) &&
	       peer_of(span)->decision.replaced;
}

/* --- sections ------------------------------------------------------------ */

static bool is_joined(const struct section *section)
{
	switch (section->kind) {
	case KIND_TEXT:
	case KIND_RODATA:
	case KIND_DATA:
		return false;
	default:
		return true;
	}
}

static const char *section_name(const struct section *section)
{
	/* The module loader knows one section of per-cpu data, by name. */
	if (section->kind == KIND_PERCPU)
		return ".data..percpu";
	/* No merging any more, so the plain name. */
	if (section->kind == KIND_STRING || section->kind == KIND_CONST)
		return section->flags & SEC_READONLY ? ".rodata" : ".data";
	return section->name;
}

static struct elf_section *new_section(struct writer *writer,
				       const struct section *section)
{
	uint64_t flags = SHF_ALLOC;

	if (section->flags & SEC_CODE)
		flags |= SHF_EXECINSTR;
	if (!(section->flags & SEC_READONLY))
		flags |= SHF_WRITE;
	return elf_section_new(writer->elf, section_name(section),
			       section->contents || !section->size ?
			       SHT_PROGBITS : SHT_NOBITS, flags);
}

static struct elf_section *joined_section(struct writer *writer,
					  const struct section *section)
{
	void **slot = strmap_slot(&writer->joined, section_name(section));

	if (!*slot)
		*slot = new_section(writer, section);
	return *slot;
}

static uint64_t span_align(const struct span *span)
{
	uint64_t align = span->section->align;
	uint64_t lowest = span->start & -span->start;

	/* Code of alternatives and tables: one piece right after another. */
	if (span->section->kind == KIND_REPLACEMENT || span->section->table)
		return 1;
	return span->start && lowest < align ? lowest : align;
}

/*
 * Assembly code may run on, or jump without a relocation, into the next
 * function: neighbours stay neighbours.
 */
static struct copy *copy_after(const struct span *span,
			       const struct span *before)
{
	const struct copy *neighbour = before->emit.copy;
	uint64_t end = before->start + before->size;
	struct copy *copy = xcalloc(1, sizeof(*copy));

	copy->section = neighbour->section;
	elf_section_add(copy->section, span->section->contents ?
			span->section->contents + end : NULL,
			span->start - end, 1);
	copy->offset = elf_section_add(copy->section, span_bytes(span),
				       span->size, 1);
	return copy;
}

static struct copy *copy_joined(struct writer *writer,
				const struct span *span)
{
	const struct section *section = span->section;
	struct copy *copy = xcalloc(1, sizeof(*copy));

	copy->section = joined_section(writer, section);
	if (section->table) {
		uint64_t over = copy->section->bytes.n % section->entsize;

		/* The last entry of a table may have been a short one. */
		if (over)
			elf_section_add(copy->section, NULL,
					section->entsize - over, 1);
		if (copy->section->align < section->align)
			copy->section->align = section->align;
	}
	copy->offset = elf_section_add(copy->section, span_bytes(span),
				       span->size, span_align(span));
	return copy;
}

/*
 * In a section of its own: room before it, then the padding, where the kernel
 * may write code, and the span.
 */
static struct copy *copy_own(struct writer *writer, const struct span *span,
			     uint64_t room, uint64_t align)
{
	struct copy *copy = xcalloc(1, sizeof(*copy));

	copy->section = new_section(writer, span->section);
	elf_section_add(copy->section, NULL, room, align);
	if (span->padding)
		elf_section_add(copy->section, span->section->contents +
				span->start - span->padding, span->padding, 1);
	copy->offset = elf_section_add(copy->section, span_bytes(span),
				       span->size, 1);
	return copy;
}

/* The next one is copied as well: both are aligned as the section is. */
static struct copy *copy_first(struct writer *writer, const struct span *span)
{
	const uint64_t align = span->section->align;

	return copy_own(writer, span, (span->start - span->padding) % align,
			align);
}

static struct copy *copy_alone(struct writer *writer, const struct span *span)
{
	return copy_own(writer, span, 0, span_align(span));
}

static void copy_section(struct writer *writer, const struct section *section)
{
	for (size_t i = 0; i < section->n_spans; i++) {
		struct span *span = section->spans[i];
		const struct span *before = i ? section->spans[i - 1] : NULL;
		const struct span *next = i + 1 < section->n_spans ?
			section->spans[i + 1] : NULL;

		if (!span->decision.keep)
			continue;
		if (is_joined(section))
			span->emit.copy = copy_joined(writer, span);
		else if (before && before->emit.copy)
			span->emit.copy = copy_after(span, before);
		else if (next && next->decision.keep)
			span->emit.copy = copy_first(writer, span);
		else
			span->emit.copy = copy_alone(writer, span);
	}
}

/* Records of our own take the place of that table. */
static bool is_of_constants(const struct section *section)
{
	return section->table && section->table->constant;
}

static void copy_spans(struct writer *writer, struct object *post)
{
	for (size_t i = 0; i < post->n_sections; i++)
		if (post->sections[i].kind != KIND_EXPORT &&
		    !is_of_constants(&post->sections[i]))
			copy_section(writer, &post->sections[i]);
}

/* --- symbols ------------------------------------------------------------- */

static bool is_copied(const struct symbol *symbol)
{
	return symbol->span && symbol->span->emit.copy && !symbol->is_section &&
	       !symbol->is_file && *symbol->name &&
	       strncmp(symbol->name, ".L", 2);
}

/*
 * A global name that is exported stays free for the import of the original;
 * one that is taken belongs to another unit's weak copy.
 */
static bool may_be_global(struct writer *writer, const char *name)
{
	if (symvers_find(writer->symvers, name))
		return false;

	void **slot = strmap_slot(&writer->taken, name);
	bool is_taken = *slot;

	*slot = writer;
	return !is_taken;
}

/*
 * The running kernel has a function of that name already.  The name must keep
 * its one meaning, the original, for tracing and probes: the kernel refuses a
 * probe on a name that two functions have.  So it is with data.
 */
static const char *new_name(const struct writer *writer,
			    const struct symbol *symbol)
{
	if (!is_in_place(symbol->span) &&
	    (!symbol->is_function || !peer_of(symbol->span)))
		return symbol->name;
	return xasprintf("%s.ksplice_%s", symbol->name, writer->kid);
}

static void copy_symbol(struct writer *writer, const struct symbol *symbol)
{
	const struct span *span = symbol->span;
	struct copy *copy = span->emit.copy;
	struct elf_symbol *out = elf_symbol_new(writer->elf,
		new_name(writer, symbol), copy->section,
		copy->offset + symbol->value - span->start);

	out->size = symbol->size;
	out->type = symbol->is_function ? STT_FUNC :
		    symbol->is_object ? STT_OBJECT : STT_NOTYPE;
	out->is_global = symbol->is_global &&
			 may_be_global(writer, symbol->name);
	if (symbol == span->symbol)
		copy->symbol = out;
}

static void copy_symbols(struct writer *writer, struct object *post)
{
	for (size_t i = 0; i < post->n_symbols; i++)
		if (is_copied(&post->symbols[i]))
			copy_symbol(writer, &post->symbols[i]);
}

static void collect_globals(struct writer *writer, struct object *post)
{
	for (size_t i = 0; i < post->n_symbols; i++) {
		struct symbol *symbol = &post->symbols[i];
		struct symbol **slot;

		if (!symbol->is_global || !symbol->span)
			continue;
		slot = (struct symbol **)strmap_slot(&writer->globals,
						     symbol->name);
		if (!*slot || ((*slot)->is_weak && !symbol->is_weak))
			*slot = symbol;
	}
}

static void collect_linked(struct writer *writer, const struct object *pre)
{
	for (size_t i = 0; i < pre->n_symbols; i++) {
		const struct symbol *symbol = &pre->symbols[i];

		/* What is weak may have stayed undefined. */
		if (symbol->is_global && (symbol->section || !symbol->is_weak))
			*strmap_slot(&writer->linked, symbol->name) = writer;
	}
}

/* --- imports ------------------------------------------------------------- */

/*
 * No other module may export it: it has the id of the update, the target, and a
 * number.  What follows the number is for people, and may be cut off.
 */
static const char *placeholder(struct writer *writer, const char *name)
{
	char *unique = xasprintf("ksplice_%s_%s_%zu", writer->kid,
				 writer->target, writer->imports->n);
	char *text = xasprintf("%s_%s", unique, name);

	if (strlen(unique) > MAX_PLACEHOLDER)
		die("'%s' would be too long for a symbol: use a shorter --id",
		    unique);
	free(unique);
	for (char *c = text; *c; c++)
		if (!isalnum((unsigned char)*c))
			*c = '_';
	if (strlen(text) > MAX_PLACEHOLDER)
		text[MAX_PLACEHOLDER] = '\0';
	return text;
}

/* A symbol without a known definition: what needs it, for people */
static const char *needed_by(const struct writer *writer,
			     const struct span *from,
			     const struct symbol *symbol)
{
	if (symbol->is_weak || !strcmp(symbol->name, "__this_module") ||
	    symvers_find(writer->symvers, symbol->name) ||
	    strmap_get(&writer->linked, symbol->name))
		return NULL;
	return xasprintf("%s %s", from->section->object->unit,
			 (from->links.parent ?: from)->name);
}

static struct elf_symbol *import(struct writer *writer, const char *label,
				 const char *name, bool is_global,
				 const char *by)
{
	struct elf_symbol **slot =
		(struct elf_symbol **)strmap_slot(&writer->undefined, label);

	if (*slot)
		return *slot;

	const struct export *export = is_global ?
		symvers_find(writer->symvers, name) : NULL;

	/* The kernel does not link with a module that is just coming. */
	if (export && strcmp(writer->target, "vmlinux") &&
	    export_is_of(export, writer->target))
		export = NULL;
	/* Nor those of an update with what is for others by their names. */
	if (export && export_is_for_modules(export))
		export = NULL;

	struct import entry = {
		.label = label,
		.symbol = name,
		.placeholder = export ? NULL : placeholder(writer, name),
		.namespace = export ? export->namespace : NULL,
		.needed_by = by,
	};

	vec_add(writer->imports->entries, writer->imports->n) = entry;
	*slot = elf_symbol_new(writer->elf, export ? name : entry.placeholder,
			       NULL, 0);
	return *slot;
}

static struct elf_symbol *import_span(struct writer *writer,
				      const struct span *from,
				      const struct span *span)
{
	const struct symbol *symbol = span->symbol;

	switch (span->section->kind) {
	case KIND_TEXT:
	case KIND_RODATA:
	case KIND_DATA:
	case KIND_PERCPU:
	case KIND_FIXED:
	case KIND_UNKNOWN:
		break;
	default:
		die("%s: new code of '%s' refers to '%s' in '%s', which cannot be imported",
		    from->section->object->unit, from->name, span->name,
		    span->section->name);
	}
	if (!peer_of(span))
		die("%s: new code of '%s' refers to '%s', which is not in the original and was not kept",
		    from->section->object->unit, from->name, span->name);
	return import(writer, span->label, symbol ? symbol->name : "",
		      symbol && symbol->is_global, NULL);
}

/* --- pointers ------------------------------------------------------------ */

/*
 * Does it give code or data the address of the referent, other than in a call
 * or jump?  An entry of a table does not: nothing is called by it.
 */
static bool is_pointer(const struct span *from, const struct reloc *reloc)
{
	const struct section *section = from->section;

	switch (section->kind) {
	case KIND_TEXT:
	case KIND_REPLACEMENT:
	case KIND_ALT_AUX:
	case KIND_RODATA:
	case KIND_DATA:
	case KIND_PERCPU:
		return !section->object->arch->is_branch(section, reloc);
	default:
		return false;
	}
}

static void add_pointer(struct strmap *pointers, const char *label)
{
	*strmap_slot(pointers, label) = pointers;
}

static void collect_pointers(struct writer *writer, struct object *pre)
{
	struct span *span;

	for_each_span(span, pre)
		for (size_t i = 0; i < span->n_relocs; i++) {
			const struct reloc *reloc = &span->relocs[i];

			/* One into a function is none to it. */
			if (is_pointer(span, reloc) && !reloc->referent_offset)
				add_pointer(&writer->pre_pointers,
					    reloc->referent ?
					    reloc->referent->label :
					    label_symbol(reloc->symbol));
		}
}

/* When all that refers to them is known */
static void mark_pointers(struct writer *writer)
{
	for (size_t i = 0; i < writer->imports->n; i++) {
		struct import *import = &writer->imports->entries[i];

		import->is_pointer =
			strmap_get(&writer->pointers, import->label) &&
			!strmap_get(&writer->pre_pointers, import->label);
	}
}

/* --- relocations --------------------------------------------------------- */

/* Rules 2 and 3 of the file head */
static bool means_copy(const struct span *from, const struct reloc *reloc,
		       const struct span *referent, int64_t offset)
{
	if (is_in_place(referent))
		return false;
	return !replaces_function(referent) || from->section->table || offset ||
	       from->section->object->arch->is_branch(from->section, reloc);
}

static void copy_reloc(struct writer *writer, const struct span *from,
		       const struct reloc *reloc)
{
	const struct copy *at = from->emit.copy;
	const struct symbol *symbol = reloc->symbol;
	const struct span *referent = reloc->referent;
	int64_t offset = reloc->referent_offset;
	struct elf_symbol *out;

	/* Defined in another unit of the target, or there is a better one? */
	if ((!referent && !symbol->section) ||
	    (referent && referent->decision.overridden)) {
		const struct symbol *global =
			strmap_get(&writer->globals,
				   referent ? referent->name : symbol->name);

		if (global) {
			referent = global->span;
			offset += global->value - referent->start;
		}
	}

	if (!referent) {
		if (bfd_is_abs_section(symbol->bfd->section)) {
			out = elf_symbol_new(writer->elf, symbol->name, NULL,
					     symbol->value);
			out->is_absolute = true;
			out->is_global = false;
		} else {
			out = import(writer, label_symbol(symbol),
				     symbol->name, true,
				     needed_by(writer, from, symbol));
			if (is_pointer(from, reloc))
				add_pointer(&writer->pointers,
					    label_symbol(symbol));
		}
	} else if (referent->emit.copy &&
		   means_copy(from, reloc, referent, offset)) {
		const struct copy *copy = referent->emit.copy;

		out = copy->symbol;
		if (!out) {
			out = elf_section_symbol(copy->section);
			offset += copy->offset;
		}
	} else {
		out = import_span(writer, from, referent);
		if (is_pointer(from, reloc))
			add_pointer(&writer->pointers, referent->label);
	}
	elf_reloc_add(at->section, at->offset + reloc->offset - from->start,
		      reloc->type->number, out, offset - reloc->bias);
}

static void copy_relocs(struct writer *writer, struct object *post)
{
	struct span *span;

	for_each_span(span, post)
		for (size_t i = 0; span->emit.copy && i < span->n_relocs; i++)
			copy_reloc(writer, span, &span->relocs[i]);
}

/* --- exports ------------------------------------------------------------- */

static void add_exports(struct writer *writer, const struct pair *pair)
{
	for (size_t i = 0; i < pair->post->n_sections; i++) {
		const struct section *section = &pair->post->sections[i];

		if (!exports_is_new(pair->pre, section))
			continue;

		const struct span *span = export_symbol(section)->span;
		struct new_export entry = {
			.name = export_name(section),
			.namespace = export_namespace(section),
			.is_gpl = export_is_gpl(section),
		};

		/* As a pointer: what the running kernel has is the original. */
		if (peer_of(span)) {
			entry.import = import_span(writer, span, span)->name;
			add_pointer(&writer->pointers, span->label);
		}
		vec_add(writer->imports->exports,
			writer->imports->n_exports) = entry;
	}
	for (size_t i = 0; i < pair->post->n_symbols; i++) {
		const struct symbol *symbol = &pair->post->symbols[i];
		struct new_export entry = {
			.name = symbol->name,
			.is_gpl = true,
		};

		if (wanted_has(pair->wanted, symbol))
			vec_add(writer->imports->exports,
				writer->imports->n_exports) = entry;
	}
}

/* --- .ksplice_replaced, .ksplice_hooks, .ksplice_constants --------------- */

static struct elf_section *section_of_records(struct writer *writer,
					      const char *name)
{
	struct elf_section *section =
		elf_section_new(writer->elf, name, SHT_PROGBITS, SHF_ALLOC);

	section->align = 8;
	return section;
}

/* The address of the copy, in a field of 64 bits */
static void add_address(struct writer *writer, struct elf_section *section,
			uint64_t at, const struct copy *copy)
{
	elf_reloc_add(section, at, writer->arch->pointer_type,
		      copy->symbol ?: elf_section_symbol(copy->section),
		      copy->symbol ? 0 : copy->offset);
}

/* Symbols at the start and the end of what is complete now */
static void add_bounds(struct writer *writer, struct elf_section *section,
		       const char *start, const char *end)
{
	elf_symbol_new(writer->elf, start, section, 0)->is_global = true;
	elf_symbol_new(writer->elf, end, section,
		       section->bytes.n)->is_global = true;
}

static void add_record(struct writer *writer, struct elf_section *records,
		       const struct span *pre)
{
	const struct span *post = peer_of(pre);
	const struct copy *copy = post->emit.copy;
	struct ksplice_replaced_record record = {
		.span = pre->emit.index,
		.new_size = post->size,
		.kind = post->section->kind == KIND_TEXT ?
			KSPLICE_REPLACED_FUNCTION : KSPLICE_REPLACED_DATA,
	};
	uint64_t at = elf_section_add(records, &record, sizeof(record), 8);

	add_address(writer, records, at + offsetof(typeof(record), new_addr),
		    copy);
}

static void add_records(struct writer *writer, struct pair *pairs,
			size_t n_pairs)
{
	struct elf_section *records =
		section_of_records(writer, ".ksplice_replaced");
	struct span *span;

	for (size_t i = 0; i < n_pairs; i++)
		for_each_span(span, pairs[i].pre)
			if (span->decision.replaced && !span->links.parent &&
			    peer_of(span) && peer_of(span)->emit.copy)
				add_record(writer, records, span);
	add_bounds(writer, records, "ksplice_replaced", "ksplice_replaced_end");
}

/* An entry of a table of constants, which the module loader does not know */
static void add_constant(struct writer *writer, struct elf_section *constants,
			 struct object *post, const struct span *entry)
{
	const char *name = table_constant(entry);
	const struct span *variable = object_find_variable(post, name);
	uint64_t offset;
	const struct span *subject = table_subject(entry, &offset);
	struct ksplice_constant_record record = {
		.size = entry->section->table->constant,
	};
	uint64_t at = elf_section_add(constants, &record, sizeof(record), 8);
	struct elf_symbol *symbol = variable ?
		import_span(writer, subject, variable) :
		import(writer, name, name, true, NULL);

	elf_reloc_add(constants, at + offsetof(typeof(record), operand),
		      writer->arch->pointer_type,
		      elf_section_symbol(subject->emit.copy->section),
		      subject->emit.copy->offset + offset);
	elf_reloc_add(constants, at + offsetof(typeof(record), variable),
		      writer->arch->pointer_type, symbol, 0);
}

static void add_constants(struct writer *writer, struct pair *pairs,
			  size_t n_pairs)
{
	struct elf_section *constants =
		section_of_records(writer, ".ksplice_constants");
	struct span *span;

	for (size_t i = 0; i < n_pairs; i++)
		for_each_span(span, pairs[i].post)
			if (span->decision.keep &&
			    is_of_constants(span->section))
				add_constant(writer, constants, pairs[i].post,
					     span);
	add_bounds(writer, constants, "ksplice_constants",
		   "ksplice_constants_end");
}

static void add_hook(struct writer *writer, struct elf_section *hooks,
		     struct elf_section *names, const struct span *hook,
		     unsigned int unit)
{
	const struct span *function = hook_function(hook);
	struct ksplice_hook_record record = {
		.kind = hook_kind(hook),
		.unit = unit,
	};
	uint64_t at = elf_section_add(hooks, &record, sizeof(record), 8);
	uint64_t name = elf_section_add(names, function->name,
					strlen(function->name) + 1, 1);

	add_address(writer, hooks, at + offsetof(typeof(record), call),
		    function->emit.copy);
	elf_reloc_add(hooks, at + offsetof(typeof(record), name),
		      writer->arch->pointer_type, elf_section_symbol(names),
		      name);
}

static void add_hooks(struct writer *writer, struct pair *pairs,
		      size_t n_pairs)
{
	struct elf_section *hooks =
		section_of_records(writer, ".ksplice_hooks");
	struct elf_section *names =
		elf_section_new(writer->elf, ".rodata.ksplice_hooks",
				SHT_PROGBITS, SHF_ALLOC);
	struct span *span;

	for (size_t i = 0; i < n_pairs; i++)
		for_each_span(span, pairs[i].post)
			if (span->section->kind == KIND_HOOK)
				add_hook(writer, hooks, names, span, i);
	add_bounds(writer, hooks, "ksplice_hooks", "ksplice_hooks_end");
}

void new_code_write(const char *path, struct pair *pairs, size_t n_pairs,
		    const char *kid, const char *target,
		    const struct symvers *symvers, struct imports *imports)
{
	const struct arch *arch = pairs[0].post->arch;
	struct writer writer = {
		.arch = arch,
		.elf = elf_new(arch->machine),
		.kid = kid,
		.target = target,
		.symvers = symvers,
		.imports = imports,
	};

	for (size_t i = 0; i < n_pairs; i++) {
		copy_spans(&writer, pairs[i].post);
		collect_globals(&writer, pairs[i].post);
		collect_linked(&writer, pairs[i].pre);
		collect_pointers(&writer, pairs[i].pre);
	}
	for (size_t i = 0; i < n_pairs; i++)
		copy_symbols(&writer, pairs[i].post);
	for (size_t i = 0; i < n_pairs; i++)
		copy_relocs(&writer, pairs[i].post);
	for (size_t i = 0; i < n_pairs; i++)
		add_exports(&writer, &pairs[i]);
	add_records(&writer, pairs, n_pairs);
	add_constants(&writer, pairs, n_pairs);
	add_hooks(&writer, pairs, n_pairs);
	mark_pointers(&writer);
	elf_write(writer.elf, path);
}
