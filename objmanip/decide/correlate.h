/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * correlate.h - which span of post is which span of pre
 */
#ifndef OBJMANIP_DECIDE_CORRELATE_H
#define OBJMANIP_DECIDE_CORRELATE_H

#include "decide/pair.h"

/* Set the peers of all spans of both objects. */
void correlate_pair(struct pair *pair);

#endif
