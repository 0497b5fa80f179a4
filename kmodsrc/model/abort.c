// SPDX-License-Identifier: GPL-2.0-only
/*
 * abort.c - the reasons for refusing: word, errno, and what was refused why
 *
 * ksplice_abort() is called where the reason is known.  It leaves it in the
 * update, where sysfs shows it, in the update's log and in the kernel log.
 * The words are the same here, in lib/Ksplice/Abort.pm and in doc/aborts.md.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "model/abort.h"
#include "model/debug.h"
#include "model/update.h"
#include "model/words.h"

static const struct {
	const char *word;
	int error;
} aborts[KSPLICE_N_ABORT_CAUSES] = {
	[KSPLICE_OK]			= { "ok", 0 },
	[KSPLICE_NO_MATCH]		= { "no_match", -ENOEXEC },
	[KSPLICE_CODE_BUSY]		= { "code_busy", -EBUSY },
	[KSPLICE_MODULE_BUSY]		= { "module_busy", -EBUSY },
	[KSPLICE_OUT_OF_MEMORY]		= { "out_of_memory", -ENOMEM },
	[KSPLICE_FAILED_TO_FIND]	= { "failed_to_find", -ENOENT },
	[KSPLICE_TARGET_NOT_LOADED]	= { "target_not_loaded", -ENOENT },
	[KSPLICE_CALL_FAILED]		= { "call_failed", -EIO },
	[KSPLICE_COLD_UPDATE_LOADED]	= { "cold_update_loaded", -EEXIST },
	[KSPLICE_ALREADY_REPLACED]	= { "already_replaced", -EEXIST },
	[KSPLICE_MISSING_UPDATE]	= { "missing_update", -ENOENT },
	[KSPLICE_TEXT_CHANGED]		= { "text_changed", -ESTALE },
	[KSPLICE_TOO_SHORT]		= { "too_short", -ENOSPC },
	[KSPLICE_SITE_CONFLICT]		= { "site_conflict", -EADDRINUSE },
	[KSPLICE_UNSUPPORTED_KERNEL]	= { "unsupported_kernel", -EOPNOTSUPP },
	[KSPLICE_UNEXPECTED]		= { "unexpected", -EINVAL },
};

const char *ksplice_abort_name(enum ksplice_abort_cause cause)
{
	if (WARN_ON_ONCE(cause >= KSPLICE_N_ABORT_CAUSES))
		cause = KSPLICE_UNEXPECTED;
	return aborts[cause].word;
}

int ksplice_abort(struct ksplice_update *update,
		  enum ksplice_abort_cause cause, const char *fmt, ...)
{
	va_list args;
	char *reason;

	va_start(args, fmt);
	reason = kvasprintf(GFP_KERNEL, fmt, args);
	va_end(args);

	if (reason)
		ksplice_words_clean(reason);
	kfree(update->reason);
	update->reason = reason;	/* NULL is shown as an empty line */
	update->abort_cause = cause;
	ksplice_debug(update, "refused, %s: %s", ksplice_abort_name(cause),
		      reason ?: "");
	pr_err("update '%s' refused, %s: %s\n", update->kid,
	       ksplice_abort_name(cause), reason ?: "");
	return aborts[cause].error;
}

void __ksplice_clear_abort(struct ksplice_update *update)
{
	update->abort_cause = KSPLICE_OK;
	kfree(update->reason);
	update->reason = NULL;
	kvfree(update->conflicts);
	update->conflicts = NULL;
}
