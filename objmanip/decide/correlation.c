// SPDX-License-Identifier: GPL-2.0-only
/*
 * correlation.c - that a span of pre and one of post are the same thing
 */
#include "decide/correlation.h"
#include "util/die.h"

#include <string.h>

void correlation_set(struct span *pre, struct span *post)
{
	bug_on(pre->correlation.peer || post->correlation.peer);
	pre->correlation.peer = post;
	post->correlation.peer = pre;
}

void correlation_clear(struct span *pre, struct span *post)
{
	bug_on(pre->correlation.peer != post || post->correlation.peer != pre);
	pre->correlation.peer = NULL;
	post->correlation.peer = NULL;
}

static bool is_entry(const struct symbol *symbol)
{
	return symbol->is_global && symbol->is_function && symbol->span &&
	       symbol->span->section->kind == KIND_TEXT &&
	       symbol->value == symbol->span->start;
}

const struct symbol *correlation_odd_alias(const struct symbol *pre,
					   const struct object *post)
{
	if (!is_entry(pre))
		return NULL;
	for (size_t i = 0; i < post->n_symbols; i++) {
		const struct symbol *symbol = &post->symbols[i];

		if (is_entry(symbol) && !strcmp(symbol->name, pre->name))
			return symbol->span != pre->span->correlation.peer
				       ? symbol
				       : NULL;
	}
	return NULL;
}
