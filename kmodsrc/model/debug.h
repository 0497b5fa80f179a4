/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * debug.h - the log of an update
 *
 * debugfs ksplice/KID/log, and the file "debug" in the update's directory in
 * sysfs for where debugfs is not mounted.
 */
#ifndef KSPLICE_DEBUG_H
#define KSPLICE_DEBUG_H

#include <linux/compiler.h>
#include <linux/types.h>

struct dentry;
struct ksplice_log;
struct ksplice_update;

/* One more line of the update's log, without a newline in fmt. */
__printf(2, 3)
void ksplice_debug(struct ksplice_update *update, const char *fmt, ...);

/* debugfs ksplice; there is no error that matters. */
extern struct dentry *ksplice_debug_dir;
void ksplice_debug_init(void);
void ksplice_debug_exit(void);

/* NULL if there is no memory; everything below then does nothing. */
struct ksplice_log *ksplice_log_new(const char *kid);

/* Takes the debugfs file away, and waits for its readers; may sleep. */
void ksplice_log_hide(struct ksplice_log *log);
void ksplice_log_free(struct ksplice_log *log);

/* Copy count bytes from offset on.  Return: bytes copied. */
ssize_t ksplice_log_read(struct ksplice_log *log, char *to, loff_t offset,
			 size_t count);

#endif
