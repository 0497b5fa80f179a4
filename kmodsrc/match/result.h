/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * result.h - what a change is known to replace, once all has been compared
 *
 * In this order; _free if one fails, and when the change is dropped.
 */
#ifndef KSPLICE_RESULT_H
#define KSPLICE_RESULT_H

struct ksplice_change;
struct ksplice_match;

/* Return: 0 or what ksplice_abort() returned. */
int ksplice_result_check(struct ksplice_match *m);

/* Return: 0 or -ENOMEM. */
int ksplice_result_add_functions(struct ksplice_match *m);

/* Return: 0 or what ksplice_abort() returned. */
int ksplice_result_add_data(struct ksplice_match *m);

/* Free the functions and data of a change, and their names. */
void ksplice_result_free(struct ksplice_change *change);

#endif
