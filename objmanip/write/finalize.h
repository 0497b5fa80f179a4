/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * finalize.h - "objmanip finalize": the last look at a built module
 */
#ifndef OBJMANIP_WRITE_FINALIZE_H
#define OBJMANIP_WRITE_FINALIZE_H

/*
 * Check that the module holds only sections that we know, and write a copy
 * without debug information whose exports are complete.  Dies on anything
 * else; the output appears by rename(2).
 */
void finalize(const char *in, const char *out);

#endif
