/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pre.h - a checked pre image
 *
 * struct ksplice_pre is filled by ksplice_pre_init(), which trusts no field:
 * after it, every index, offset and string in the image is within bounds and
 * every list of relocations and sites is in order, so the rest of matching
 * follows them unchecked.  The image is not copied and must stay.
 */
#ifndef KSPLICE_PRE_H
#define KSPLICE_PRE_H

#include <linux/types.h>
#include "records.h"

/**
 * ksplice_pre_init() - check a pre image and find its tables
 * @pre: to be filled
 * @image: the image
 * @size: bytes there are at @image
 * @reason: set to a static string if it is refused
 *
 * Return: 0 or -EINVAL.
 */
int ksplice_pre_init(struct ksplice_pre *pre, const void *image,
		     unsigned long size, const char **reason);

/* The names of a label: ours, and the one that kallsyms has. */
const char *ksplice_label_name(const struct ksplice_pre *pre, u32 label);
const char *ksplice_label_symbol(const struct ksplice_pre *pre, u32 label);

/* For people: the latter, or the former where there is no symbol. */
const char *ksplice_label_title(const struct ksplice_pre *pre, u32 label);

/* The label whose value stands for this one's: that of its span. */
u32 ksplice_main_label(const struct ksplice_pre *pre, u32 label);

/* Names for people: what a span's label is called, the unit that it is in. */
const char *ksplice_span_title(const struct ksplice_pre *pre, u32 span);
const char *ksplice_span_unit(const struct ksplice_pre *pre, u32 span);

/* The bytes of a span; not for DATA. */
const u8 *ksplice_span_bytes(const struct ksplice_pre *pre,
			     const struct ksplice_span *span);

/*
 * Index of the span's first relocation or site at or after an offset; one
 * past its last if there is none.
 */
u32 ksplice_span_reloc_from(const struct ksplice_pre *pre,
			    const struct ksplice_span *span, u32 offset);
u32 ksplice_span_site_from(const struct ksplice_pre *pre,
			   const struct ksplice_span *span, u32 offset);

#endif
