/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * forbid.h - what cannot be replaced in a running kernel
 */
#ifndef OBJMANIP_FORBID_H
#define OBJMANIP_FORBID_H

#include "match.h"

/* Refuse, see die.h, all in a compared pair that cannot be. */
void forbid_differences(struct pair *pair);

/* Why code of that section cannot be run from elsewhere; NULL: it can. */
const char *forbid_code_in(const struct section *section);

#endif
