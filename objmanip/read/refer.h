/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * refer.h - what relocations refer to, and who refers to what
 */
#ifndef OBJMANIP_READ_REFER_H
#define OBJMANIP_READ_REFER_H

#include "model/span.h"

/*
 * For an object whose sections are cut: set target, target_offset, bias and
 * unsure of all relocations; parent, entries and referrers of all spans.
 */
void refer_resolve(struct object *object);

#endif
