/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sites.h - the rules of sites: what the kernel may have written where
 *
 * Each architecture implements it.
 */
#ifndef KSPLICE_ARCH_SITES_H
#define KSPLICE_ARCH_SITES_H

#include "arch.h"
#include "compare/sites.h"
#include "records.h"
#include "site-kinds.h"

#define KSPLICE_MAX_SITE_BYTES	5

/* Of a table of them the last one has the length 0. */
struct ksplice_bytes {
	u8 len;
	u8 bytes[KSPLICE_MAX_SITE_BYTES];
};

/*
 * What the kernel may write at a site of one kind.  One of no rank is not
 * rewritten.  Of several that start at one place the highest is checked, the
 * outer one: what is in it is checked along with it.
 */
struct ksplice_site_rule {
	unsigned int rank;		/* 1 or 2; 0: no rule */
	u32 len;			/* bytes of it; 0: as the site says */
	/* Any of these may be there, if it is as long as the site; or NULL. */
	const struct ksplice_bytes *written;
	/* Else this says whether what is there is right; or NULL: it is not. */
	bool (*check)(struct ksplice_site_run *s);
	/*
	 * What it is called, if the kernel may rewrite it at any time: a
	 * redirect must not cover it.  Once settled is there it stays.
	 */
	const char *conflict;
	const struct ksplice_bytes *settled;
	/* Where the value of its variable is that boot has written; or 0. */
	u32 operand;
};

/* By kind.  That of an alternative is not asked for its check. */
extern const struct ksplice_site_rule ksplice_site_rules[KSPLICE_N_SITE_KINDS];

/* May sleep. */
void ksplice_site_env_init(struct ksplice_site_env *env);

/* Is it replaced as this site of it says, which has a span?  May sleep. */
bool ksplice_replacement_check(struct ksplice_site_run *s,
			       const struct ksplice_site *choice);

/*
 * Are these bytes nops and nothing else, as boot writes them for an empty
 * replacement?  True for no bytes.
 */
bool ksplice_is_nops(const u8 *code, u32 size);

/*
 * Is the span a function that the kernel rewrites as a whole, and may it have
 * written this one?  PLAIN if it is no such function; sets c->size if it is.
 */
enum ksplice_site_result ksplice_trampoline_check(struct ksplice_compare *c);

#endif
