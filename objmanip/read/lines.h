/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lines.h - which line of the original a line of the patched source is
 */
#ifndef OBJMANIP_READ_LINES_H
#define OBJMANIP_READ_LINES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What is known of all patched files.  A file that it does not name is not
 * patched: each line is its own origin.
 */
struct lines;

/* Read the file; dies with its line if that makes no sense. */
struct lines *lines_load(const char *path);

/*
 * The lines of the original that the compiler calls by that number in the
 * patched file, in their order; 0 stands for one or more new lines.  Returns
 * false if it is not known.
 */
bool lines_origins(const struct lines *lines, const char *file,
		   unsigned int number, unsigned int **origins, size_t *n);

/* Is it certain that this line of the original is not in the patched file? */
bool lines_is_gone(const struct lines *lines, const char *file,
		   unsigned int line);

#endif
