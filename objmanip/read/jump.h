/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * jump.h - jumps from a span to another one that have no relocation
 */
#ifndef OBJMANIP_READ_JUMP_H
#define OBJMANIP_READ_JUMP_H

#include "model/span.h"

/* Called while the sections are cut, before relocations are looked at. */
void jump_relocate(struct object *object);

/* The spans of its section that it must be copied with, side by side */
void jump_company(const struct span *span, size_t *first, size_t *last);

#endif
