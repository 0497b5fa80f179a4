/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * image.h - a pre image (kmodsrc/records.h) while it is being made
 *
 * The arrays are filled with vec_add(); strings and labels are made, or found
 * if they are there, by their text.  image_finish() lays it all out.
 */
#ifndef OBJMANIP_WRITE_IMAGE_H
#define OBJMANIP_WRITE_IMAGE_H

#include "util/output.h"
#include "util/strmap.h"

#include "kmodsrc/records.h"

struct image {
	struct ksplice_unit *units;
	struct ksplice_label *labels;
	struct ksplice_span *spans;
	struct ksplice_reloc *relocs;
	struct ksplice_site *sites;
	struct ksplice_import *imports;
	size_t n_units, n_labels, n_spans, n_relocs, n_sites, n_imports;
	struct bytes bytes, strings;
	struct strmap string_at, label_at;
};

struct image *image_new(void);

/* The offset of a string; 0 is the empty one. */
uint32_t image_string(struct image *image, const char *text);

/* The index of the label of that name; a new one has no flags and no span. */
uint32_t image_label(struct image *image, const char *name);

/* All of it, as the core wants it; dies if it is too large. */
struct bytes image_finish(const struct image *image);

#endif
