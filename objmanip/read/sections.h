/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sections.h - what a section is, by its name
 */
#ifndef OBJMANIP_READ_SECTIONS_H
#define OBJMANIP_READ_SECTIONS_H

#include "arch/arch.h"
#include "model/kind.h"
#include "util/bfd-wrap.h"

/* KIND_UNKNOWN if it is allocated and its name is not in the table */
enum section_kind sections_kind(const struct arch *arch, const char *name,
				flagword flags);

/* Does the name of a section fit the pattern?  One '*' at most, anywhere. */
bool section_fits(const char *name, const char *pattern);

#endif
