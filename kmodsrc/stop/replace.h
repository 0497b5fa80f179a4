/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * replace.h - an update that takes the place of others, in one stop
 *
 * All with ksplice_mutex held.
 */
#ifndef KSPLICE_REPLACE_H
#define KSPLICE_REPLACE_H

#include "model/update.h"

/* What one stop does with one update. */
struct ksplice_part {
	struct ksplice_update *update;
	enum ksplice_direction way;
};

/*
 * All that one stop does, in the order of its parts: those that are reversed,
 * the last one applied first, then the one that is applied.
 */
struct ksplice_plan {
	struct ksplice_update *update;	/* whose stage is to change; it has the
					 * reasons, the log and the pause */
	struct ksplice_part *parts;
	unsigned int n;
};

#define ksplice_for_each_part(part, plan)				\
	for (part = (plan)->parts; part < (plan)->parts + (plan)->n; part++)

/*
 * From hide to show the core sees the kernel as if the updates that this one
 * replaces were not applied.  May sleep.  Return: 0, or what ksplice_abort()
 * returned and nothing is hidden: one is not applied, or has to stay.
 */
int __ksplice_hide_replaced(struct ksplice_update *update);
void __ksplice_show_replaced(struct ksplice_update *update);

/* Hides, until the release.  May sleep.  Return: 0 or an abort. */
int __ksplice_plan_make(struct ksplice_plan *plan,
			struct ksplice_update *update,
			enum ksplice_direction way);
void __ksplice_plan_release(struct ksplice_plan *plan);

#endif
