/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * busy.h - functions that a task is likely to be in
 */
#ifndef OBJMANIP_REPORT_BUSY_H
#define OBJMANIP_REPORT_BUSY_H

#include "model/span.h"

enum busy {
	BUSY_NOT,
	BUSY_SLEEPS,	/* it waits for something: its callers sleep */
	BUSY_ALWAYS,	/* some task is in it at any time */
	BUSY_WRITER,	/* the task that writes to sysfs is */
};

/* Of a function; *by is the function that it sleeps in, or NULL. */
enum busy busy_function(const struct span *span, const char **by);

#endif
