/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scope.h - where a variable is declared, as the debug information says
 */
#ifndef OBJMANIP_READ_SCOPE_H
#define OBJMANIP_READ_SCOPE_H

#include "model/span.h"

/* One that the compiler numbers: a static local, or one of __UNIQUE_ID() */
struct declaration {
	const char *scope;	/* the function that it stands in, or "" */
	const char *name;	/* without numbers */
	const char *file;	/* relative to where the compiler ran */
	unsigned int line;	/* of a macro: where the source uses it */
	unsigned int column;	/* 0: not known */
	struct span *span;	/* NULL: the compiler has dropped it */
};

/* In the order of the source */
struct declarations {
	struct declaration *all;
	size_t n;
};

/*
 * Read them, and set span->scope of the static locals of the object, as far as
 * known.
 */
struct declarations scope_read(struct object *object);

#endif
