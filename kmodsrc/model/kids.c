// SPDX-License-Identifier: GPL-2.0-only
/*
 * kids.c - a list of updates by their ids
 *
 * An update may say of others that it needs them, or that it takes their place.
 * They are named, not pointed to: an update may go at any time but while the
 * lock is held.
 */
#include <linux/ctype.h>
#include <linux/string.h>
#include "model/kids.h"

static bool is_kid_char(char c)
{
	return islower(c) || isdigit(c) || c == '_';
}

bool ksplice_kids_are_valid(const char *kids)
{
	const char *p;

	for (p = kids; *p; p++)
		if (!is_kid_char(*p) &&
		    !(*p == ' ' && p != kids && is_kid_char(p[-1]) &&
		      is_kid_char(p[1])))
			return false;
	return p != kids;
}

const char *ksplice_kids_next(const char **at, size_t *len)
{
	const char *kid = *at ? skip_spaces(*at) : NULL;

	if (!kid || !*kid)
		return NULL;
	*len = strcspn(kid, " ");
	*at = kid + *len;
	return kid;
}

bool ksplice_kids_have(const char *kids, const char *kid)
{
	const char *name;
	size_t len;

	while ((name = ksplice_kids_next(&kids, &len)))
		if (len == strlen(kid) && !memcmp(name, kid, len))
			return true;
	return false;
}
