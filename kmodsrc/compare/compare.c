// SPDX-License-Identifier: GPL-2.0-only
/*
 * compare.c - one comparison of a span with the code at one address
 */
#include <linux/kernel.h>
#include "compare/compare.h"

void ksplice_compare_init(struct ksplice_compare *c, struct ksplice_match *m,
			  u32 span, unsigned long addr)
{
	*c = (struct ksplice_compare) {
		.m = m,
		.span_index = span,
		.span = &m->pre.spans[span],
		.addr = addr,
		.run = m->run,
		.map = m->map,
		.jumps = m->jumps,
		.max_jumps = m->max_jumps,
	};
}

void ksplice_compare_why(struct ksplice_compare *c, unsigned long addr,
			 const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(c->why, sizeof(c->why), fmt, args);
	va_end(args);
	c->why_addr = addr;
}
