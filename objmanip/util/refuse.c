// SPDX-License-Identifier: GPL-2.0-only
/*
 * refuse.c - refusals, which are collected
 *
 * A refusal does not end the program at once, so that a person sees everything
 * that is in the way of a patch, not only the first.  Each is printed once.
 */
#define _GNU_SOURCE
#include "util/refuse.h"
#include "util/die.h"
#include "util/strmap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Those that were printed */
static struct strmap refusals;

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
