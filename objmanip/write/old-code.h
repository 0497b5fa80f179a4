/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * old-code.h - the object with the pre image of a target
 */
#ifndef OBJMANIP_WRITE_OLD_CODE_H
#define OBJMANIP_WRITE_OLD_CODE_H

#include "decide/pair.h"
#include "read/symvers.h"
#include "write/imports.h"

/*
 * Set the index that each span of pre has in the image.  Call it before
 * new_code_write(): .ksplice_replaced refers to the index.
 */
void old_code_number(struct pair *pairs, size_t n_pairs);

/* The object with the pre image (kmodsrc/records.h) */
void old_code_write(const char *path, struct pair *pairs, size_t n_pairs,
		    const struct symvers *symvers,
		    const struct imports *imports);

#endif
