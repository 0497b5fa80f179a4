// SPDX-License-Identifier: GPL-2.0-only
/*
 * new-code.c - the -new.ko module of a change
 *
 * Compiled once a target, with KSPLICE_KID, KSPLICE_TARGET, KSPLICE_N_CHANGES
 * and KSPLICE_IMPORTS_H defined (Kbuild).  It brings the new functions, which
 * objmanip made as new.o, the records of what they replace, and the hooks.
 * The kernel's loader has linked them when init runs: with exported symbols of
 * the kernel and with the placeholders of the -old.ko.
 */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include "ksplice.h"

#define KSPLICE_IMPORT(symbol)
/* As MODULE_IMPORT_NS(), which has the name as a string in 7.3 */
#define KSPLICE_IMPORT_NS(namespace) MODULE_INFO(import_ns, #namespace);
#define KSPLICE_EXPORT_AS(symbol, import)
#define KSPLICE_EXPORT(symbol)
#define KSPLICE_EXPORT_GPL(symbol)
#define KSPLICE_EXPORT_NS(symbol, ...)
#define KSPLICE_EXPORT_NS_GPL(symbol, ...)
#include KSPLICE_IMPORTS_H

extern const struct ksplice_replaced_record ksplice_replaced[],
					    ksplice_replaced_end[];
extern const struct ksplice_hook_record ksplice_hooks[], ksplice_hooks_end[];
extern const struct ksplice_constant_record ksplice_constants[],
					    ksplice_constants_end[];

static char hash[KSPLICE_HASH_LEN + 1];
module_param_string(hash, hash, sizeof(hash), 0);
MODULE_PARM_DESC(hash, "hash of the update's files");

static int __init new_code_init(void)
{
	const struct ksplice_change_id id = {
		.kid = KSPLICE_KID,
		.target = KSPLICE_TARGET,
		.hash = hash,
		.n_changes = KSPLICE_N_CHANGES,
	};
	const struct ksplice_new_records records = {
		.replaced = ksplice_replaced,
		.n_replaced = ksplice_replaced_end - ksplice_replaced,
		.hooks = ksplice_hooks,
		.n_hooks = ksplice_hooks_end - ksplice_hooks,
		.constants = ksplice_constants,
		.n_constants = ksplice_constants_end - ksplice_constants,
	};

	return ksplice_register_new_code(&id, THIS_MODULE, &records);
}

static void __exit new_code_exit(void)
{
	ksplice_unregister_new_code(THIS_MODULE);
}

module_init(new_code_init);
module_exit(new_code_exit);
MODULE_DESCRIPTION("new code of ksplice update " KSPLICE_KID);
MODULE_LICENSE("GPL v2");
