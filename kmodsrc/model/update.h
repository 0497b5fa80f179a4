/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * update.h - updates, their changes and the functions they replace
 *
 * update > change > function.  All of it is guarded by ksplice_mutex; what
 * runs inside the stop reads only what was prepared before it.
 */
#ifndef KSPLICE_UPDATE_H
#define KSPLICE_UPDATE_H

#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include "arch.h"
#include "ksplice.h"
#include "model/abort.h"

enum ksplice_stage {
	KSPLICE_PREPARING,	/* changes are still coming or matching */
	KSPLICE_MATCHED,	/* all -old.ko are in and matched */
	KSPLICE_APPLIED,
	KSPLICE_REVERSED,
};

/* What a user may ask for */
enum ksplice_action {
	KSPLICE_DO_APPLY,
	KSPLICE_DO_REVERSE,
	KSPLICE_DO_TRY,		/* all of apply but the stop */
};

/* What one stop does with an update */
enum ksplice_direction {
	KSPLICE_REVERSE,
	KSPLICE_APPLY,
};

/*
 * A function that the change redirects, or a part (.cold) of one.  Made by
 * matching, for each span flagged REPLACED or PART; lives as long as the
 * change.
 */
struct ksplice_function {
	const char *name;		/* kstrdup'd, kallsyms' name */
	unsigned int span;		/* index in the pre image */
	bool is_part;			/* nothing is written to it */
	bool allow_running;		/* the author allows tasks in it to end
					 * in the old body */
	unsigned long addr;		/* original entry: what pointers hold */
	unsigned long body;		/* entry of the newest version, which
					 * is what was matched */
	unsigned long size;		/* bytes at body that belong to it */
	u64 body_from;			/* applied_at of what brought body; 0:
					 * the kernel */
	/* Where the redirect goes; site_conflict tells why it cannot be. */
	unsigned long redirect;		/* address, inside [body, body+size) */
	unsigned int redirect_room;	/* bytes that may be overwritten */
	unsigned int redirect_len;	/* and that are: whole instructions */
	const char *site_conflict;	/* static string or NULL */
	const char *running_conflict;	/* likewise: why no task may be in it,
					 * though the author allows it */

	/* Filled by register_new_code and apply. */
	unsigned long new_addr;
	unsigned long new_size;

	/* redirects.c: while it is applied. */
	struct ksplice_change *change;
	u64 applied_at;			/* a number that no other apply has */
	struct hlist_node by_body, by_new_addr;
	u8 saved[KSPLICE_MAX_REDIRECT];	/* as matching left it, at redirect */
	u8 written[KSPLICE_MAX_REDIRECT];
	u8 *alias;			/* of redirect, to write it; NULL but
					 * while the stage changes */
	const u8 *before, *after;	/* likewise: what is there, and what
					 * is written */
};

/*
 * Data that the change overwrites in place.  Made by matching, for each span
 * of data flagged REPLACED; lives as long as the change.
 */
struct ksplice_data {
	const char *name;		/* kstrdup'd */
	unsigned int span;		/* index in the pre image */
	bool is_writable;		/* what it holds was not compared */
	unsigned long addr, size;
	u8 *saved;			/* what undo writes: of read-only data
					 * as matching left it */
	unsigned long new_addr;		/* 0 until the new code is there */
	u8 *alias;			/* of addr, to write it; NULL but while
					 * the stage changes */
};

struct ksplice_change {
	struct list_head list;		/* in update->changes */
	struct ksplice_update *update;
	const char *target_name;
	struct module *target;		/* NULL for vmlinux; a reference is
					 * held while the -old.ko is loaded */
	struct list_head of_target;	/* targets.c: while it has or had one */
	bool is_lost;			/* the target went away all the same */
	struct module *old_module;
	struct module *new_module;	/* NULL until it is there */
	bool is_applied;
	bool has_run;			/* was applied since it was matched */
	struct ksplice_function *functions;
	unsigned int n_functions;
	struct ksplice_data *data;
	unsigned int n_data;
	const struct ksplice_hook_record *hooks;	/* in new_module */
	unsigned int n_hooks;
	unsigned int n_matched;		/* "matched n_matched of n_text */
	unsigned int n_text;		/*  functions" */
	u64 match_ns;			/* time that matching took */
};

enum ksplice_request_state {
	KSPLICE_REQUEST_NONE,
	KSPLICE_REQUEST_RUNNING,
	KSPLICE_REQUEST_DONE,
};

/* See request.c.  Not guarded by ksplice_mutex. */
struct ksplice_request {
	enum ksplice_request_state state;
	enum ksplice_action action;
	struct task_struct *requester;	/* with a reference; while running */
	int result;			/* 0 or a negative errno, when done */
};

struct ksplice_update {
	struct list_head list;		/* in ksplice_updates, oldest first */
	struct list_head changes;
	struct kobject kobj;		/* /sys/kernel/ksplice/KID */
	const char *kid;
	char hash[KSPLICE_HASH_LEN + 1];	/* of its files; or "" */
	unsigned int n_changes;		/* that it has in all */
	char *needs;			/* KID=HASH of updates that it is on
					 * top of */
	char *replaces;			/* and of those that are reversed in
					 * the stop that applies it, or were
					 * while it is applied; or NULL */
	bool is_hidden;			/* replace.c: it is going to be */
	enum ksplice_stage stage;
	enum ksplice_abort_cause abort_cause;
	char *reason;			/* one line that goes with it */
	char *conflicts;		/* the conflicting tasks; or NULL */
	bool kick;			/* have tasks leave the kernel */
	struct task_struct *requester;	/* waits for what is being done */
	struct ksplice_request request;
	struct ksplice_log *log;	/* debugfs; may be NULL */
	u64 pause_ns;			/* of the last stop */
};

/*
 * Does the change take part when its update is applied, or reversed?  One
 * that is loaded when its update is applied is applied alone.
 */
static inline bool
ksplice_change_takes_part(const struct ksplice_change *change,
			  enum ksplice_direction way)
{
	return change->new_module && !change->is_lost &&
	       change->is_applied == (way == KSPLICE_REVERSE);
}

/* Is it applied, and not hidden from what is being matched or applied? */
static inline bool ksplice_change_is_seen(const struct ksplice_change *change)
{
	return change->is_applied && !change->update->is_hidden;
}

extern struct mutex ksplice_mutex;
extern struct list_head ksplice_updates;

/* With ksplice_mutex held.  Return: NULL if there is none. */
struct ksplice_update *__ksplice_find_update(const char *kid);
struct ksplice_change *__ksplice_find_change(struct ksplice_update *update,
					     const char *target_name);

/*
 * Add to update->needs or update->replaces, before its modules are there.
 * Return: 0, -EINVAL if it is no list of others, -EBUSY if it is too late,
 * or -ENOMEM.
 */
int __ksplice_add_kids(struct ksplice_update *update, char **list,
		       const char *kids);

/* The last step of freeing; called by the kobject's release. */
void ksplice_update_free(struct ksplice_update *update);

#endif
