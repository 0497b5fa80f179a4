/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * summary.h - the effect of an update on a target, in lines for people
 */
#ifndef OBJMANIP_REPORT_SUMMARY_H
#define OBJMANIP_REPORT_SUMMARY_H

#include "decide/pair.h"
#include "report/explain.h"

/*
 * touched is not NULL for more lines, which explain; is_nothing if there is
 * nothing to apply.
 */
void summary_write(const char *path, struct pair *pairs, size_t n_pairs,
		   const struct touched_lines *touched, bool is_nothing);

/* Would there be a line about this one, if there is nothing to apply? */
bool summary_any(const struct pair *pair);

#endif
