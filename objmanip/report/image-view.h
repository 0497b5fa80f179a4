/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * image-view.h - a pre image that was read, and checked
 */
#ifndef OBJMANIP_REPORT_IMAGE_VIEW_H
#define OBJMANIP_REPORT_IMAGE_VIEW_H

#include "kmodsrc/records.h"

#include "arch/arch.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Check all of the image, as strictly as records.h says.  Dies, with the
 * file's name, at the first thing that is wrong.  What is returned points into
 * the image.
 */
struct ksplice_pre image_view(const char *path, const struct arch *arch,
			      const void *image, size_t size);

/* The name of a label, or "-" for KSPLICE_NONE */
const char *image_label_name(const struct ksplice_pre *view, uint32_t label);

#endif
