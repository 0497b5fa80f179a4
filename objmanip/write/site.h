/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * site.h - entries of tables, as sites of the pre image
 */
#ifndef OBJMANIP_WRITE_SITE_H
#define OBJMANIP_WRITE_SITE_H

#include "model/site.h"

/* False if the entry is no site: an entry about .init code, unwind data. */
bool site_read(const struct span *entry, struct site *site);

/* May the kernel rewrite the start of this function, without an entry? */
bool site_at_entry(struct span *span, struct site *site);

#endif
