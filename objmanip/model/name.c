// SPDX-License-Identifier: GPL-2.0-only
/*
 * name.c - symbol names without what the compiler numbers
 */
#include "model/name.h"
#include "util/vec.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *skip_digits(const char *name)
{
	while (isdigit((unsigned char)*name))
		name++;
	return name;
}

/* Is there ".NUMBER" and then the end or another dot? */
static const char *numbered_part(const char *name)
{
	if (*name != '.' || !isdigit((unsigned char)name[1]))
		return NULL;
	name = skip_digits(name + 1);
	return !*name || *name == '.' ? name : NULL;
}

const char *name_base(const char *name)
{
	/* __initcall__kmod_MODULE__COUNTER_LINE_FUNCTIONLEVEL */
	const bool all = !strncmp(name, "__initcall__", 12);
	char *base = xstrdup(name), *out = base;

	while (*name) {
		const char *next = all && isdigit((unsigned char)*name) ?
			skip_digits(name) : numbered_part(name);

		if (next)
			name = next;
		else
			*out++ = *name++;
	}
	*out = '\0';
	if (!strncmp(base, "__UNIQUE_ID_", 12) || !strncmp(base, ".LC", 3))
		while (out > base && isdigit((unsigned char)out[-1]))
			*--out = '\0';
	return base;
}

long name_number(const char *name)
{
	const char *end = name + strlen(name);

	while (end > name && !isdigit((unsigned char)end[-1]))
		end--;
	if (end == name)
		return -1;
	while (end > name && isdigit((unsigned char)end[-1]))
		end--;
	return strtol(end, NULL, 10);
}

bool name_is_disposable(const char *name)
{
	static const char *const names[] = {
		"__already_done",	/* WARN_ONCE(), pr_info_once() */
		"__warned", "__print_once",
		"_rs",			/* printk_ratelimited() */
		"__key",		/* lock_class_key */
		"descriptor",		/* pr_debug(): struct _ddebug */
		"__UNIQUE_ID_ddebug",
	};
	const char *base = name_base(name);

	/* A variable of a file has no number: its author chose the name. */
	if (!strcmp(base, name))
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(base, names[i]))
			return true;
	return false;
}
