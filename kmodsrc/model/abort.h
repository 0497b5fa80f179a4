/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * abort.h - the reasons for refusing, and how one is recorded
 */
#ifndef KSPLICE_ABORT_H
#define KSPLICE_ABORT_H

#include <linux/compiler.h>

struct ksplice_update;

/*
 * The reasons for refusing; the words are in abort.c, lib/Ksplice/Abort.pm and
 * doc/aborts.md.
 */
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

#endif
