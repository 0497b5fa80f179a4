// SPDX-License-Identifier: GPL-2.0-only
/*
 * livepatch.c - functions that a livepatch of the kernel has replaced
 *
 * A livepatch takes over at the ftrace site, which comes before our redirect:
 * an update of that function would be applied and never run.  A later livepatch
 * takes precedence over the update until it is disabled.
 */
#include <linux/livepatch.h>
#include <linux/mutex.h>
#include "kernel/compat.h"
#include "stop/livepatch.h"

#ifdef CONFIG_LIVEPATCH

static bool patch_replaces(const struct klp_patch *patch, unsigned long entry)
{
	const struct klp_object *object;
	const struct klp_func *func;

	klp_for_each_object(patch, object)
		klp_for_each_func(object, func)
			if (func->patched &&
			    (unsigned long)func->old_func == entry)
				return true;
	return false;
}

bool ksplice_has_livepatch(unsigned long entry)
{
	const struct klp_patch *patch;
	bool ret = false;

	mutex_lock(ksplice_need.klp_mutex);
	list_for_each_entry(patch, ksplice_need.klp_patches, list)
		ret = ret || patch_replaces(patch, entry);
	mutex_unlock(ksplice_need.klp_mutex);
	return ret;
}

#else

bool ksplice_has_livepatch(unsigned long entry)
{
	return false;
}

#endif
