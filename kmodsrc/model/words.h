/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * words.h - what is fit to be shown
 *
 * See words.c.
 */
#ifndef KSPLICE_WORDS_H
#define KSPLICE_WORDS_H

#include <linux/kallsyms.h>
#include <linux/types.h>

/* Replace all that is not printable ASCII by '?'; in any context. */
void ksplice_words_clean(char *text);

/* Room for what ksplice_addr_name() writes. */
#define KSPLICE_ADDR_NAME_LEN	KSYM_SYMBOL_LEN

/*
 * "SYMBOL+0xOFFSET/0xSIZE" of an address, never the address itself.  Return:
 * to, which has room for KSPLICE_ADDR_NAME_LEN bytes.
 */
const char *ksplice_addr_name(char *to, unsigned long addr);

/* The same of a return address, which may be the first byte of the next one. */
const char *ksplice_return_name(char *to, unsigned long addr);

#endif
