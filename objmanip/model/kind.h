/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kind.h - the kinds of sections
 */
#ifndef OBJMANIP_MODEL_KIND_H
#define OBJMANIP_MODEL_KIND_H

#include <stdbool.h>

enum section_kind {
	KIND_TEXT,		/* .text, .text.*, .noinstr.text ... */
	KIND_RODATA,		/* .rodata, .rodata.* */
	KIND_STRING,		/* *.str1.1, *.str1.8: mergeable strings */
	KIND_CONST,		/* .rodata.cst*: mergeable constants;
				 * .data..Lubsan_*: what UBSAN reports */
	KIND_DATA,		/* .data, .data.*, .bss.*, ro_after_init ... */
	KIND_PERCPU,		/* .data..percpu* */
	KIND_INIT,		/* .init.*, .exit.*, .initcall*: not for us */
	KIND_TABLE,		/* a table of entries about code, table.h */
	KIND_EXPORT,		/* ___ksymtab*, __ksymtab_strings ... */
	KIND_REPLACEMENT,	/* .altinstr_replacement: code of alternatives;
				 * the span's parent is the function */
	KIND_ALT_AUX,		/* .altinstr_aux: code that functions jump to
				 * until alternatives are applied; the kernel
				 * frees it after boot.  parent: likewise */
	KIND_FIXED,		/* what boot registers somewhere: tracepoints,
				 * events, parameters ... may be referred to,
				 * may not change or be added */
	KIND_HOOK,		/* .ksplice_hooks.*: see hooks.h */
	KIND_DEBUG,		/* .debug_*, not allocated */
	KIND_IGNORED,		/* .comment, .note.*, .modinfo, .discard.* */
	KIND_UNKNOWN,
};

/* For people: "read-only data" */
const char *kind_name(enum section_kind kind);

/* Code that runs: KIND_TEXT, KIND_REPLACEMENT or KIND_ALT_AUX */
bool kind_is_code(enum section_kind kind);

#endif
