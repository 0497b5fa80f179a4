/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tables.h - the layouts of the tables of an object
 */
#ifndef OBJMANIP_READ_TABLES_H
#define OBJMANIP_READ_TABLES_H

#include "model/object.h"

/*
 * Set table, entsize and subjects of all sections that are tables.  Dies if no
 * layout fits.
 */
void tables_find_layouts(struct object *object);

#endif
