/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exports.h - what changes in the exports of an object
 */
#ifndef OBJMANIP_DECIDE_EXPORTS_H
#define OBJMANIP_DECIDE_EXPORTS_H

#include "model/object.h"

/*
 * The difference of two entries of the same export, for people, or NULL.  Its
 * namespace is one of these differences.
 */
const char *exports_difference(const struct section *pre,
			       const struct section *post);

/* How many exports are changed, new or gone */
size_t exports_count_changes(struct object *pre, struct object *post);

/* Is that an export which the object PRE does not have? */
bool exports_is_new(struct object *pre, const struct section *section);

#endif
