/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * imports.h - what the new code refers to and exports
 */
#ifndef OBJMANIP_WRITE_IMPORTS_H
#define OBJMANIP_WRITE_IMPORTS_H

#include <stdbool.h>
#include <stddef.h>

struct import {
	const char *label;
	const char *symbol;		/* name in the kernel */
	const char *placeholder;	/* "ksplice_KID_TARGET_0_name"; NULL: it is
					 * exported and keeps its own name */
	const char *namespace;		/* of the export, or NULL */
	bool is_pointer;		/* KSPLICE_IMPORT_POINTER */
	const char *needed_by;		/* "UNIT FUNCTION" if nothing shows yet
					 * that the kernel has it, else NULL */
};

/* A symbol that is exported from now on */
struct new_export {
	const char *name;
	const char *import;		/* the symbol of new.o that stands for
					 * what the running kernel has; NULL:
					 * it is in the new code */
	const char *namespace;		/* or NULL */
	bool is_gpl;
};

/* Collected by new_code_write() */
struct imports {
	struct import *entries;
	size_t n;
	struct new_export *exports;
	size_t n_exports;
};

/* The header that kmodsrc/old-code.c and new-code.c include */
void imports_write(const char *path, const struct imports *imports);

/* The symbols that are to be looked for, "NAME UNIT FUNCTION" in each line */
void imports_write_needs(const char *path, const struct imports *imports);

#endif
