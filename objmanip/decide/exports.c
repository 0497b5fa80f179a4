// SPDX-License-Identifier: GPL-2.0-only
/*
 * exports.c - what changes in the exports of an object
 *
 * Part of the step "compare".  An entry of an export is compared field by
 * field.  Its CRC is prototype.c's.
 */
#include "decide/exports.h"
#include "model/span.h"
#include "read/export.h"
#include "util/vec.h"

#include <string.h>

/* "__kstrtab_NAME" and the like, by their names: what they contain */
static bool same_export_text(const struct span *pre, const struct span *post)
{
	return pre->size == post->size && span_bytes(pre) &&
	       span_bytes(post) &&
	       !memcmp(span_bytes(pre), span_bytes(post), pre->size);
}

static bool same_export_field(const struct reloc *pre,
			      const struct reloc *post)
{
	const struct span *a = pre->referent, *b = post->referent;

	if (a && b && a->section->kind == KIND_EXPORT &&
	    b->section->kind == KIND_EXPORT)
		return !strcmp(a->name, b->name) &&
		       pre->referent_offset == post->referent_offset &&
		       same_export_text(a, b);
	/* An export of the object itself names the symbol. */
	if (a && b && peer_of(a) == b)
		return pre->referent_offset == post->referent_offset;
	return !a && !b && !strcmp(pre->symbol->name, post->symbol->name) &&
	       pre->addend == post->addend;
}

/* The bytes of the entry are the fields that the relocations fill. */
const char *exports_difference(const struct section *pre,
			       const struct section *post)
{
	const char *what = NULL;

	if (pre->size != post->size || pre->n_relocs != post->n_relocs ||
	    !pre->contents || !post->contents ||
	    memcmp(pre->contents, post->contents, pre->size))
		return "its entry has another form";
	for (size_t i = 0; i < pre->n_relocs && !what; i++) {
		const struct reloc *a = &pre->relocs[i], *b = &post->relocs[i];

		if (a->offset != b->offset ||
		    a->type->number != b->type->number)
			what = "its entry has another form";
		else if (!same_export_field(a, b))
			what = a->offset ?
				xasprintf("its field at offset %llu refers to '%s' instead of '%s', or to a string that differs",
					  (unsigned long long)a->offset,
					  referent_text(b), referent_text(a)) :
				xasprintf("it stands for '%s' instead of '%s'",
					  referent_text(b), referent_text(a));
	}
	return what;
}

bool exports_is_new(struct object *pre, const struct section *section)
{
	const char *name = export_name(section);

	return name && !export_find(pre, name);
}

/* Each export has a section of its own.  A CRC is compared elsewhere. */
size_t exports_count_changes(struct object *pre, struct object *post)
{
	size_t n = 0;

	for (size_t i = 0; i < pre->n_sections; i++) {
		const struct section *section = &pre->sections[i];
		const struct section *other;

		if (section->kind != KIND_EXPORT)
			continue;
		other = object_find_section(post, section->name);
		n += !other || (export_name(section) &&
				exports_difference(section, other));
	}
	for (size_t i = 0; i < post->n_sections; i++)
		n += post->sections[i].kind == KIND_EXPORT &&
		     !object_find_section(pre, post->sections[i].name);
	return n;
}
