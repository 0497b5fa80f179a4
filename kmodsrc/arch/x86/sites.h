/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sites.h - what boot and the kernel may have made of a place
 */
#ifndef KSPLICE_SITES_H
#define KSPLICE_SITES_H

#include <linux/types.h>

struct ksplice_compare;
struct ksplice_span;

/* What the running kernel is like; 0 or NULL if it has no such thing. */
struct ksplice_site_env {
	unsigned long return_thunks[10];
	unsigned int n_return_thunks;
	unsigned long pv_ops, pv_nop, pv_bug;
	unsigned long static_call_return, static_call_return0;
	int (*kernel_text_address)(unsigned long addr);
	const struct exception_table_entry *
	(*search_exception_tables)(unsigned long addr);
	int (*lookup_size_offset)(unsigned long addr, unsigned long *size,
				  unsigned long *offset);
};

/* Which sites of a range are looked at */
enum ksplice_range_sites {
	KSPLICE_SITES_ALL,
	KSPLICE_SITES_INNER,		/* not alternatives of just this range */
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

/* May sleep. */
void ksplice_site_env_init(struct ksplice_site_env *env);

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

/*
 * Do faults of the span that has been compared go on where they would in pre?
 * When the offsets have moved c->map is filled.
 */
bool ksplice_fixups_check(struct ksplice_compare *c);

/*
 * A static call's trampoline, a jump or a return and then its mark, goes
 * wherever the last update of the call sent it.
 */
bool ksplice_is_trampoline(const struct ksplice_compare *c);
bool ksplice_trampoline_check(struct ksplice_compare *c);

/* Bytes that a site takes in pre. */
struct ksplice_pre;
struct ksplice_site;
u32 ksplice_site_len(const struct ksplice_pre *pre,
		     const struct ksplice_span *span,
		     const struct ksplice_site *site);

#endif
