// SPDX-License-Identifier: GPL-2.0-only
/*
 * replace.c - an update that takes the place of others, in one stop
 *
 * An update that replaces others was made from the source without them.  So
 * while it is matched, and while it is applied, they are hidden:
 *   - their redirects are not followed, and their new code has no names and is
 *     no function's newest body (redirects.c, symbols.c);
 *   - what they have overwritten reads as what they saved (run.c).
 * What is learnt then, where the redirects go and what they will restore is
 * that of the kernel without them.  Nothing is hidden from the stop: it writes
 * over what is there.
 *
 * An update stays if another one that is not replaced as well depends on it
 * (depend.c).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include "model/abort.h"
#include "model/kids.h"
#include "model/redirects.h"
#include "model/update.h"
#include "stop/depend.h"
#include "stop/replace.h"

static void set_hidden(struct ksplice_update *update, bool is_hidden)
{
	struct ksplice_change *change;

	update->is_hidden = is_hidden;
	list_for_each_entry(change, &update->changes, list) {
		if (!change->is_applied)
			continue;
		if (is_hidden)
			__ksplice_redirects_hide(change);
		else
			__ksplice_redirects_show(change);
	}
}

static int check_hidden(struct ksplice_update *update)
{
	struct ksplice_update *other;
	int ret;

	list_for_each_entry(other, &ksplice_updates, list) {
		ret = other->is_hidden ?
		      __ksplice_depend_check_reverse(other, update) : 0;
		if (ret)
			return ret;
	}
	return 0;
}

int __ksplice_hide_replaced(struct ksplice_update *update)
{
	struct ksplice_update *other;
	int ret = __ksplice_depend_check_named(update);

	/* Those that an applied update has replaced are long gone. */
	if (ret || !update->replaces || update->stage == KSPLICE_APPLIED)
		return ret;
	list_for_each_entry(other, &ksplice_updates, list)
		if (ksplice_kids_have(update->replaces, other->kid))
			set_hidden(other, true);
	ret = check_hidden(update);
	if (ret)
		__ksplice_show_replaced(update);
	return ret;
}

void __ksplice_show_replaced(struct ksplice_update *update)
{
	struct ksplice_update *other;

	list_for_each_entry(other, &ksplice_updates, list)
		if (other->is_hidden)
			set_hidden(other, false);
}

int __ksplice_plan_make(struct ksplice_plan *plan,
			struct ksplice_update *update,
			enum ksplice_direction way)
{
	struct ksplice_update *other;
	unsigned int n = 1;
	int ret = 0;

	*plan = (struct ksplice_plan) { .update = update };
	if (way == KSPLICE_APPLY)
		ret = __ksplice_hide_replaced(update);
	if (ret)
		return ret;
	list_for_each_entry(other, &ksplice_updates, list)
		n += other->is_hidden;
	plan->parts = kvcalloc(n, sizeof(*plan->parts), GFP_KERNEL);
	if (!plan->parts) {
		__ksplice_show_replaced(update);
		return ksplice_abort(update, KSPLICE_OUT_OF_MEMORY,
				     "no memory to plan the stop");
	}
	list_for_each_entry_reverse(other, &ksplice_updates, list)
		if (other->is_hidden)
			plan->parts[plan->n++] = (struct ksplice_part) {
				.update = other,
				.way = KSPLICE_REVERSE,
			};
	plan->parts[plan->n++] = (struct ksplice_part) {
		.update = update,
		.way = way,
	};
	return 0;
}

void __ksplice_plan_release(struct ksplice_plan *plan)
{
	__ksplice_show_replaced(plan->update);
	kvfree(plan->parts);
}
