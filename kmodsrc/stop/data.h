/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * data.h - data of the running kernel that is overwritten in place
 *
 * In the order of a change to a stage: init, pieces, set_aliases; check and
 * write inside the stop; release in any case.  All with ksplice_mutex held.
 */
#ifndef KSPLICE_DATA_H
#define KSPLICE_DATA_H

#include "model/update.h"

struct ksplice_piece;
struct ksplice_plan;

/* Data is new while new code may run. */
enum ksplice_data_turn {
	KSPLICE_BEFORE_REDIRECTS,
	KSPLICE_AFTER_REDIRECTS,
};

/* What one stop does with a piece of data. */
struct ksplice_data_write {
	struct ksplice_data *data;
	enum ksplice_direction way;
	enum ksplice_data_turn turn;
	bool is_covered;		/* another one is written to the place
					 * before: the check sees that one's */
};

struct ksplice_data_writes {
	struct ksplice_data_write *list;	/* in the order of writing */
	unsigned int n;
};

/* All that a plan writes; return: 0, or what ksplice_abort() did. */
int ksplice_data_init(struct ksplice_data_writes *writes,
		      const struct ksplice_plan *plan);
void ksplice_data_release(struct ksplice_data_writes *writes);

/* Fill n pieces, to be mapped; and the same when they have been. */
void ksplice_data_pieces(const struct ksplice_data_writes *writes,
			 struct ksplice_piece *pieces);
void ksplice_data_set_aliases(const struct ksplice_data_writes *writes,
			      const struct ksplice_piece *pieces);

/* Return: one that is not what it is taken for, or NULL. */
const struct ksplice_data_write *
ksplice_data_check(const struct ksplice_data_writes *writes);

/*
 * Those whose turn it is.  If there is a scratch, all of it goes there instead,
 * for a rehearsal.
 */
void ksplice_data_write(const struct ksplice_data_writes *writes,
			enum ksplice_data_turn turn, u8 *scratch);

/* Does what the two overwrite overlap? */
bool ksplice_data_overlaps(const struct ksplice_change *a,
			   const struct ksplice_change *b);

#endif
