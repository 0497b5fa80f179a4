/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scope.h - which function a static local belongs to
 */
#ifndef OBJMANIP_SCOPE_H
#define OBJMANIP_SCOPE_H

#include "span.h"

/* Set span->scope of the static locals of the object, as far as known. */
void scope_read(struct object *object);

#endif
