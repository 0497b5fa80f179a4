// SPDX-License-Identifier: GPL-2.0-only
/*
 * document.c - the documents that messages cite
 *
 * objmanip is HOME/objmanip/objmanip, where HOME is the checkout or
 * PREFIX/lib/ksplice.  The documents are in HOME/doc or in
 * PREFIX/share/doc/ksplice.
 */
#include "util/document.h"
#include "util/vec.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* Cuts the last N names off the path; false if it has fewer. */
static bool cut_names(char *path, unsigned int n)
{
	while (n--) {
		char *slash = strrchr(path, '/');

		if (!slash)
			return false;
		*slash = '\0';
	}
	return true;
}

const char *document(const char *name)
{
	char path[PATH_MAX];
	const ssize_t length = readlink("/proc/self/exe", path, sizeof(path));
	const char *found;

	if (length < 0 || (size_t)length == sizeof(path))
		return name;
	path[length] = '\0';
	if (!cut_names(path, 2))
		return name;
	found = xasprintf("%s/doc/%s", path, name);
	if (!access(found, F_OK))
		return found;
	if (!cut_names(path, 2))
		return name;
	found = xasprintf("%s/share/doc/ksplice/%s", path, name);
	return access(found, F_OK) ? name : found;
}
