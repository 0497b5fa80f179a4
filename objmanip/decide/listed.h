/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * listed.h - branches of new code that a table has to list
 */
#ifndef OBJMANIP_DECIDE_LISTED_H
#define OBJMANIP_DECIDE_LISTED_H

#include "model/span.h"

/*
 * Refuse, see refuse.h, a kept span with a branch that arch->listed names and
 * that has no entry in its table.  For each table only the first is printed.
 */
void listed_check(const struct span *span);

#endif
