/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load.h - read a relocatable object into memory
 */
#ifndef OBJMANIP_READ_LOAD_H
#define OBJMANIP_READ_LOAD_H

#include "model/object.h"

/*
 * Sections, symbols and relocations of the file, but no spans.  Dies with a
 * message if the file is no object of a machine that is supported.
 */
struct object *object_load(const char *path, const char *unit);

#endif
