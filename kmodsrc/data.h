/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * data.h - data of the running kernel that is overwritten in place
 *
 * In the order of a change to a stage: prepare, pieces, set_aliases; check and
 * write inside the stop; forget_aliases.  All with ksplice_mutex held.
 */
#ifndef KSPLICE_DATA_H
#define KSPLICE_DATA_H

#include <linux/types.h>

struct ksplice_change;
struct ksplice_data;
struct ksplice_piece;
struct ksplice_update;

/* For all changes that take part; return: 0, or what ksplice_abort() did. */
int ksplice_data_prepare(struct ksplice_update *update, bool apply);

/* Return: how many there are to be mapped; fills pieces unless it is NULL. */
unsigned int ksplice_data_pieces(const struct ksplice_update *update,
				 bool apply, struct ksplice_piece *pieces);
/* The same pieces have been mapped. */
void ksplice_data_set_aliases(struct ksplice_update *update, bool apply,
			      const struct ksplice_piece *pieces);
void ksplice_data_forget_aliases(struct ksplice_update *update);

/* Return: one that is not what it is taken for, or NULL. */
const struct ksplice_data *
ksplice_data_check(const struct ksplice_update *update, bool apply);
/* If there is a scratch, all of it goes there instead, for a rehearsal. */
void ksplice_data_write(const struct ksplice_update *update, bool apply,
			u8 *scratch);

/* Does what the two overwrite overlap? */
bool ksplice_data_overlaps(const struct ksplice_change *a,
			   const struct ksplice_change *b);

#endif
