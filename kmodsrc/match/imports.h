/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * imports.h - give the new code the addresses that were learnt
 */
#ifndef KSPLICE_IMPORTS_H
#define KSPLICE_IMPORTS_H

#include <linux/types.h>

struct ksplice_match;

/**
 * ksplice_imports_fill() - write the export table of the -old.ko module
 * @m: matching is done
 *
 * Nothing is written unless all imports are determined.  May sleep.
 *
 * Return: 0 or what ksplice_abort() returned.
 */
int ksplice_imports_fill(struct ksplice_match *m);

/**
 * ksplice_imports_value() - the value of a label, once matching is done
 * @m: matching is done
 * @label: of something that new code may refer to
 * @value: is set to what was learnt, is exported, or has the name alone
 *
 * Return: 0 or what ksplice_abort() returned.
 */
int ksplice_imports_value(struct ksplice_match *m, u32 label,
			  unsigned long *value);

#endif
