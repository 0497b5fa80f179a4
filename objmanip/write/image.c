// SPDX-License-Identifier: GPL-2.0-only
/*
 * image.c - a pre image while it is being made
 *
 * Indices and offsets in the image have 32 bits; its size is checked once, at
 * the end, since each of them is smaller than the size.
 */
#include "write/image.h"
#include "util/die.h"
#include "util/vec.h"

#include <string.h>

struct image *image_new(void)
{
	struct image *image = xcalloc(1, sizeof(*image));

	bytes_add(&image->strings, "", 1);
	return image;
}

uint32_t image_string(struct image *image, const char *text)
{
	if (!*text)
		return 0;

	void **slot = strmap_slot(&image->string_at, text);

	if (!*slot)
		*slot = (void *)bytes_add(&image->strings, text,
					  strlen(text) + 1);
	return (uintptr_t)*slot;
}

uint32_t image_label(struct image *image, const char *name)
{
	/* The slot has the index plus 1. */
	void **slot = strmap_slot(&image->label_at, name);

	if (!*slot) {
		vec_add(image->labels, image->n_labels) =
			(struct ksplice_label) {
				.name = image_string(image, name),
				.span = KSPLICE_NONE,
			};
		*slot = (void *)image->n_labels;
	}
	return (uintptr_t)*slot - 1;
}

static struct ksplice_table add_table(struct bytes *out, const void *entries,
				      size_t n, size_t size)
{
	bytes_align(out, 8);
	if (n > UINT32_MAX / size)
		die("the original code is too large for a pre image");
	return (struct ksplice_table) {
		.offset = bytes_add(out, entries, n * size),
		.count = n,
	};
}

struct bytes image_finish(const struct image *image)
{
	struct ksplice_pre_header header = {
		.magic = KSPLICE_PRE_MAGIC,
		.api_version = KSPLICE_API_VERSION,
	};
	struct bytes out = { 0 };

	bytes_add(&out, NULL, sizeof(header));
#define ADD(table, entries, n)						\
	(header.table = add_table(&out, entries, n, sizeof(*(entries))))
	ADD(units, image->units, image->n_units);
	ADD(labels, image->labels, image->n_labels);
	ADD(spans, image->spans, image->n_spans);
	ADD(relocs, image->relocs, image->n_relocs);
	ADD(sites, image->sites, image->n_sites);
	ADD(imports, image->imports, image->n_imports);
	ADD(bytes, image->bytes.at, image->bytes.n);
	ADD(strings, image->strings.at, image->strings.n);
#undef ADD
	bytes_align(&out, 8);
	if (out.n > INT32_MAX)
		die("the original code is too large for a pre image");
	header.size = out.n;
	memcpy(out.at, &header, sizeof(header));
	return out;
}
