/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * name.h - symbol names without what the compiler numbers
 *
 * GCC appends a number to the name of a static variable of a function
 * ("count.12"), of its own tables ("CSWTCH.7") and of a function's clones
 * ("f.constprop.0"); the kernel's macros put one into "__UNIQUE_ID_key42".
 * The numbers change when anything before them in the file does.
 */
#ifndef OBJMANIP_MODEL_NAME_H
#define OBJMANIP_MODEL_NAME_H

#include <stdbool.h>

/* The name without its numbers: "count", "f.constprop", "__UNIQUE_ID_key" */
const char *name_base(const char *name);

/* The last number in it, -1 if none: these keep their order. */
long name_number(const char *name);

/*
 * Data of which a fresh copy is as good as the old one: the flags of
 * WARN_ONCE(), rate limits, lock classes, debug message descriptors.
 */
bool name_is_disposable(const char *name);

#endif
