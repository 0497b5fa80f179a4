/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * prototype.h - what modules know of an exported symbol
 */
#ifndef OBJMANIP_DECIDE_PROTOTYPE_H
#define OBJMANIP_DECIDE_PROTOTYPE_H

#include "decide/pair.h"

/* A symbol whose CRC, as kbuild reckons it, is another one after the patch */
struct crc_change {
	const char *unit, *name;
};

/* From a file of lines "UNIT NAME" */
struct crc_change *prototype_read_crcs(const char *path, size_t *n_changes);

/* Refuse exports that are not what modules were built for. */
void prototype_compare(struct pair *pairs, size_t n_pairs,
		       const struct crc_change *changes, size_t n_changes);

/* The type of a variable of the object, "struct list_head []"; NULL: not known */
const char *prototype_of_variable(const struct object *object,
				  const char *name);

#endif
