// SPDX-License-Identifier: GPL-2.0-only
/*
 * read.c - read an object, up to its spans and what they refer to
 *
 * The step "read", for each object alone: load it, then cut its sections.
 */
#include "read/read.h"
#include "read/cut.h"
#include "read/jump.h"
#include "read/load.h"
#include "read/refer.h"

struct object *object_read(const char *path, const char *unit)
{
	struct object *object = object_load(path, unit);

	cut_sections(object);
	jump_relocate(object);
	cut_finish(object);
	refer_resolve(object);
	return object;
}
