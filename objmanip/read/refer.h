/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * refer.h - the referents of relocations, and the referrers of spans
 */
#ifndef OBJMANIP_READ_REFER_H
#define OBJMANIP_READ_REFER_H

#include "model/span.h"

/*
 * For an object whose sections are cut: set referent, referent_offset, bias and
 * unsure of all relocations; parent, entries and referrers of all spans.
 */
void refer_resolve(struct object *object);

#endif
