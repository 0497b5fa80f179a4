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
#include "ksplice.h"

/* The reasons for refusing; the words are in abort.c, Ksplice/Abort.pm and doc/aborts.md */
enum ksplice_abort_cause {
	KSPLICE_OK,
	KSPLICE_NO_MATCH,
	KSPLICE_CODE_BUSY,
	KSPLICE_MODULE_BUSY,
	KSPLICE_OUT_OF_MEMORY,
	KSPLICE_FAILED_TO_FIND,
	KSPLICE_TARGET_NOT_LOADED,
	KSPLICE_CALL_FAILED,
	KSPLICE_COLD_UPDATE_LOADED,
	KSPLICE_ALREADY_REPLACED,
	KSPLICE_MISSING_UPDATE,
	KSPLICE_TEXT_CHANGED,
	KSPLICE_TOO_SHORT,
	KSPLICE_SITE_CONFLICT,
	KSPLICE_UNSUPPORTED_KERNEL,
	KSPLICE_UNEXPECTED,
	KSPLICE_N_ABORT_CAUSES
};

enum ksplice_stage {
	KSPLICE_PREPARING,	/* changes are still coming or matching */
	KSPLICE_MATCHED,	/* all -old.ko are in and matched */
	KSPLICE_APPLIED,
	KSPLICE_REVERSED,
	KSPLICE_TRY,		/* asked for only: would it be applied? */
};

#define KSPLICE_MAX_REDIRECT	20

/*
 * An old function that the change replaces, or a part (.cold) of one.  Made
 * by matching, for each span flagged PATCHED or PART; lives as long as the
 * change.
 */
struct ksplice_function {
	const char *name;		/* kstrdup'd, kallsyms' name */
	unsigned int span;		/* index in the pre image */
	bool is_part;			/* nothing is written to it */
	bool allow_running;		/* the author says that threads in it
					 * may end in the old body */
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
	const char *running_conflict;	/* likewise: why nobody may be in it,
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
 * of data flagged PATCHED; lives as long as the change.
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
	struct list_head of_target;	/* await.c: while it has or had one */
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
	enum ksplice_stage stage;	/* by whoever made it run */
	struct task_struct *requester;	/* him, with a reference; while running */
	int result;			/* 0 or a negative errno, when done */
};

struct ksplice_update {
	struct list_head list;		/* in ksplice_updates, oldest first */
	struct list_head changes;
	struct kobject kobj;		/* /sys/kernel/ksplice/KID */
	const char *kid;
	char hash[KSPLICE_HASH_LEN + 1];	/* of its files; or "" */
	unsigned int n_changes;		/* that it has in all */
	char *needs;			/* KIDs of updates that it stands on */
	char *replaces;			/* and of those that are put back in
					 * the stop that applies it; or NULL */
	bool is_hidden;			/* replace.c: it is going to be */
	enum ksplice_stage stage;
	enum ksplice_abort_cause abort_cause;
	char *reason;			/* one line that goes with it */
	char *conflicts;		/* who was in the way; or NULL */
	bool kick;			/* have threads leave the kernel */
	struct task_struct *requester;	/* who waits for what is being done */
	struct ksplice_request request;
	struct ksplice_log *log;	/* debugfs; may be NULL */
	u64 pause_ns;			/* of the last stop */
};

/*
 * Does the change take part when its update is applied (or reversed)?  One
 * that comes to an applied update is applied alone.
 */
static inline bool
ksplice_change_takes_part(const struct ksplice_change *change, bool apply)
{
	return change->new_module && !change->is_lost &&
	       change->is_applied != apply;
}

/* Is it applied, and not hidden from what is being matched or applied? */
static inline bool ksplice_change_is_seen(const struct ksplice_change *change)
{
	return change->is_applied && !change->update->is_hidden;
}

extern struct mutex ksplice_mutex;
extern struct list_head ksplice_updates;

/* update.c */

struct ksplice_update *__ksplice_find_update(const char *kid);

/*
 * Make an update that has no changes yet: begin takes the locks unless it
 * returns an error, begun lets go, and drops the update if ret is one.
 */
struct ksplice_update *ksplice_update_begin(const char *kid, const char *hash,
					    unsigned int n_changes);
void ksplice_update_begun(struct ksplice_update *update, int ret);

/*
 * Add to update->needs or update->replaces, before its modules are there.  Return:
 * 0, -EINVAL if it is no list of other KIDs, -EBUSY if it is too late, or -ENOMEM.
 */
int __ksplice_add_kids(struct ksplice_update *update, char **list,
		       const char *kids);

/*
 * Drop an update that has no modules; -EBUSY if it has or is applied, -ENOENT
 * if unknown.
 */
int ksplice_forget_update(const char *kid);
void ksplice_forget_all(void);

/* The last step of freeing; called by the kobject's release. */
void ksplice_update_free(struct ksplice_update *update);

/*
 * Go to a stage, applied or reversed; 0 if it is there already.  Applied again
 * applies the changes that came since.  On failure the stage is what it was, and
 * abort_cause and reason say why.  Try changes nothing; what a hook would say
 * is not known then.
 */
int __ksplice_set_stage(struct ksplice_update *update,
			enum ksplice_stage stage);
const char *ksplice_stage_name(enum ksplice_stage stage);

/* abort.c */

/**
 * ksplice_abort() - record why something was refused
 *
 * Return: the errno of the cause: -ENOEXEC for no_match, -EBUSY for code_busy
 * and module_busy, -ENOMEM, -ENOENT for failed_to_find and target_not_loaded,
 * ... (one table in abort.c).
 */
__printf(3, 4)
int ksplice_abort(struct ksplice_update *update,
		  enum ksplice_abort_cause cause, const char *fmt, ...);
const char *ksplice_abort_name(enum ksplice_abort_cause cause);

/* Before a new attempt: abort_cause ok, no reason, no conflicts. */
void __ksplice_clear_abort(struct ksplice_update *update);

/* debug.c: one more line of the update's log, without a newline in fmt */
__printf(2, 3)
void ksplice_debug(struct ksplice_update *update, const char *fmt, ...);

/* match.c */

/**
 * __ksplice_match_change() - prove that the running code is the pre code
 * @change: update, target, target_name and old_module are set
 * @pre: the pre image, not yet validated
 * @size: its bytes
 *
 * On success functions, n_matched, n_text, match_ns are set, and the export
 * table of old_module holds the addresses.  On failure nothing is left behind.
 *
 * Return: 0 or what ksplice_abort() returned.
 */
int __ksplice_match_change(struct ksplice_change *change, const void *pre,
			   unsigned long size);

/* Free what matching allocated (functions, data and their names). */
void ksplice_free_functions(struct ksplice_change *change);

#endif
