// SPDX-License-Identifier: GPL-2.0-only
/*
 * symvers.c - what the kernel and its modules export: Module.symvers
 *
 * A line is: CRC, name, module, kind of export, namespace (from Linux 5.4 on,
 * and empty mostly), with tabs between.  An export that only GPL modules may
 * use is one of EXPORT_SYMBOL_GPL or, in old kernels, _GPL_FUTURE.
 */
#include "read/symvers.h"
#include "util/die.h"
#include "util/vec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct export *parse(char *line)
{
	char *field[5] = { NULL };
	size_t n = 0;

	line[strcspn(line, "\n")] = '\0';
	while (line && n < 5)
		field[n++] = strsep(&line, "\t");
	if (line || n < 4 || !*field[1] || !*field[2] ||
	    strncmp(field[3], "EXPORT_", 7))
		return NULL;

	char *end;

	errno = 0;
	unsigned long crc = strtoul(field[0], &end, 16);

	if (end == field[0] || *end || errno || crc > UINT32_MAX)
		return NULL;

	struct export *export = xcalloc(1, sizeof(*export));

	export->crc = crc;
	export->name = xstrdup(field[1]);
	export->module = xstrdup(field[2]);
	export->is_gpl = strstr(field[3], "_GPL");
	if (field[4] && *field[4])
		export->namespace = xstrdup(field[4]);
	return export;
}

struct symvers *symvers_load(const char *path)
{
	struct symvers *symvers = xcalloc(1, sizeof(*symvers));
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	unsigned int number = 0;

	if (!file)
		die("cannot read '%s': %m", path);
	while (getline(&line, &room, file) >= 0) {
		struct export *export = parse(line);

		number++;
		if (!export)
			die("%s:%u: not a line of a Module.symvers", path,
			    number);

		void **slot = strmap_slot(&symvers->exports, export->name);

		/* The first counts: vmlinux stands before its modules. */
		if (!*slot)
			*slot = export;
	}
	if (ferror(file))
		die("cannot read '%s': %m", path);
	free(line);
	fclose(file);
	return symvers;
}

const struct export *symvers_find(const struct symvers *symvers,
				  const char *name)
{
	return strmap_get(&symvers->exports, name);
}

bool export_is_for_modules(const struct export *export)
{
	return export->namespace && !strncmp(export->namespace, "module:", 7);
}

bool export_is_of(const struct export *export, const char *target)
{
	const char *slash = strrchr(export->module, '/');
	const char *name = slash ? slash + 1 : export->module;

	for (; *name && *target; name++, target++)
		if ((*name == '-' ? '_' : *name) != *target)
			return false;
	return *name == *target;
}
