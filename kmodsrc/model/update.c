// SPDX-License-Identifier: GPL-2.0-only
/*
 * update.c - the updates that there are
 *
 * Nothing here changes an update's stage: core/ does.  All of it but the free
 * is called with ksplice_mutex held.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "model/debug.h"
#include "model/kids.h"
#include "model/update.h"

DEFINE_MUTEX(ksplice_mutex);
LIST_HEAD(ksplice_updates);

struct ksplice_update *__ksplice_find_update(const char *kid)
{
	struct ksplice_update *update;

	list_for_each_entry(update, &ksplice_updates, list)
		if (!strcmp(update->kid, kid))
			return update;
	return NULL;
}

struct ksplice_change *__ksplice_find_change(struct ksplice_update *update,
					     const char *target_name)
{
	struct ksplice_change *change;

	list_for_each_entry(change, &update->changes, list)
		if (!strcmp(change->target_name, target_name))
			return change;
	return NULL;
}

int __ksplice_add_kids(struct ksplice_update *update, char **list,
		       const char *kids)
{
	char *both;

	if (!ksplice_kids_are_valid(kids, list == &update->needs) ||
	    ksplice_kids_have(kids, update->kid))
		return -EINVAL;
	if (!list_empty(&update->changes) || update->stage == KSPLICE_APPLIED)
		return -EBUSY;
	both = kasprintf(GFP_KERNEL, "%s%s%s", *list ?: "", *list ? " " : "",
			 kids);
	if (!both)
		return -ENOMEM;
	kfree(*list);
	*list = both;
	return 0;
}

void ksplice_update_free(struct ksplice_update *update)
{
	WARN_ON_ONCE(!list_empty(&update->changes));
	ksplice_log_hide(update->log);
	ksplice_log_free(update->log);
	kfree(update->reason);
	kfree(update->needs);
	kfree(update->replaces);
	kvfree(update->conflicts);
	kfree(update->kid);
	kfree(update);
}
