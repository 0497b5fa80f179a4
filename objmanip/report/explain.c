// SPDX-License-Identifier: GPL-2.0-only
/*
 * explain.c - why a function is replaced, for people
 *
 *	    +0x9: refers to 'x' instead of 'y' (fs/proc/cmdline.c:12)
 *	      - call y
 *	      + call x
 *	    inlines 'helper', which the patch changes
 *
 * Old and new code are read side by side with libopcodes, up to the first
 * instruction that is another one.  Fields that have a relocation are shown as
 * what they refer to; a jump inside of the function that only goes farther is
 * no difference.  Which function the patch has touched, and what is inlined
 * where, the debug information of pre tells: its lines are those of the
 * original.
 */
#include "report/explain.h"
#include "arch/arch.h"
#include "decide/compare.h"
#include "read/dwarf-open.h"
#include "util/die.h"
#include "util/strmap.h"
#include "util/vec.h"

#include <dis-asm.h>
#include <dwarf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef unsigned long long ull;

/* --- an instruction ------------------------------------------------------ */

/* What libopcodes prints of one, and where it stands */
struct printer {
	const struct span *span;
	uint64_t start, end;		/* in the span, of this instruction */
	struct bytes text;
	bool has_referent;		/* the text has a referent */
	size_t referent_start, referent_end;	/* where in the text */
};

static int print(void *stream, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static int print_styled(void *stream, enum disassembler_style style,
			const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void vprint(struct printer *printer, const char *fmt, va_list args)
{
	char text[256];

	vsnprintf(text, sizeof(text), fmt, args);
	bytes_printf(&printer->text, "%s", text);
}

static int print(void *stream, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprint(stream, fmt, args);
	va_end(args);
	return 0;
}

static int print_styled(void *stream, enum disassembler_style style,
			const char *fmt, ...)
{
	va_list args;

	(void)style;
	va_start(args, fmt);
	vprint(stream, fmt, args);
	va_end(args);
	return 0;
}

/* The relocation of the instruction, or NULL. */
static const struct reloc *reloc_of(const struct printer *printer)
{
	const struct span *span = printer->span;

	for (size_t i = 0; i < span->n_relocs; i++) {
		uint64_t at = span->relocs[i].offset - span->start;

		if (at >= printer->start && at < printer->end)
			return &span->relocs[i];
	}
	return NULL;
}

static void print_referent(struct printer *printer, const struct reloc *reloc)
{
	printer->referent_start = printer->text.n;
	bytes_printf(&printer->text, "%s", referent_text(reloc));
	printer->has_referent = true;
	printer->referent_end = printer->text.n;
}

/* An address in the instruction: of the span, unless it is relocated */
static void print_address(bfd_vma address, struct disassemble_info *info)
{
	struct printer *printer = info->stream;
	const struct reloc *reloc = reloc_of(printer);

	if (reloc)
		print_referent(printer, reloc);
	else
		bytes_printf(&printer->text, "+0x%llx", (ull)address);
}

static void init_info(struct disassemble_info *info, struct printer *printer)
{
	const struct span *span = printer->span;

	init_disassemble_info(info, printer, print, print_styled);
	info->arch = bfd_get_arch(span->section->object->bfd);
	info->mach = bfd_get_mach(span->section->object->bfd);
	info->buffer = (bfd_byte *)span_bytes(span);
	info->buffer_length = span->size;
	info->print_address_func = print_address;
	disassemble_init_for_target(info);
}

/* Reads the instructions of a span one after another. */
struct reader {
	struct printer printer;
	struct disassemble_info info;
	disassembler_ftype disassemble;
};

static bool reader_init(struct reader *reader, const struct span *span)
{
	bfd *bfd = span->section->object->bfd;

	*reader = (struct reader) {
		.printer.span = span,
		.disassemble = disassembler(bfd_get_arch(bfd), false,
					    bfd_get_mach(bfd), bfd),
	};
	init_info(&reader->info, &reader->printer);
	return reader->disassemble && span_bytes(span);
}

/* "call   helper", or NULL at the end; printer.start is where it stands. */
static const char *reader_next(struct reader *reader)
{
	struct printer *printer = &reader->printer;
	const struct reloc *reloc;
	int length;

	printer->start = printer->end;
	if (printer->start >= printer->span->size)
		return NULL;
	length = reader->disassemble(printer->start, &reader->info);
	if (length <= 0)
		return NULL;
	printer->end = printer->start + length;
	/* Again, now that it is known where it ends, and so what is in it. */
	printer->text.n = 0;
	printer->has_referent = false;
	reader->disassemble(printer->start, &reader->info);
	reloc = reloc_of(printer);
	if (reloc && !printer->has_referent) {
		bytes_printf(&printer->text, "  # ");
		print_referent(printer, reloc);
	}
	return xasprintf("%.*s", (int)printer->text.n, printer->text.at);
}

/* The instruction without what its field refers to, which has other names */
static const char *without_referent(const struct printer *printer)
{
	const char *text = (const char *)printer->text.at;

	return xasprintf("%.*s@%.*s", (int)printer->referent_start, text,
			 (int)(printer->text.n - printer->referent_end),
			 text + printer->referent_end);
}

/*
 * Is it the same for the comparison?  A static variable and a constant may have
 * another number, and be the same one.
 */
static bool refer_alike(const struct reader *a, const struct reader *b)
{
	const struct reloc *pre = reloc_of(&a->printer);
	const struct reloc *post = reloc_of(&b->printer);

	return pre && post && a->printer.has_referent &&
	       b->printer.has_referent &&
	       pre->offset - a->printer.span->start - a->printer.start ==
	       post->offset - b->printer.span->start - b->printer.start &&
	       compare_fields(a->printer.span, pre, b->printer.span, post) &&
	       !strcmp(without_referent(&a->printer),
		       without_referent(&b->printer));
}

/* Names alone say nothing: two variables may have the same one. */
static bool refer_otherwise(const struct reader *a, const struct reader *b)
{
	const struct reloc *pre = reloc_of(&a->printer);
	const struct reloc *post = reloc_of(&b->printer);

	return pre && post &&
	       !compare_fields(a->printer.span, pre, b->printer.span, post);
}

/* "jne    +0x1f" and "jne    +0x2f" */
static bool are_same(const struct arch *arch, const char *a, const char *b)
{
	const char *jump = strstr(a, " +0x");
	size_t n = jump ? (size_t)(jump - a) : 0;

	return !strcmp(a, b) ||
	       (jump && arch->is_jump_text(a) && !strncmp(a, b, n) &&
		!strncmp(b + n, " +0x", 4));
}

/* --- where in the source ------------------------------------------------- */

/* " (fs/x.c:12)", or "" without debug information */
static const char *source_line(const struct span *span, uint64_t offset,
			       const char *dir)
{
	const struct object *object = span->section->object;
	const char *file = NULL, *function = NULL;
	unsigned int line = 0;

	if (!bfd_find_nearest_line(object->bfd, span->section->bfd,
				   object->syms, span->start + offset, &file,
				   &function, &line) || !file || !line)
		return "";
	return xasprintf(" (%s:%u)", dwarf_plain_name(file, dir), line);
}

bool touched_add(struct touched_lines *lines, const char *text)
{
	const char *colon = strrchr(text, ':');
	struct touched touched;
	char end;

	if (!colon || colon == text ||
	    sscanf(colon, ":%u-%u%c", &touched.first, &touched.last, &end) != 2)
		return false;
	touched.file = xasprintf("%.*s", (int)(colon - text), text);
	vec_add(lines->list, lines->n) = touched;
	return true;
}

/* --- what is inlined ----------------------------------------------------- */

/* A function of the source, wherever its code is */
struct source {
	const char *file, *name;
	unsigned int line;		/* where it begins */
	bool is_touched;
};

/* What the debug information of pre says */
struct debug {
	const struct span *span;	/* of the function in question */
	const char *dir;
	Dwfl_Module *module;
	Dwarf_Die die;			/* of the function */
	bool found;
	struct source *sources;
	size_t n_sources;
};

static bool is_of_span(const struct debug *debug, Dwarf_Die *die)
{
	const char *name;
	Dwarf_Addr address;
	GElf_Word shndx;
	int index;

	if (dwarf_lowpc(die, &address))
		return false;
	index = dwfl_module_relocate_address(debug->module, &address);
	name = index < 0 ? NULL :
		dwfl_module_relocation_info(debug->module, index, &shndx);
	return name && !strcmp(name, debug->span->section->name) &&
	       address == debug->span->start;
}

static int take_function(Dwarf_Die *die, void *data)
{
	struct debug *debug = data;
	const char *file = dwarf_decl_file(die);
	const char *name = dwarf_diename(die);
	struct source source = { .name = name };
	int line;

	if (is_of_span(debug, die)) {
		debug->die = *die;
		debug->found = true;
	}
	if (!file || !name || dwarf_decl_line(die, &line))
		return DWARF_CB_OK;
	source.file = dwarf_plain_name(file, debug->dir);
	source.line = line;
	vec_add(debug->sources, debug->n_sources) = source;
	return DWARF_CB_OK;
}

/* Those that begin in the lines, and the one that the first is in */
static void mark_touched(struct debug *debug, const struct touched *touched)
{
	struct source *around = NULL;

	for (size_t i = 0; i < debug->n_sources; i++) {
		struct source *source = &debug->sources[i];

		if (strcmp(source->file, touched->file) ||
		    source->line > touched->last)
			continue;
		if (source->line > touched->first)
			source->is_touched = true;
		else if (!around || source->line >= around->line)
			around = source;
	}
	if (around)
		around->is_touched = true;
}

static const struct source *find_source(const struct debug *debug,
					Dwarf_Die *die)
{
	const char *file = dwarf_decl_file(die);
	const char *name = dwarf_diename(die);
	int line;

	if (!file || !name || dwarf_decl_line(die, &line))
		return NULL;
	for (size_t i = 0; i < debug->n_sources; i++) {
		const struct source *source = &debug->sources[i];

		if (source->line == (unsigned int)line &&
		    !strcmp(source->name, name) &&
		    !strcmp(source->file, dwarf_plain_name(file, debug->dir)))
			return source;
	}
	return NULL;
}

/* One line each, of all that is inlined below the die. */
static void explain_below(struct bytes *out, const struct debug *debug,
			  Dwarf_Die *die, struct strmap *said)
{
	Dwarf_Attribute attribute;
	Dwarf_Die child, origin;

	if (dwarf_child(die, &child))
		return;
	do {
		int tag = dwarf_tag(&child);
		const struct source *source = NULL;

		if (tag != DW_TAG_inlined_subroutine &&
		    tag != DW_TAG_lexical_block)
			continue;
		if (tag == DW_TAG_inlined_subroutine &&
		    dwarf_formref_die(dwarf_attr(&child, DW_AT_abstract_origin,
						 &attribute), &origin))
			source = find_source(debug, &origin);
		if (source && source->is_touched &&
		    !*strmap_slot(said, source->name)) {
			*strmap_slot(said, source->name) = (void *)source;
			bytes_printf(out, "    inlines '%s', which the patch changes\n",
				     source->name);
		}
		explain_below(out, debug, &child, said);
	} while (!dwarf_siblingof(&child, &child));
}

static void explain_inlined(struct bytes *out, struct debug *debug,
			    Dwarf *dwarf, const struct touched_lines *lines)
{
	const struct source *own;
	struct strmap said = {};
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;

	while (!dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &die, NULL))
		dwarf_getfuncs(&die, take_function, debug, 0);
	if (!debug->found)
		return;
	for (size_t i = 0; i < lines->n; i++)
		mark_touched(debug, &lines->list[i]);
	own = find_source(debug, &debug->die);
	if (!own || !own->is_touched)
		explain_below(out, debug, &debug->die, &said);
}

/* --- all of it ----------------------------------------------------------- */

void explain_difference(struct bytes *out, const struct span *pre,
			const struct touched_lines *lines)
{
	const struct arch *arch = pre->section->object->arch;
	const struct span *post = peer_of(pre);
	struct debug debug = { .span = pre };
	Dwarf *dwarf = dwarf_open_for(pre->section->object, &debug.module);
	const char *why = pre->diff.why, *old = NULL, *new = NULL;
	uint64_t old_at = pre->diff.offset, new_at = old_at;
	struct reader a, b;

	debug.dir = dwarf_compile_dir(dwarf);
	if (reader_init(&a, pre) && reader_init(&b, post))
		do {
			old = reader_next(&a);
			new = reader_next(&b);
		} while (old && new &&
			 (refer_alike(&a, &b) ||
			  (are_same(arch, old, new) &&
			   !refer_otherwise(&a, &b))));
	if (old || new) {
		/* The reason is about the bytes; it may have been a jump. */
		if (pre->diff.offset < a.printer.start ||
		    pre->diff.offset >= a.printer.end) {
			why = "another instruction";
			old_at = a.printer.start;
		}
		new_at = b.printer.start;
	}
	bytes_printf(out, "    +0x%llx: %s%s\n", (ull)old_at, why,
		     source_line(post, new_at, debug.dir));
	if (old)
		bytes_printf(out, "      - %s\n", old);
	if (new)
		bytes_printf(out, "      + %s\n", new);
	if (dwarf && lines->n)
		explain_inlined(out, &debug, dwarf, lines);
}
