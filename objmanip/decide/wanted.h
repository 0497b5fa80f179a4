/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wanted.h - new symbols that other targets of the update refer to
 */
#ifndef OBJMANIP_DECIDE_WANTED_H
#define OBJMANIP_DECIDE_WANTED_H

#include "model/span.h"
#include "util/strmap.h"

/* A file with a name in each line, as a set */
struct strmap wanted_read(const char *path);

/* Is it a new symbol of the set, and nothing exports it? */
bool wanted_has(const struct strmap *wanted, const struct symbol *symbol);

#endif
