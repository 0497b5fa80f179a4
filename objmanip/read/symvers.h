/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * symvers.h - what the kernel and its modules export: Module.symvers
 */
#ifndef OBJMANIP_READ_SYMVERS_H
#define OBJMANIP_READ_SYMVERS_H

#include "util/strmap.h"

#include <stdbool.h>
#include <stdint.h>

struct export {
	const char *name;
	const char *module;		/* "vmlinux", "fs/ext4/ext4" */
	const char *namespace;		/* NULL: none */
	uint32_t crc;
	bool is_gpl;			/* for GPL modules only */
};

struct symvers {
	struct strmap exports;		/* name to struct export */
};

/* Read the file; dies with its line if that makes no sense. */
struct symvers *symvers_load(const char *path);

/* NULL if it is not exported. */
const struct export *symvers_find(const struct symvers *symvers,
				  const char *name);

/* May only modules that its namespace names import it?  "module:a,b"; 7.3 */
bool export_is_for_modules(const struct export *export);

/* Is it the module of that name, which has '_' for '-'? */
bool export_is_of(const struct export *export, const char *target);

#endif
