// SPDX-License-Identifier: GPL-2.0-only
/*
 * old-code.c - the -old.ko module of a change
 *
 * Compiled once a target, with KSPLICE_KID, KSPLICE_TARGET, KSPLICE_N_CHANGES
 * and KSPLICE_IMPORTS_H defined (Kbuild).  It brings the pre image, which
 * objmanip made as old.o and the kernel frees after init, and a placeholder
 * for each symbol that the new code imports.  The placeholders' entries in
 * this module's export table are filled when the image has been matched.
 */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include "ksplice.h"

#define KSPLICE_IMPORT(symbol) \
	char symbol;	       \
	EXPORT_SYMBOL_GPL(symbol);
#define KSPLICE_IMPORT_NS(namespace)
#define KSPLICE_EXPORT_AS(symbol, import)
#define KSPLICE_EXPORT(symbol)
#define KSPLICE_EXPORT_GPL(symbol)
#define KSPLICE_EXPORT_NS(symbol, namespace)
#define KSPLICE_EXPORT_NS_GPL(symbol, namespace)
#include KSPLICE_IMPORTS_H

/* In .init.ksplice_pre: gone after init. */
extern const char ksplice_pre[], ksplice_pre_end[];

static char hash[KSPLICE_HASH_LEN + 1];
module_param_string(hash, hash, sizeof(hash), 0);
MODULE_PARM_DESC(hash, "hash of the update's files");

static int __init old_code_init(void)
{
	const struct ksplice_change_id id = {
		.kid = KSPLICE_KID,
		.target = KSPLICE_TARGET,
		.hash = hash,
		.n_changes = KSPLICE_N_CHANGES,
	};

	return ksplice_register_old_code(&id, THIS_MODULE, ksplice_pre,
					 ksplice_pre_end - ksplice_pre);
}

static void __exit old_code_exit(void)
{
	ksplice_unregister_old_code(THIS_MODULE);
}

module_init(old_code_init);
module_exit(old_code_exit);
MODULE_DESCRIPTION("old code of ksplice update " KSPLICE_KID);
MODULE_LICENSE("GPL v2");
