// SPDX-License-Identifier: GPL-2.0-only
/*
 * overlap.c - no two things that an update replaces lie at one place
 *
 * The last step of matching.  If two functions of the image were taken for the
 * same one of the kernel, because the image names it twice or because they
 * are equal, the second redirect would go over the first, and which of the two
 * new functions runs would be left to chance.  The same is true of data.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "match/overlap.h"
#include "model/abort.h"
#include "model/update.h"
#include "model/words.h"

struct extent {
	const char *name;
	unsigned long addr, size;
};

static unsigned int n_extents(const struct ksplice_change *change)
{
	return change->n_functions + change->n_data;
}

/* The functions, then the data. */
static struct extent get_extent(const struct ksplice_change *change,
				unsigned int i)
{
	const struct ksplice_function *function;
	const struct ksplice_data *data;

	if (i < change->n_functions) {
		function = &change->functions[i];
		return (struct extent) {
			function->name, function->body, function->size
		};
	}
	data = &change->data[i - change->n_functions];
	return (struct extent) { data->name, data->addr, data->size };
}

static int check(struct ksplice_change *change,
		 const struct ksplice_change *other)
{
	char at[KSPLICE_ADDR_NAME_LEN];
	unsigned int i, j;

	for (i = 0; i < n_extents(change); i++) {
		struct extent a = get_extent(change, i);

		for (j = other == change ? i + 1 : 0; j < n_extents(other);
		     j++) {
			struct extent b = get_extent(other, j);

			if (a.addr >= b.addr + b.size ||
			    b.addr >= a.addr + a.size)
				continue;
			return ksplice_abort(change->update, KSPLICE_NO_MATCH,
					     "'%s' and '%s' would both be at %s",
					     a.name, b.name,
					     ksplice_addr_name(at, a.addr));
		}
	}
	return 0;
}

int __ksplice_overlap_check(struct ksplice_change *change)
{
	const struct ksplice_change *other;
	int ret = check(change, change);

	list_for_each_entry(other, &change->update->changes, list) {
		if (ret)
			break;
		ret = check(change, other);
	}
	return ret;
}
