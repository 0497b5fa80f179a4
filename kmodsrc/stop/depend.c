// SPDX-License-Identifier: GPL-2.0-only
/*
 * depend.c - which update depends on which
 *
 * An update that replaces a function again writes its redirect into the body
 * that the earlier one brought, so the earlier one cannot be undone before it.
 * The same is true of data that both replace: undo writes what was there first.
 * Nor can it if a later update's new code uses its functions or data: those
 * are in the later one's export table, even while it is not applied.  Nor if a
 * later one was built on top of it, and says so.  Other updates can be undone
 * in any order.  Any module at all may use what new code exports, and keeps
 * the update applied as well.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include "kernel/compat.h"
#include "kernel/exports.h"
#include "model/abort.h"
#include "model/kids.h"
#include "model/redirects.h"
#include "model/update.h"
#include "stop/data.h"
#include "stop/depend.h"

int __ksplice_depend_check_apply(struct ksplice_update *update)
{
	struct ksplice_change *change;
	struct ksplice_function *function, *last;
	unsigned long body;
	unsigned int i;

	list_for_each_entry(change, &update->changes, list) {
		if (!ksplice_change_takes_part(change, KSPLICE_APPLY))
			continue;
		for (i = 0; i < change->n_functions; i++) {
			function = &change->functions[i];
			if (function->is_part)
				continue;
			last = __ksplice_last_redirect(function->addr, &body);
			/* Another body may lie where the old one did. */
			if (body == function->body &&
			    (last ? last->applied_at : 0) ==
			    function->body_from)
				continue;
			return ksplice_abort(update, KSPLICE_TEXT_CHANGED,
				"'%s' is not the version that was matched: %s%s%s since then; load the modules of '%s' again",
				function->name,
				last ? "update '" : "an update",
				last ? last->change->update->kid : "",
				last ? "' was applied" : " was undone",
				update->kid);
		}
	}
	return 0;
}

static bool module_imports_from(const struct module *old_module,
				const struct module *new_module)
{
	const struct ksplice_export *table;
	unsigned int i, n;

	table = ksplice_export_gpl(old_module, &n);
	for (i = 0; i < n; i++)
		if (within_module_core(ksplice_export_addr(&table[i]),
				       new_module))
			return true;
	return false;
}

/* Does other's new code refer to the new code of update? */
static bool update_imports_from(const struct ksplice_update *other,
				const struct ksplice_update *update)
{
	const struct ksplice_change *user, *change;

	list_for_each_entry(user, &other->changes, list)
		list_for_each_entry(change, &update->changes, list)
			if (change->new_module &&
			    module_imports_from(user->old_module,
						change->new_module))
				return true;
	return false;
}

/* Is it of the update, or of one that is reversed in the same stop? */
static bool __goes_with(const struct ksplice_update *update,
			const struct module *module)
{
	const struct ksplice_update *other;
	const struct ksplice_change *change;

	list_for_each_entry(other, &ksplice_updates, list) {
		if (other != update && !other->is_hidden)
			continue;
		list_for_each_entry(change, &other->changes, list)
			if (change->new_module == module)
				return true;
	}
	return false;
}

/* Abort if any other module uses what the new code exports. */
static int __check_users(struct ksplice_update *update,
			 struct ksplice_update *asker,
			 const struct module *new_module)
{
	const struct ksplice_module_use *use;
	int ret = 0;

	mutex_lock(ksplice_need.module_mutex);
	list_for_each_entry(use, &new_module->source_list, source_list) {
		if (__goes_with(update, use->source))
			continue;
		ret = ksplice_abort(asker, KSPLICE_MODULE_BUSY,
			"module '%s' uses exports of update '%s'; unload it first",
			use->source->name, update->kid);
		break;
	}
	mutex_unlock(ksplice_need.module_mutex);
	return ret;
}

static bool update_overwrites(const struct ksplice_update *other,
			      const struct ksplice_update *update)
{
	const struct ksplice_change *a, *b;

	list_for_each_entry(a, &other->changes, list)
		list_for_each_entry(b, &update->changes, list)
			if (a->is_applied && b->is_applied &&
			    ksplice_data_overlaps(a, b))
				return true;
	return false;
}

/* Abort if a later update replaces a function of the change again. */
static int __check_patched_again(const struct ksplice_change *change,
				 struct ksplice_update *asker)
{
	const struct ksplice_function *function, *later;
	unsigned int i;

	for (i = 0; i < change->n_functions; i++) {
		function = &change->functions[i];
		later = function->is_part ? NULL :
			__ksplice_find_redirect(function->new_addr);
		if (later)
			return ksplice_abort(asker, KSPLICE_COLD_UPDATE_LOADED,
				"update '%s' replaces '%s' of '%s' again; undo it first",
				later->change->update->kid, function->name,
				change->update->kid);
	}
	return 0;
}

/* Abort if another update counts on this one, in whatever way. */
static int __check_others(struct ksplice_update *update,
			  struct ksplice_update *asker)
{
	struct ksplice_update *other = update;

	/* Those that follow it have been applied after it. */
	list_for_each_entry_continue(other, &ksplice_updates, list)
		if (!other->is_hidden && update_overwrites(other, update))
			return ksplice_abort(asker,
				KSPLICE_COLD_UPDATE_LOADED,
				"update '%s' replaces data of '%s' again; undo it first",
				other->kid, update->kid);

	list_for_each_entry(other, &ksplice_updates, list) {
		if (other == update || other->is_hidden)
			continue;
		if (update_imports_from(other, update))
			return ksplice_abort(asker,
				KSPLICE_COLD_UPDATE_LOADED,
				"update '%s' uses the new code of '%s'; undo it and remove its modules first",
				other->kid, update->kid);
		if ((other->stage == KSPLICE_APPLIED || other == asker) &&
		    ksplice_kids_have(other->needs, update->kid))
			return ksplice_abort(asker,
				KSPLICE_COLD_UPDATE_LOADED,
				"update '%s' was built on top of '%s'; undo it first",
				other->kid, update->kid);
	}
	return 0;
}

int __ksplice_depend_check_reverse(struct ksplice_update *update,
				   struct ksplice_update *asker)
{
	struct ksplice_change *change;
	int ret;

	list_for_each_entry(change, &update->changes, list) {
		if (!ksplice_change_takes_part(change, KSPLICE_REVERSE))
			continue;
		ret = __check_users(update, asker, change->new_module) ?:
		      __check_patched_again(change, asker);
		if (ret)
			return ret;
	}
	return __check_others(update, asker);
}

static const struct ksplice_update *__find_applied(const char *kid, size_t len)
{
	const struct ksplice_update *update;

	list_for_each_entry(update, &ksplice_updates, list)
		if (update->stage == KSPLICE_APPLIED &&
		    strlen(update->kid) == len &&
		    !memcmp(update->kid, kid, len))
			return update;
	return NULL;
}

static int __check_applied(struct ksplice_update *update, const char *kids,
			   const char *how)
{
	const struct ksplice_update *other;
	const char *kid;
	size_t len;

	while ((kid = ksplice_kids_next(&kids, &len))) {
		other = __find_applied(kid, len);
		if (!other)
			return ksplice_abort(update, KSPLICE_MISSING_UPDATE,
					     "'%s' %s '%.*s'", update->kid,
					     how, (int)len, kid);
		if (kid[len] == '=' &&
		    strncmp(kid + len + 1, other->hash, KSPLICE_HASH_LEN))
			return ksplice_abort(update, KSPLICE_MISSING_UPDATE,
				"'%s' %s the '%s' with the hash %.*s, but the applied one has %s",
				update->kid, how, other->kid, KSPLICE_HASH_LEN,
				kid + len + 1, other->hash);
	}
	return 0;
}

int __ksplice_depend_check_named(struct ksplice_update *update)
{
	int ret = __check_applied(update, update->needs, "needs");

	if (ret || update->stage == KSPLICE_APPLIED)
		return ret;
	return __check_applied(update, update->replaces, "replaces");
}
