/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * span.h - compare all of a span
 */
#ifndef KSPLICE_COMPARE_SPAN_H
#define KSPLICE_COMPARE_SPAN_H

struct ksplice_compare;

/*
 * Text or read-only data.  May sleep.  Leaves candidates in m->vals, whether it
 * matched or not.
 */
bool ksplice_compare_span(struct ksplice_compare *c);

#endif
