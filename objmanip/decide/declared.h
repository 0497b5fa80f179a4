/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * declared.h - correlate numbered variables by where they are declared
 */
#ifndef OBJMANIP_DECIDE_DECLARED_H
#define OBJMANIP_DECIDE_DECLARED_H

#include "decide/pair.h"

/*
 * Set the peers of the numbered variables whose declarations stand in lines
 * that the patch left alone, and alone of flags that certainly have no peer.
 */
void correlate_declared(struct pair *pair);

#endif
