/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * label.h - our unique names of symbols
 */
#ifndef OBJMANIP_DECIDE_LABEL_H
#define OBJMANIP_DECIDE_LABEL_H

#include "decide/pair.h"

/*
 * Set the label of each span, see kmodsrc/records.h.  The same thing has the
 * same label in pre and post.
 */
void label_pair(struct pair *pair);

/* The label of a symbol that is undefined in the object: its name. */
const char *label_symbol(const struct symbol *symbol);

#endif
