/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cut.h - cut sections into spans
 */
#ifndef OBJMANIP_READ_CUT_H
#define OBJMANIP_READ_CUT_H

#include "model/span.h"

/* Make the spans of all sections, and set symbol->span. */
void cut_sections(struct object *object);

/*
 * When all relocations are known (jump.c adds some): give each span its own,
 * its name, and its size without padding.
 */
void cut_finish(struct object *object);

#endif
