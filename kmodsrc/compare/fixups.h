/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fixups.h - where faults of a span go on
 */
#ifndef KSPLICE_FIXUPS_H
#define KSPLICE_FIXUPS_H

struct ksplice_compare;

/*
 * Do faults of the span that has been compared go on where they would in pre?
 * When the offsets have moved c->map is filled.
 */
bool ksplice_fixups_check(struct ksplice_compare *c);

#endif
