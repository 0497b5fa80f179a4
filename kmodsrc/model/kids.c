// SPDX-License-Identifier: GPL-2.0-only
/*
 * kids.c - ids of updates, and lists of them
 *
 * A KID is the name of a directory in sysfs, and part of the names of modules.
 * Two updates may have one KID.  Where it matters which one it is, the hash of
 * the files is added: KID=HASH.
 *
 * An update may say of others that it needs them, or that it takes their place.
 * They are named, not pointed to: an update may go at any time but while the
 * lock is held.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include "ksplice.h"
#include "model/kids.h"

#define KID_LEN		16

/* islower() of the kernel is true of Latin-1 letters as well. */
static const char kid_chars[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

/* Files that sysfs.c has beside the directories, and a word of the commands. */
static const char *const taken[] = {
	"state", "version", "forget", "await", "helper", "all"
};

static bool is_valid(const char *kid, size_t len)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(taken); i++)
		if (len == strlen(taken[i]) && !memcmp(kid, taken[i], len))
			return false;
	return len && len <= KID_LEN && strspn(kid, kid_chars) >= len;
}

bool ksplice_kid_is_valid(const char *kid)
{
	return is_valid(kid, strlen(kid));
}

static bool is_hash(const char *text)
{
	return strspn(text, "0123456789abcdef") == KSPLICE_HASH_LEN;
}

bool ksplice_hash_is_valid(const char *hash)
{
	return !*hash || (is_hash(hash) && !hash[KSPLICE_HASH_LEN]);
}

bool ksplice_kids_are_valid(const char *kids, bool have_hashes)
{
	size_t len;

	for (;; kids += len + 1) {
		len = strcspn(kids, " =");
		if (!is_valid(kids, len) || (kids[len] == '=') != have_hashes)
			return false;
		if (have_hashes) {
			kids += len + 1;
			if (!is_hash(kids))
				return false;
			len = KSPLICE_HASH_LEN;
		}
		if (!kids[len])
			return true;
		if (kids[len] != ' ')
			return false;
	}
}

const char *ksplice_kids_next(const char **at, size_t *len)
{
	const char *kid = *at ? skip_spaces(*at) : NULL;

	if (!kid || !*kid)
		return NULL;
	*len = strcspn(kid, " =");
	*at = kid + strcspn(kid, " ");
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
