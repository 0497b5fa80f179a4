/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * records.h - the tables of an update, as objmanip writes them
 *
 * "objmanip diff" writes them, the core reads them, "objmanip inspect" prints
 * them.  This file is compiled into both, so it uses fixed-width types only.
 *
 * The pre image describes the original code of every unit (object file) that
 * an update touches in one target.  It is one block of bytes without a single
 * ELF relocation: all references are indices or offsets from the start of the
 * block.  In the -old.ko module it is the section .init.ksplice_pre, which
 * the kernel frees when matching is done; the symbol ksplice_pre is its start.
 *
 * All numbers are in the byte order of the target machine.  Every table is
 * aligned to 8.  An index of KSPLICE_NONE means "none".
 *
 * Numbers given as "span offset" count bytes from the start of the span in
 * pre; the running code may have it elsewhere (see doc/run-pre.md).
 */
#ifndef KSPLICE_RECORDS_H
#define KSPLICE_RECORDS_H

#include <linux/types.h>

#define KSPLICE_PRE_MAGIC	0x3145525053504bULL	/* "KPSPRE1" */
#define KSPLICE_API_VERSION	4
#define KSPLICE_NONE		0xffffffffU

/* A table inside the pre image: its first byte and its number of entries. */
struct ksplice_table {
	__u32 offset;
	__u32 count;
};

struct ksplice_pre_header {
	__u64 magic;			/* KSPLICE_PRE_MAGIC */
	__u32 api_version;		/* KSPLICE_API_VERSION */
	__u32 size;			/* of the whole image, in bytes */
	struct ksplice_table units;	/* struct ksplice_unit */
	struct ksplice_table labels;	/* struct ksplice_label */
	struct ksplice_table spans;	/* struct ksplice_span */
	struct ksplice_table relocs;	/* struct ksplice_reloc */
	struct ksplice_table sites;	/* struct ksplice_site */
	struct ksplice_table imports;	/* struct ksplice_import */
	struct ksplice_table bytes;	/* of the spans; count: bytes */
	struct ksplice_table strings;	/* NUL-terminated; count: bytes */
};

struct ksplice_unit {
	__u32 name;			/* string: "fs/proc/cmdline.o" */
	__u32 first_span;		/* its spans are consecutive */
	__u32 n_spans;
	__u32 pad;
};

/*
 * A label is our unique name of a symbol within the change: the plain name
 * for a global symbol, "name@unit" for a local one, with "#N" appended where
 * that is ambiguous.
 */
enum ksplice_label_flags {
	KSPLICE_LABEL_GLOBAL	= 1 << 0,	/* one meaning in the target */
	KSPLICE_LABEL_WEAK	= 1 << 1,
	KSPLICE_LABEL_FUNCTION	= 1 << 2,
	KSPLICE_LABEL_PERCPU	= 1 << 3,	/* value is a per-cpu offset */
	/*
	 * Anonymous read-only data (a string, a constant, __func__).  It has
	 * no value of its own: each reference is checked against the bytes of
	 * the label's span, wherever it points.
	 */
	KSPLICE_LABEL_CONTENT	= 1 << 4,
	KSPLICE_LABEL_EXPORTED	= 1 << 5,	/* by the kernel or a module */
	/*
	 * Never learnt, never compared: code that is gone after boot (.init),
	 * or what the build makes anew each time.
	 */
	KSPLICE_LABEL_IGNORED	= 1 << 6,
	/*
	 * An absolute symbol of the linker or similar: the kallsyms value may
	 * be used without a match if it is unique.
	 */
	KSPLICE_LABEL_UNDEFINED	= 1 << 7,	/* not defined in the change */
};

struct ksplice_label {
	__u32 name;			/* string: the label */
	__u32 symbol;			/* string: the name kallsyms has */
	__u32 flags;			/* enum ksplice_label_flags */
	__u32 span;			/* defining span, or KSPLICE_NONE */
};

enum ksplice_span_kind {
	KSPLICE_SPAN_TEXT	= 1,	/* a function or a part of one */
	KSPLICE_SPAN_RODATA	= 2,	/* compared once its value is known */
	KSPLICE_SPAN_CONTENT	= 3,	/* see KSPLICE_LABEL_CONTENT */
	KSPLICE_SPAN_DATA	= 4,	/* writable: no bytes, never compared */
	KSPLICE_SPAN_REPLACEMENT = 5,	/* code of an alternative */
};

enum ksplice_span_flags {
	/*
	 * Will be replaced.  A function must match, and its entry gets the
	 * redirect; read-only data must match, and is overwritten; writable
	 * data is overwritten.
	 */
	KSPLICE_SPAN_REPLACED	= 1 << 0,
	/*
	 * A part (.cold) of a function that will be replaced: it must match
	 * and no task may be in it, but nothing is written to it.  span.parent
	 * names the function.
	 */
	KSPLICE_SPAN_PART	= 1 << 1,
	/*
	 * With one of these: the author of the patch allows tasks in it to end
	 * in the old code.
	 */
	KSPLICE_SPAN_ALLOW_RUNNING = 1 << 2,
};

struct ksplice_span {
	__u32 label;			/* of its first byte */
	__u32 section;			/* string: section name in pre */
	__u8 kind;			/* enum ksplice_span_kind */
	__u8 flags;			/* enum ksplice_span_flags */
	__u16 align;			/* in bytes, 0 if over 32768 */
	__u32 size;
	__u32 bytes;			/* offset in the bytes table */
	__u32 first_reloc, n_relocs;	/* sorted by offset */
	__u32 first_site, n_sites;	/* sorted by offset */
	__u32 parent;			/* span, see KSPLICE_SPAN_PART */
};

/* How a relocation stores its value; V value, A addend, P address of field. */
enum ksplice_howto {
	KSPLICE_ABS64	= 1,		/* 64 bits:  V + A */
	KSPLICE_ABS32	= 2,		/* 32 bits, zero-extended:  V + A */
	KSPLICE_ABS32S	= 3,		/* 32 bits, sign-extended:  V + A */
	KSPLICE_PC32	= 4,		/* 32 bits:  V + A - P */
	KSPLICE_PLT32	= 5,		/* the same, in a call or jump */
	KSPLICE_PC64	= 6,		/* 64 bits:  V + A - P */
};

/* Bytes that a relocation's field has; 0 of an unknown kind */
static inline unsigned int ksplice_howto_size(__u32 howto)
{
	switch (howto) {
	case KSPLICE_ABS32:
	case KSPLICE_ABS32S:
	case KSPLICE_PC32:
	case KSPLICE_PLT32:
		return 4;
	case KSPLICE_ABS64:
	case KSPLICE_PC64:
		return 8;
	default:
		return 0;
	}
}

/* The label's value (see its span for the point that it marks) plus addend. */
struct ksplice_reloc {
	__s64 addend;
	__u32 offset;			/* span offset of the field */
	__u32 label;
	__u32 howto;			/* enum ksplice_howto */
	__u32 pad;
};

/*
 * A site is a place that the kernel may have rewritten, at boot or later.  The
 * comments have the table that lists such sites, and what a record holds.
 * Kinds that only one architecture has are in its site-kinds.h; a number is one
 * kind in all of them.
 */
enum ksplice_site_kind {
	KSPLICE_SITE_ALTERNATIVE = 1,	/* .altinstructions; span: the
					 * replacement, none if it is empty
					 * (nops); several sites with one
					 * offset: several choices.  value:
					 * feature and flags as in the entry */
	KSPLICE_SITE_JUMP_LABEL	= 6,	/* __jump_table; label + addend: where
					 * it jumps; value: 1 if likely */
	KSPLICE_SITE_FTRACE	= 7,	/* __mcount_loc */
	KSPLICE_SITE_BUG	= 9,	/* __bug_table; not rewritten, but it
					 * must stay with its function */
	KSPLICE_SITE_EXTABLE	= 10,	/* __ex_table; not rewritten, either;
					 * label + addend: where a fault goes
					 * on; value: type and registers */
};

struct ksplice_site {
	__s64 addend;
	__u32 offset;			/* span offset */
	__u32 length;			/* bytes that may be rewritten; 0: the
					 * instruction at offset */
	__u32 kind;			/* enum ksplice_site_kind */
	__u32 label;			/* or KSPLICE_NONE */
	__u32 span;			/* or KSPLICE_NONE */
	__u32 value;
};

enum ksplice_import_flags {
	/*
	 * New code has the address of it, other than in a call or jump, and pre
	 * has it in none of its code and data.  If it is a function, a call
	 * through the pointer may be the only such call of it.
	 */
	KSPLICE_IMPORT_POINTER	= 1 << 0,
};

/*
 * A symbol that the new code needs.  One with a placeholder gets the value of
 * its label written into the export table of the -old.ko module.  One without
 * is exported by the kernel: the -new.ko refers to it by its own name, and
 * the core checks that the value learnt, if any, is the exported one.
 */
struct ksplice_import {
	__u32 label;
	__u32 placeholder;		/* string, or 0 */
	__u32 flags;			/* enum ksplice_import_flags */
	__u32 pad;
};

/*
 * The tables of an image that was read.  objmanip and the core check it each in
 * its own way before they follow an index or offset in it.
 */
struct ksplice_pre {
	const struct ksplice_unit *units;
	const struct ksplice_label *labels;
	const struct ksplice_span *spans;
	const struct ksplice_reloc *relocs;
	const struct ksplice_site *sites;
	const struct ksplice_import *imports;
	const __u8 *bytes;
	const char *strings;
	__u32 n_units, n_labels, n_spans, n_relocs, n_sites, n_imports;
	__u32 n_bytes, n_strings;
};

enum ksplice_replaced_kind {
	KSPLICE_REPLACED_FUNCTION = 1,	/* the old entry gets a redirect */
	KSPLICE_REPLACED_DATA	= 2,	/* the old bytes are overwritten; both
					 * have the same size */
};

/*
 * In the -new.ko, section .ksplice_replaced, from the symbol ksplice_replaced
 * to the symbol ksplice_replaced_end: one for each span to be replaced.
 */
struct ksplice_replaced_record {
	__u64 new_addr;			/* first byte of the new one */
	__u32 span;			/* index of the old one in the image */
	__u32 new_size;			/* bytes of the new one */
	__u32 kind;			/* enum ksplice_replaced_kind */
	__u32 pad;
};

/*
 * In the -new.ko, section .ksplice_constants, from the symbol ksplice_constants
 * to the symbol ksplice_constants_end: an operand in new code that boot filled
 * in where the kernel has it.  It gets the first bytes of the variable, or, if
 * the kernel has none, those of such an operand in the running code.
 */
struct ksplice_constant_record {
	__u64 operand;			/* address of its first byte */
	__u64 variable;			/* address */
	__u32 size;			/* bytes: 1, 4 or 8 */
	__u32 pad;
};

/* When a function of the patch's author is called: ksplice-patch.h */
enum ksplice_hook_kind {
	KSPLICE_HOOK_PRE_APPLY	= 1,
	KSPLICE_HOOK_CHECK_APPLY,
	KSPLICE_HOOK_APPLY,
	KSPLICE_HOOK_POST_APPLY,
	KSPLICE_HOOK_FAIL_APPLY,
	KSPLICE_HOOK_PRE_REVERSE,
	KSPLICE_HOOK_CHECK_REVERSE,
	KSPLICE_HOOK_REVERSE,
	KSPLICE_HOOK_POST_REVERSE,
	KSPLICE_HOOK_FAIL_REVERSE,
	KSPLICE_N_HOOK_KINDS
};

/*
 * In the -new.ko, section .ksplice_hooks, from the symbol ksplice_hooks to the
 * symbol ksplice_hooks_end.  Those of a unit follow one another, and a unit has
 * at most one of each kind.
 */
struct ksplice_hook_record {
	__u64 call;			/* int (*)(void) or void (*)(void) */
	__u64 name;			/* of the function: const char * */
	__u32 kind;			/* enum ksplice_hook_kind */
	__u32 unit;			/* its number in the image */
};

#endif
