/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * request.h - a change of stage without a task that waits in the kernel
 */
#ifndef KSPLICE_REQUEST_H
#define KSPLICE_REQUEST_H

#include <linux/types.h>
#include "model/update.h"

/*
 * Begin.  May sleep.  Return: 0; -EBUSY while the last one is not over, or a
 * negative errno.
 */
int ksplice_request_start(struct ksplice_update *update,
			  enum ksplice_action action);

/* A line: "none", "running", or "done ERRNO".  Takes no lock. */
void ksplice_request_show(const struct ksplice_update *update, char *to,
			  size_t size);

#endif
