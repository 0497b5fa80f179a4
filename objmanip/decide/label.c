// SPDX-License-Identifier: GPL-2.0-only
/*
 * label.c - our unique names of symbols
 *
 * The step "label": the same thing has the same label in pre and post, and no
 * two things of a target have the same one.
 *   global symbol		its name
 *   local symbol		name@unit, name@unit#1 ... as they appear
 *   without a symbol		section+0xoffset@unit
 * The label of something new never is one that pre uses: new code would be
 * given the address of an old variable.
 */
#include "decide/label.h"
#include "util/strmap.h"
#include "util/vec.h"

const char *label_symbol(const struct symbol *symbol)
{
	return symbol->name;
}

static const char *plain_label(const struct span *span)
{
	const char *unit = span->section->object->unit;

	if (span->symbol && span->symbol->is_global)
		return span->symbol->name;
	if (span->symbol)
		return xasprintf("%s@%s", span->symbol->name, unit);
	return xasprintf("%s+0x%llx@%s", span->section->name,
			 (unsigned long long)span->start, unit);
}

static const char *unused_label(struct strmap *used, const char *plain)
{
	const char *label = plain;

	for (unsigned int n = 1; *strmap_slot(used, label); n++)
		label = xasprintf("%s#%u", plain, n);
	*strmap_slot(used, label) = (void *)label;
	return label;
}

void label_pair(struct pair *pair)
{
	struct strmap used = {};

	for (size_t i = 0; i < pair->pre->n_sections; i++) {
		struct section *section = &pair->pre->sections[i];

		for (size_t j = 0; j < section->n_spans; j++)
			section->spans[j]->label = unused_label(&used,
					plain_label(section->spans[j]));
	}
	for (size_t i = 0; i < pair->post->n_sections; i++) {
		struct section *section = &pair->post->sections[i];

		for (size_t j = 0; j < section->n_spans; j++) {
			struct span *span = section->spans[j];

			span->label = peer_of(span) ? peer_of(span)->label :
				unused_label(&used, plain_label(span));
		}
	}
}
