/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * awaited.h - targets that an update is applied without
 *
 * An entry is made for each target that an update is applied without.  All
 * below with __ needs ksplice_mutex.
 */
#ifndef KSPLICE_AWAITED_H
#define KSPLICE_AWAITED_H

#include <linux/list.h>
#include <linux/types.h>

struct ksplice_update;

struct ksplice_awaited {
	struct list_head list;		/* of all updates, oldest first */
	struct ksplice_update *update;
	char *target_name;
	bool is_wanted;			/* its module is held in its load */
	/* What the last attempt led to, if it was refused. */
	int abort_cause;
	char *reason;
};

/* One more, unless it is there.  May sleep.  Return: 0 or -ENOMEM. */
int __ksplice_awaited_add(struct ksplice_update *update,
			  const char *target_name);

/* Forget all entries of an update. */
void __ksplice_awaited_forget(struct ksplice_update *update);

/* NULL if the update does not await the target. */
struct ksplice_awaited *__ksplice_awaited_find(struct ksplice_update *update,
					       const char *target_name);

/* The one of the update after that, or its first; NULL at the end. */
struct ksplice_awaited *
__ksplice_awaited_next(struct ksplice_update *update,
		       struct ksplice_awaited *after);

/* Of update: the number of awaited targets that have no change yet. */
unsigned int __ksplice_awaited_count_absent(struct ksplice_update *update);

/* After whatever may have changed what an update waits for. */
void __ksplice_awaited_refresh(struct ksplice_update *update);

/* The change of the target was refused as update->abort_cause says. */
void __ksplice_awaited_refused(struct ksplice_update *update,
			       const char *target_name);

/*
 * A line of the file awaited of sysfs: TARGET STATE [WHY]; the reason may name
 * tasks, and is for root.
 */
char *__ksplice_awaited_line(const struct ksplice_awaited *awaited,
			     bool has_reason);

/* Is it to be held when it is loaded, for any update? */
bool ksplice_awaited_is_wanted(const char *target_name);

/* It is being loaded: forget why an earlier load was refused. */
void ksplice_awaited_begin(const char *target_name);

/* It runs unpatched: log of each update that wanted it why. */
void ksplice_awaited_warn(const char *target_name);

#endif
