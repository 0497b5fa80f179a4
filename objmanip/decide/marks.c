// SPDX-License-Identifier: GPL-2.0-only
/*
 * marks.c - what the author of the patch declares about a name
 *
 * Part of the step "keep".  The macros of ksplice-patch.h write texts, "WHAT
 * NAME", into the section .ksplice_marks.  That section is not loaded and does
 * not reach a module, and the compiler generates the same code with and
 * without it.  A mark without an effect is refused.
 */
#include "decide/marks.h"
#include "decide/prototype.h"
#include "model/name.h"
#include "util/die.h"
#include "util/document.h"
#include "util/refuse.h"
#include "util/vec.h"

#include <stdlib.h>
#include <string.h>

struct mark {
	const char *what, *name;
};

struct marks {
	struct mark *all;
	size_t n;
};

/* A mark in an inlined function occurs several times. */
static bool is_known(const struct marks *marks, const struct mark *mark)
{
	for (size_t i = 0; i < marks->n; i++)
		if (!strcmp(marks->all[i].what, mark->what) &&
		    !strcmp(marks->all[i].name, mark->name))
			return true;
	return false;
}

static struct marks marks_read(const struct object *object)
{
	asection *section = bfd_get_section_by_name(object->bfd,
						    ".ksplice_marks");
	struct marks marks = {};
	bfd_byte *text = NULL;

	if (!section)
		return marks;

	const bfd_size_type size = bfd_section_size(section);

	if (!bfd_malloc_and_get_section(object->bfd, section, &text))
		die_bfd("cannot read '.ksplice_marks' of '%s'", object->path);
	if (size && text[size - 1])
		die("'%s': broken marks: the last one has no end",
		    object->path);
	for (char *at = (char *)text, *end = at + size; at < end;
	     at += strlen(at) + 1) {
		char *what = xstrdup(at);
		char *name = strchr(what, ' ');

		if (!name)
			die("'%s': broken marks: '%s' has no name",
			    object->path, what);
		*name++ = '\0';

		struct mark mark = { .what = what, .name = name };

		if (!is_known(&marks, &mark))
			vec_add(marks.all, marks.n) = mark;
	}
	free(text);
	return marks;
}

bool marks_any(const struct object *post)
{
	return bfd_get_section_by_name(post->bfd, ".ksplice_marks");
}

/* The function, or a clone that the compiler made of it: "f.isra.0" */
static bool is_of_function(const struct span *span, const char *name)
{
	const size_t length = strlen(name);

	return !strncmp(span->name, name, length) &&
	       (!span->name[length] || span->name[length] == '.');
}

static void allow_running(struct pair *pair, const struct mark *mark)
{
	struct span *span;
	bool is_found = false;

	for_each_span(span, pair->pre) {
		if (!span->decision.replaced ||
		    span->section->kind != KIND_TEXT ||
		    !is_of_function(span, mark->name))
			continue;
		span->marks.allow_running = true;
		is_found = true;
	}
	if (!is_found)
		refuse("%s: '%s' is marked ksplice_allow_running, but not replaced: mark the function that it is part of, or remove the mark",
		       pair->unit, mark->name);
}

/* The variable of that name that changes; the compiler's number is ignored. */
static struct span *find_changed(struct pair *pair, const struct mark *mark)
{
	struct span *span, *found = NULL;

	for_each_span(span, pair->pre) {
		enum section_kind kind = span->section->kind;

		if (span->diff.state != SPAN_CHANGED || !span->symbol ||
		    (kind != KIND_RODATA && kind != KIND_DATA &&
		     kind != KIND_PERCPU) ||
		    strcmp(name_base(span->name), mark->name))
			continue;
		if (found) {
			refuse("%s: '%s' is marked ksplice_%s, but several variables of that name change",
			       pair->unit, mark->name, mark->what);
			return NULL;
		}
		found = span;
	}
	if (!found)
		refuse("%s: '%s' is marked ksplice_%s, but no variable of that name changes",
		       pair->unit, mark->name, mark->what);
	return found;
}

static void set_data_mark(struct pair *pair, const struct mark *mark, int value)
{
	struct span *span = find_changed(pair, mark);

	if (!span)
		return;
	if (span->marks.data != DATA_UNMARKED)
		refuse("%s: '%s' is marked both ksplice_keep_data and ksplice_replace_data",
		       pair->unit, mark->name);
	span->marks.data = value;
}

static void keep_data(struct pair *pair, const struct mark *mark)
{
	set_data_mark(pair, mark, DATA_KEEP);
}

/* Tables that the kernel copies when they are registered */
static void warn_of_copies(const struct pair *pair, const struct mark *mark)
{
	const char *type = prototype_of_variable(pair->post, mark->name);

	if (type && !strcmp(type, "struct ctl_table []"))
		warning("%s: '%s' is a sysctl table, which the kernel may have copied when it was registered: the copy keeps the old values, see %s",
			pair->unit, mark->name, document("patch-author.md"));
}

static void replace_data(struct pair *pair, const struct mark *mark)
{
	warn_of_copies(pair, mark);
	set_data_mark(pair, mark, DATA_REPLACE);
}

static const struct {
	const char *what;
	bool of_data;
	void (*set)(struct pair *pair, const struct mark *mark);
} kinds[] = {
	{ "keep_data", true, keep_data },
	{ "replace_data", true, replace_data },
	{ "allow_running", false, allow_running },
};

static void set_mark(struct pair *pair, const struct mark *mark, bool of_data)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(kinds[i].what, mark->what))
			continue;
		if (kinds[i].of_data == of_data)
			kinds[i].set(pair, mark);
		return;
	}
	if (of_data)
		refuse("%s: '%s' has the unknown mark '%s'", pair->unit,
		       mark->name, mark->what);
}

static void set_marks(struct pair *pairs, size_t n_pairs, bool of_data)
{
	for (size_t i = 0; i < n_pairs; i++) {
		const struct marks marks = marks_read(pairs[i].post);

		for (size_t j = 0; j < marks.n; j++)
			set_mark(&pairs[i], &marks.all[j], of_data);
	}
}

void marks_set_data(struct pair *pairs, size_t n_pairs)
{
	set_marks(pairs, n_pairs, true);
}

void marks_set_functions(struct pair *pairs, size_t n_pairs)
{
	set_marks(pairs, n_pairs, false);
}
