/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explain.h - why a function is replaced, for people
 */
#ifndef OBJMANIP_REPORT_EXPLAIN_H
#define OBJMANIP_REPORT_EXPLAIN_H

#include "model/span.h"
#include "util/output.h"

/* Lines of the original source that the patch takes away or adds to */
struct touched {
	const char *file;		/* "fs/proc/cmdline.c" */
	unsigned int first, last;
};

struct touched_lines {
	struct touched *list;
	size_t n;
};

/* Add "FILE:FIRST-LAST"; false if it is not that. */
bool touched_add(struct touched_lines *lines, const char *text);

/*
 * Lines about the first difference of a function of pre and its peer: what it
 * is and where in the source, the two instructions, and which functions that
 * it inlines the patch has touched, if it has not touched the function itself.
 */
void explain_difference(struct bytes *out, const struct span *pre,
			const struct touched_lines *lines);

#endif
