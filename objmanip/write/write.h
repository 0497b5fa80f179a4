/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * write.h - what "objmanip diff" writes for a target
 */
#ifndef OBJMANIP_WRITE_WRITE_H
#define OBJMANIP_WRITE_WRITE_H

#include "report/explain.h"
#include "decide/match.h"
#include "read/symvers.h"

struct import {
	const char *label;
	const char *symbol;		/* name in the kernel */
	const char *placeholder;	/* "ksplice_KID_TARGET_0_name"; NULL: it is
					 * exported and keeps its own name */
	const char *namespace;		/* of the export, or NULL */
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

/* What the new code refers to and exports, collected by new_code_write(). */
struct imports {
	struct import *entries;
	size_t n;
	struct new_export *exports;
	size_t n_exports;
};

/*
 * new-code.c: one relocatable object with all kept spans of all pairs, their
 * entries in the tables, .ksplice_patches, .ksplice_hooks.  Fills imports.
 */
void new_code_write(const char *path, struct pair *pairs, size_t n_pairs,
		    const char *kid, const char *target,
		    const struct symvers *symvers, struct imports *imports);

/*
 * old-code.c: the object with the pre image (kmodsrc/records.h).  It sets
 * span->index, which .ksplice_patches refers to: old_code_number() is called
 * before new_code_write().
 */
void old_code_number(struct pair *pairs, size_t n_pairs);
void old_code_write(const char *path, struct pair *pairs, size_t n_pairs,
		    const struct symvers *symvers,
		    const struct imports *imports);

/* imports.c: the header that kmodsrc/old-code.c and new-code.c include */
void imports_write(const char *path, const struct imports *imports);

/* The symbols that are to be looked for, "NAME UNIT FUNCTION" in each line */
void imports_write_needs(const char *path, const struct imports *imports);

/*
 * summary.c; touched is not NULL for more lines, which explain; is_nothing if
 * there is nothing to apply.
 */
void summary_write(const char *path, struct pair *pairs, size_t n_pairs,
		   const struct touched_lines *touched, bool is_nothing);

/* Would there be a line about this one, if there is nothing to apply? */
bool summary_any(const struct pair *pair);

#endif
