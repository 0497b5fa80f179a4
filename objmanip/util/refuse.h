/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * refuse.h - refusals, which are collected
 */
#ifndef OBJMANIP_UTIL_REFUSE_H
#define OBJMANIP_UTIL_REFUSE_H

/* A refusal: "objmanip: ..." is printed now, and refused_exit() will exit. */
void refuse(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Exit with status 1 if refuse() was called. */
void refused_exit(void);

#endif
