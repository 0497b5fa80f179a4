/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * jump.h - jumps from a span to another one that have no relocation
 */
#ifndef OBJMANIP_JUMP_H
#define OBJMANIP_JUMP_H

#include "span.h"

/* Called while the sections are cut, before relocations are looked at. */
void jump_relocate(struct object *object);

/*
 * What keeps the span from being copied without the ones beside it: one line,
 * or NULL.  Those that are kept as well are copied side by side.
 */
const char *jump_obstacle(const struct span *span);

#endif
