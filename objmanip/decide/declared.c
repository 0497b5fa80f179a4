// SPDX-License-Identifier: GPL-2.0-only
/*
 * declared.c - correlate numbered variables by where they are declared
 *
 * Part of the step "correlate".  A macro such as pr_warn_once() declares a
 * static variable, and each function may have many of that name.  The number
 * that the compiler appends says nothing.  But a line that the patch did not
 * touch declares the same variables as before, so two of them are the same one
 * if they have name and function in common and stand in the same line of the
 * original.
 *
 * New lines may have the number of an old one (lines.c).  The ones that share
 * a number are told apart by their order, and only if it leaves one answer:
 * at most one of these lines is new, and the old ones account for all others,
 * column by column.  Else nothing is said about them.
 *
 * A flag (span_is_disposable()) of a new line, or of one that is gone, has no
 * peer: it never is correlated with another one because that looks alike.
 */
#include "decide/declared.h"
#include "decide/correlation.h"
#include "read/scope.h"
#include "util/strmap.h"
#include "util/vec.h"

#include <string.h>

/* Those of one function, name and line */
struct group {
	const struct declaration **all;
	size_t n;
};

struct groups {
	struct strmap map;
	struct group **all;
	size_t n;
};

static const char *group_key(const struct declaration *d, unsigned int line)
{
	return xasprintf("%s\n%s\n%s\n%u", d->scope, d->name, d->file, line);
}

static struct groups groups_of(const struct declarations *declarations)
{
	struct groups groups = {};

	for (size_t i = 0; i < declarations->n; i++) {
		const struct declaration *d = &declarations->all[i];
		struct group **slot = (struct group **)
			strmap_slot(&groups.map, group_key(d, d->line));

		if (!*slot) {
			*slot = xcalloc(1, sizeof(**slot));
			vec_add(groups.all, groups.n) = *slot;
		}
		vec_add((*slot)->all, (*slot)->n) = d;
	}
	return groups;
}

static const struct group *find_group(const struct groups *groups,
				      const struct declaration *d,
				      unsigned int line)
{
	static const struct group none;

	return strmap_get(&groups->map, group_key(d, line)) ?: &none;
}

/* How the declarations of one line of post are made up; n is what is left. */
static bool count_new(const struct groups *pre, const struct group *post,
		      const unsigned int *origins, size_t n_origins,
		      size_t *n_new)
{
	size_t n_new_lines = 0, n_old = 0;

	for (size_t i = 0; i < n_origins; i++) {
		n_new_lines += !origins[i];
		if (origins[i])
			n_old += find_group(pre, post->all[0], origins[i])->n;
	}
	if (post->n < n_old)
		return false;
	*n_new = post->n - n_old;
	return !*n_new || n_new_lines == 1;
}

static bool same_columns(const struct group *pre, const struct group *post,
			 size_t from)
{
	for (size_t i = 0; i < pre->n; i++)
		if (pre->all[i]->column != post->all[from + i]->column)
			return false;
	return true;
}

/* Only what the compiler numbers is left to be correlated. */
static bool is_open(const struct span *span)
{
	return span && !peer_of(span) && !span_is_content(span);
}

static void correlate_two(const struct declaration *pre,
			  const struct declaration *post)
{
	if (is_open(pre->span) && is_open(post->span) &&
	    pre->span->section->kind == post->span->section->kind) {
		correlation_set(pre->span, post->span);
		return;
	}
	/* One that the compiler has dropped on the other side */
	if (is_open(pre->span) && !post->span)
		pre->span->correlation.alone = span_is_disposable(pre->span);
	if (is_open(post->span) && !pre->span)
		post->span->correlation.alone = span_is_disposable(post->span);
}

static void set_alone(const struct declaration *d)
{
	if (is_open(d->span) && span_is_disposable(d->span))
		d->span->correlation.alone = true;
}

static void correlate_group(const struct pair *pair, const struct groups *pre,
			    const struct group *post)
{
	unsigned int *origins;
	size_t n_origins, n_new, at = 0;

	if (!lines_origins(pair->lines, post->all[0]->file,
			   post->all[0]->line, &origins, &n_origins) ||
	    !count_new(pre, post, origins, n_origins, &n_new))
		return;
	for (size_t i = 0; i < n_origins; i++) {
		const struct group *old = find_group(pre, post->all[0],
						     origins[i]);

		if (origins[i] && !same_columns(old, post, at))
			return;
		at += origins[i] ? old->n : n_new;
	}
	at = 0;
	for (size_t i = 0; i < n_origins; i++) {
		const struct group *old = find_group(pre, post->all[0],
						     origins[i]);

		for (size_t j = 0; origins[i] && j < old->n; j++)
			correlate_two(old->all[j], post->all[at++]);
		for (size_t j = 0; !origins[i] && j < n_new; j++)
			set_alone(post->all[at++]);
	}
}

void correlate_declared(struct pair *pair)
{
	const struct declarations pre = scope_read(pair->pre);
	const struct declarations post = scope_read(pair->post);

	if (!pair->lines)
		return;

	const struct groups pre_groups = groups_of(&pre);
	const struct groups post_groups = groups_of(&post);

	for (size_t i = 0; i < post_groups.n; i++)
		correlate_group(pair, &pre_groups, post_groups.all[i]);
	for (size_t i = 0; i < pre.n; i++)
		if (lines_is_gone(pair->lines, pre.all[i].file,
				  pre.all[i].line))
			set_alone(&pre.all[i]);
}
