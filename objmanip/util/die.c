// SPDX-License-Identifier: GPL-2.0-only
/*
 * die.c - the ways in which objmanip ends
 *
 * A message is one line on stderr with the program's name before it: lower
 * case, no full stop.
 */
#include "util/die.h"
#include "util/bfd-wrap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

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

void bug(const char *file, int line, const char *what)
{
	fflush(stdout);
	fprintf(stderr, "objmanip: bug at %s:%d: %s\n", file, line, what);
	abort();
}
