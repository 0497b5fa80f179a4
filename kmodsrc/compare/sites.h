/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sites.h - what boot and the kernel may have made of a site
 */
#ifndef KSPLICE_COMPARE_SITES_H
#define KSPLICE_COMPARE_SITES_H

#include <linux/types.h>

struct ksplice_compare;
struct ksplice_pre;
struct ksplice_reloc;
struct ksplice_site;
struct ksplice_span;

/* Which sites of a range are looked at */
enum ksplice_range_sites {
	KSPLICE_SITES_ALL,
	KSPLICE_SITES_INNER,		/* no alternatives of just this range */
	KSPLICE_SITES_NONE,
};

struct ksplice_site_lens {
	u32 pre, run;			/* bytes that it takes in each */
};

enum ksplice_site_result {
	KSPLICE_SITE_PLAIN,		/* nothing special is here */
	KSPLICE_SITE_EQUAL,		/* bytes given in lens are done */
	KSPLICE_SITE_DIFFERS,
};

/* A site, and the running bytes that are to be explained. */
struct ksplice_site_run {
	struct ksplice_compare *c;
	const struct ksplice_span *span;
	const struct ksplice_site *site;
	const u8 *pre;
	const u8 *run;
	unsigned long addr;		/* of run */
	u32 run_off;
	u32 len;			/* in pre */
	u32 run_left;			/* bytes that can be read at run */
	u32 run_len;			/* out: if it is not len */
};

/*
 * Check the sites that start at one offset of a span.
 * @first: index of the first of them
 * @from, @to, @which: the range that is being compared, and which sites of it
 * @run_off: where in the running body it is
 */
enum ksplice_site_result
ksplice_site_check(struct ksplice_compare *c, const struct ksplice_span *span,
		   u32 first, u32 from, u32 to, u32 run_off,
		   enum ksplice_range_sites which,
		   struct ksplice_site_lens *lens);

/* Bytes that a site takes in pre. */
u32 ksplice_site_len(const struct ksplice_pre *pre,
		     const struct ksplice_span *span,
		     const struct ksplice_site *site);

/* For the rules: nothing was rewritten, or what was looks the same. */
bool ksplice_site_as_built(struct ksplice_site_run *s,
			   enum ksplice_range_sites which);

/* The relocation at this offset from the start of the site, or NULL. */
const struct ksplice_reloc *
ksplice_site_reloc_at(const struct ksplice_site_run *s, u32 offset);

#endif
