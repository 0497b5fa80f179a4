// SPDX-License-Identifier: GPL-2.0-only
/*
 * output.c - files that appear whole or not at all
 *
 * Every output is made in memory, written to a temporary file in the same
 * folder and renamed.  A file of that name is whole, and a failure or an
 * interrupted make leaves no half object behind.
 */
#define _GNU_SOURCE		/* vasprintf() */
#include "util/output.h"
#include "util/die.h"
#include "util/vec.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *output_temporary(const char *path)
{
	return xasprintf("%s.tmp%ld", path, (long)getpid());
}

void output_commit(const char *temporary, const char *path)
{
	if (!rename(temporary, path))
		return;

	char *why = xasprintf("cannot write '%s': %m", path);

	unlink(temporary);
	die("%s", why);
}

static bool write_all(int fd, const uint8_t *bytes, size_t size)
{
	while (size) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0)
			return false;
		bytes += n;
		size -= n;
	}
	return true;
}

void output_write(const char *path, const void *bytes, size_t size)
{
	char *temporary = output_temporary(path);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		      0666);

	if (fd < 0)
		die("cannot write '%s': %m", path);
	if (!write_all(fd, bytes, size) || close(fd)) {
		char *why = xasprintf("cannot write '%s': %m", path);

		unlink(temporary);
		die("%s", why);
	}
	output_commit(temporary, path);
}

size_t bytes_add(struct bytes *bytes, const void *from, size_t size)
{
	size_t at = bytes->n;

	if (bytes->room - at < size) {
		size_t room = bytes->room * 2 + size + 64;
		uint8_t *grown = xcalloc(room, 1);

		if (at)
			memcpy(grown, bytes->at, at);
		free(bytes->at);
		bytes->at = grown;
		bytes->room = room;
	}
	if (from && size)
		memcpy(bytes->at + at, from, size);
	bytes->n += size;
	return at;
}

void bytes_align(struct bytes *bytes, size_t align)
{
	bytes_add(bytes, NULL, -bytes->n & (align - 1));
}

void bytes_printf(struct bytes *bytes, const char *fmt, ...)
{
	char *text;
	va_list args;

	va_start(args, fmt);

	int n = vasprintf(&text, fmt, args);

	va_end(args);
	if (n < 0)
		die("out of memory");
	bytes_add(bytes, text, n);
	free(text);
}
