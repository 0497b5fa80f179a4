// SPDX-License-Identifier: GPL-2.0-only
/*
 * lines.c - which line of the original a line of the patched source is
 *
 * ksplice-create keeps the numbers of unchanged lines by #line directives, so
 * a new line may have the number of an old one that follows it.  It writes
 * down what it did, in ranges of lines, in the order of the patched file:
 *	old NUMBER COUNT ORIGIN FILE
 *	new NUMBER COUNT 0 FILE
 *	unsure NUMBER COUNT 0 FILE
 * So many lines, which the compiler numbers from NUMBER on, are those of the
 * original from ORIGIN on, or are new.  Of unsure numbers nothing is known.
 */
#include "read/lines.h"
#include "util/die.h"
#include "util/vec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct range {
	enum { RANGE_OLD, RANGE_NEW, RANGE_UNSURE } kind;
	const char *file;
	unsigned int number, count, origin;
};

struct lines {
	struct range *ranges;
	size_t n;
};

static bool parse_kind(const char *word, struct range *range)
{
	static const char *const kinds[] = {
		[RANGE_OLD] = "old",
		[RANGE_NEW] = "new",
		[RANGE_UNSURE] = "unsure",
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(word, kinds[i]))
			continue;
		range->kind = i;
		return true;
	}
	return false;
}

static bool parse(char *line, struct range *range)
{
	char kind[8];
	int name = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%7s %u %u %u %n", kind, &range->number,
		   &range->count, &range->origin, &name) != 4 ||
	    !name || !line[name] || !parse_kind(kind, range))
		return false;
	range->file = xstrdup(line + name);
	return true;
}

struct lines *lines_load(const char *path)
{
	struct lines *lines = xcalloc(1, sizeof(*lines));
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	unsigned int number = 0;
	struct range range;

	if (!file)
		die("cannot read '%s': %m", path);
	while (getline(&line, &room, file) >= 0) {
		number++;
		if (!parse(line, &range))
			die("%s:%u: not a range of lines", path, number);
		vec_add(lines->ranges, lines->n) = range;
	}
	if (ferror(file))
		die("cannot read '%s': %m", path);
	free(line);
	fclose(file);
	return lines;
}

/* Is the value one of so many from the first one on? */
static bool is_among(unsigned int value, unsigned int first,
		     unsigned int count)
{
	return value >= first && value - first < count;
}

bool lines_origins(const struct lines *lines, const char *file,
		   unsigned int number, unsigned int **origins, size_t *n)
{
	bool is_patched = false;

	*origins = NULL;
	*n = 0;
	if (!lines)
		return false;
	for (size_t i = 0; i < lines->n; i++) {
		const struct range *range = &lines->ranges[i];

		if (strcmp(range->file, file))
			continue;
		is_patched = true;
		if (!is_among(number, range->number, range->count))
			continue;
		if (range->kind == RANGE_UNSURE)
			return false;
		vec_add(*origins, *n) = range->kind == RANGE_NEW ? 0 :
			range->origin + (number - range->number);
	}
	if (!is_patched)
		vec_add(*origins, *n) = number;
	return true;
}

bool lines_is_gone(const struct lines *lines, const char *file,
		   unsigned int line)
{
	bool is_known = false;

	for (size_t i = 0; lines && i < lines->n; i++) {
		const struct range *range = &lines->ranges[i];

		if (strcmp(range->file, file) || range->kind != RANGE_OLD)
			continue;
		is_known = true;
		if (is_among(line, range->origin, range->count))
			return false;
	}
	return is_known;
}
