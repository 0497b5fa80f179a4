/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hooks.h - functions of the patch's author that the core calls
 *
 * Each macro of ksplice-patch.h makes a pointer to the function, in a section
 * of its own that says when it is called: a span of KIND_HOOK.
 */
#ifndef OBJMANIP_DECIDE_HOOKS_H
#define OBJMANIP_DECIDE_HOOKS_H

#include "model/span.h"

/* enum ksplice_hook_kind of the hook; dies if the section is unknown. */
unsigned int hook_kind(const struct span *hook);
const char *hook_kind_name(unsigned int kind);

/* The function; refuses, and returns NULL, if it is no new one. */
struct span *hook_function(const struct span *hook);

#endif
