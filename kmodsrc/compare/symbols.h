/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * symbols.h - where kallsyms says that the labels of a pre image are
 *
 * A name may have several addresses (static functions of one name in several
 * files), or none.  They are candidates only: matching decides.
 */
#ifndef KSPLICE_SYMBOLS_H
#define KSPLICE_SYMBOLS_H

#include "compare/pre.h"
#include "model/update.h"

struct ksplice_candidate {
	unsigned long addr;		/* canonical */
	u32 next;			/* of the same label, or KSPLICE_NONE */
	bool dead;			/* was compared, is not it */
};

struct ksplice_symbols {
	const struct ksplice_pre *pre;
	u32 *first;			/* by label; or KSPLICE_NONE */
	u32 *alias;			/* next label of the same span */
	unsigned long *known;		/* bits: labels that are looked up */
	struct ksplice_candidate *list;
	u32 n, max;
	u32 n_looked_up;
	int err;			/* -ENOMEM: a list is not complete */

	unsigned long init_begin, init_end;	/* of the kernel */
	char *name;			/* room for one */
};

/**
 * ksplice_symbols_init() - prepare to look labels up
 * @symbols: to be filled
 * @pre: the image; the symbols of its labels are looked for
 * @change: says in which target
 *
 * Symbols of init code and data that is gone are left out.  May sleep, and so
 * may the two below.
 *
 * Return: 0 or -ENOMEM.
 */
int ksplice_symbols_init(struct ksplice_symbols *symbols,
			 const struct ksplice_pre *pre,
			 const struct ksplice_change *change);
void ksplice_symbols_release(struct ksplice_symbols *symbols);

/*
 * Number of candidates that are not dead; *addr is the first of them.  The
 * label, here and below, is what ksplice_main_label() gives.
 */
unsigned int ksplice_symbols_alive(struct ksplice_symbols *symbols, u32 label,
				   unsigned long *addr);

/*
 * Does kallsyms contradict this value?  False as well if it does not know the
 * label at all.
 */
bool ksplice_symbols_exclude(struct ksplice_symbols *symbols, u32 label,
			     unsigned long value);

/*
 * Does some symbol start there?  True as well if kallsyms does not have those
 * of data.
 */
bool ksplice_symbols_start(const struct ksplice_symbols *symbols,
			   unsigned long addr);

/* Is addr in the new code of an update that is applied? */
bool ksplice_in_new_code(unsigned long addr);

/*
 * The applied update that brought what is at addr: its new code, or data that
 * it has overwritten; the last one, or NULL.
 */
const struct ksplice_update *ksplice_update_at(unsigned long addr);

#endif
