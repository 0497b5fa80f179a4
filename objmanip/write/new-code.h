/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * new-code.h - the object with all new code of a target
 */
#ifndef OBJMANIP_WRITE_NEW_CODE_H
#define OBJMANIP_WRITE_NEW_CODE_H

#include "decide/pair.h"
#include "read/symvers.h"
#include "write/imports.h"

/*
 * One relocatable object with all kept spans of all pairs, their entries in the
 * tables, .ksplice_replaced, .ksplice_hooks.  Fills imports.
 */
void new_code_write(const char *path, struct pair *pairs, size_t n_pairs,
		    const char *kid, const char *target,
		    const struct symvers *symvers, struct imports *imports);

#endif
