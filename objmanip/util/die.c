// SPDX-License-Identifier: GPL-2.0-only
/*
 * die.c - the ways in which objmanip ends
 *
 * A message is one line on stderr with the program's name before it: lower
 * case, no full stop.  A refusal does not end the program at once, so that a
 * person sees everything that is in the way of a patch, not only the first.
 */
#define _GNU_SOURCE
#include "util/die.h"
#include "util/bfd-wrap.h"
#include "util/strmap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Those that were said: each is said once. */
static struct strmap refusals;

static void message(const char *fmt, va_list args)
{
	fflush(stdout);
	fputs("objmanip: ", stderr);
	vfprintf(stderr, fmt, args);
}

void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	message(fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(EXIT_REFUSED);
}

void die_bfd(const char *fmt, ...)
{
	const char *error = bfd_errmsg(bfd_get_error());
	va_list args;

	va_start(args, fmt);
	message(fmt, args);
	va_end(args);
	fprintf(stderr, ": %s\n", error);
	exit(EXIT_REFUSED);
}

void warning(const char *fmt, ...)
{
	va_list args;

	fputs("objmanip: warning: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

void refuse(const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		die("out of memory");
	va_end(args);

	void **said = strmap_slot(&refusals, text);

	if (!*said)
		fprintf(stderr, "objmanip: %s\n", text);
	*said = text;
}

void refused_exit(void)
{
	if (refusals.n)
		exit(EXIT_REFUSED);
}

void bug(const char *file, int line, const char *what)
{
	fflush(stdout);
	fprintf(stderr, "objmanip: bug at %s:%d: %s\n", file, line, what);
	abort();
}
