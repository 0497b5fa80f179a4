// SPDX-License-Identifier: GPL-2.0-only
/*
 * object.c - a relocatable object in memory
 */
#include "model/object.h"

#include <string.h>

struct section *object_find_section(struct object *object, const char *name)
{
	for (size_t i = 0; i < object->n_sections; i++)
		if (!strcmp(object->sections[i].name, name))
			return &object->sections[i];
	return NULL;
}
