/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * read.h - read an object, up to its spans and what they refer to
 */
#ifndef OBJMANIP_READ_READ_H
#define OBJMANIP_READ_READ_H

#include "model/object.h"

/*
 * The object with its spans, as model/span.h describes them; all that later
 * steps set is zero.  Dies if the object makes no sense.
 */
struct object *object_read(const char *path, const char *unit);

#endif
