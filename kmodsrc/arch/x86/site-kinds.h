/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * site-kinds.h - x86: what it may rewrite besides (records.h)
 *
 * Compiled into objmanip, too.
 */
#ifndef KSPLICE_SITE_KINDS_H
#define KSPLICE_SITE_KINDS_H

enum ksplice_x86_site_kind {
	KSPLICE_SITE_PARAVIRT	= 2,	/* .parainstructions; value: type */
	KSPLICE_SITE_RETPOLINE	= 3,	/* .retpoline_sites; label: the thunk */
	KSPLICE_SITE_RETURN	= 4,	/* .return_sites */
	KSPLICE_SITE_STATIC_CALL = 5,	/* .static_call_sites; label: the key,
					 * value: STATIC_CALL_SITE_* */
	KSPLICE_SITE_SMP_LOCK	= 8,	/* .smp_locks: lock or ds prefix */
	KSPLICE_SITE_ENDBR	= 11,	/* .ibt_endbr_seal; without that table,
					 * each at the start of a function */
	KSPLICE_SITE_CONSTANT	= 12,	/* runtime_ptr_*, runtime_shift_*: two
					 * bytes and an operand that boot fills
					 * in; label: the variable it is from */
};

/* One more than the highest number; each below it but 0 is a kind. */
#define KSPLICE_N_SITE_KINDS	13

/* Has a site of this kind a label?  Others have none. */
static inline int ksplice_site_has_label(unsigned int kind)
{
	return kind == KSPLICE_SITE_JUMP_LABEL ||
	       kind == KSPLICE_SITE_STATIC_CALL ||
	       kind == KSPLICE_SITE_RETPOLINE ||
	       kind == KSPLICE_SITE_EXTABLE ||
	       kind == KSPLICE_SITE_CONSTANT;
}

static inline int ksplice_site_is_known(unsigned int kind)
{
	return kind && kind < KSPLICE_N_SITE_KINDS;
}

#endif
