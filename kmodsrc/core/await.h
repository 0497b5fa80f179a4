/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * await.h - targets that are not loaded yet, and those that go away
 *
 * An entry is made for each target that an update is applied without.  All
 * below with __ needs ksplice_mutex.
 */
#ifndef KSPLICE_AWAIT_H
#define KSPLICE_AWAIT_H

#include <linux/list.h>
#include <linux/types.h>

struct ksplice_change;
struct ksplice_update;
struct module;

struct ksplice_awaited {
	struct list_head list;		/* of all updates, oldest first */
	struct ksplice_update *update;
	char *target_name;
	bool is_wanted;			/* its module is held when it comes */
	/* What came of the last attempt, if it was refused. */
	int abort_cause;
	char *reason;
};

/*
 * Await the targets of an update that is made for it.  The text is that of
 * the file await of sysfs: "KID HASH N TARGET...", N the number of its changes.
 * There may be no target: then the update is made, so that its files can be written.
 * Takes ksplice_mutex.  Return: 0; -EINVAL; -EEXIST if the update is there.
 */
int ksplice_await(char *text);

/* NULL if the update does not await the target. */
struct ksplice_awaited *__ksplice_find_awaited(struct ksplice_update *update,
					       const char *target_name);

/* Of update: the number of awaited targets that have no change yet. */
unsigned int __ksplice_count_absent(struct ksplice_update *update);

/* After whatever may have changed what an update waits for. */
void __ksplice_await_refresh(struct ksplice_update *update);

/* The change of the target was refused as update->abort_cause says. */
void __ksplice_await_refused(struct ksplice_update *update,
			     const char *target_name);

/* Forget all entries of an update. */
void __ksplice_await_forget(struct ksplice_update *update);

/*
 * A line of the file awaited of sysfs for each of them: TARGET STATE [WHY]; the
 * reason may name threads, and is for root.
 */
char *__ksplice_await_line(const struct ksplice_awaited *awaited,
			   bool has_reason);
struct ksplice_awaited *
__ksplice_next_awaited(struct ksplice_update *update,
		       struct ksplice_awaited *after);

/*
 * A change has a reference of its target, and lets go of it; if the target is
 * gone, there is none.
 */
void __ksplice_target_add(struct ksplice_change *change);
void __ksplice_target_remove(struct ksplice_change *change);

/* Is the module, which is coming, held for us? */
bool ksplice_is_held(const struct module *module);

/*
 * The program that is run; "" for none.  The line is to be freed, and NULL if
 * there is no memory.  Set returns 0; -EINVAL if it is no absolute path; -EACCES
 * if others than root could change what is run.
 */
char *ksplice_helper_line(void);
int ksplice_helper_set(const char *path);

int ksplice_await_init(void);
void ksplice_await_exit(void);

#endif
