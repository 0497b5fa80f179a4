/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * range.h - compare the bytes of a range
 */
#ifndef KSPLICE_COMPARE_RANGE_H
#define KSPLICE_COMPARE_RANGE_H

#include "compare/compare.h"
#include "compare/sites.h"

/*
 * Compare bytes [from, to) of a span (the one compared, or a replacement that
 * may have been copied into it) with what is at run_off of the running body.
 */
bool ksplice_compare_range(struct ksplice_compare *c,
			   const struct ksplice_span *span, u32 from, u32 to,
			   u32 run_off, enum ksplice_range_sites sites);

#endif
