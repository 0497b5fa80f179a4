/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * die.h - the ways in which objmanip ends
 *
 * objmanip is one shot: the first problem ends it, and because an output
 * appears by rename(2) only, nothing half-made is left.
 */
#ifndef OBJMANIP_UTIL_DIE_H
#define OBJMANIP_UTIL_DIE_H

enum {
	EXIT_CHANGED = 0,
	EXIT_REFUSED = 1,
	EXIT_USAGE = 2,
	EXIT_NO_CHANGES = 66,
};

/* "objmanip: ...", exit status 1 */
void die(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

/* The same with ": " and what libbfd says went wrong. */
void die_bfd(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

/* "objmanip: warning: ...": goes on. */
void warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A bug of ours: abort with file and line. */
#define bug_on(cond) do {						\
	if (cond)							\
		bug(__FILE__, __LINE__, #cond);				\
} while (0)
void bug(const char *file, int line, const char *what)
	__attribute__((noreturn));

#endif
