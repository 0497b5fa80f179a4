/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * image-view.h - a pre image that was read, and checked
 */
#ifndef OBJMANIP_IMAGE_VIEW_H
#define OBJMANIP_IMAGE_VIEW_H

#include "../kmodsrc/records.h"

#include <stddef.h>
#include <stdint.h>

/* The tables; after image_view() every index and offset in them is good. */
struct image_view {
	const struct ksplice_unit *units;
	const struct ksplice_label *labels;
	const struct ksplice_span *spans;
	const struct ksplice_reloc *relocs;
	const struct ksplice_site *sites;
	const struct ksplice_import *imports;
	const uint8_t *bytes;
	const char *strings;
	uint32_t n_units, n_labels, n_spans, n_relocs, n_sites, n_imports;
	uint32_t n_bytes, n_strings;
};

/*
 * Check all of the image, as strictly as records.h says.  Dies, with the
 * file's name, at the first thing that is wrong.  The view points into the
 * image.
 */
struct image_view image_view(const char *path, const void *image,
			     size_t size);

/* The name of a label, or "-" for KSPLICE_NONE */
const char *image_label_name(const struct image_view *view, uint32_t label);

#endif
