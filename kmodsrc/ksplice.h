/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ksplice.h - what the -old.ko and -new.ko modules ask of the core
 *
 * The life of an update: each change (update x target) has two modules.  The
 * init of its -old.ko hands the pre image to the core, which matches it
 * against the running code and fills the module's export table.  The init of
 * its -new.ko hands over the records of what is replaced.  Nothing is replaced
 * before "applied" is written to the stage file of the update.
 */
#ifndef KSPLICE_H
#define KSPLICE_H

#include <linux/module.h>
#include "records.h"

#define KSPLICE_HASH_LEN	64	/* hex digits of a SHA-256 */

/* What a module belongs to; it is the same in both modules of a change. */
struct ksplice_change_id {
	const char *kid;	/* of the update, [a-z0-9_]+ */
	const char *target;	/* "vmlinux" or the module's name, with '_' */
	const char *hash;	/* of the files of the update, as ksplice-apply
				 * has verified them; "" if loaded by hand */
	unsigned int n_changes;	/* in the whole update */
};

/**
 * ksplice_register_old_code() - match the original code of a change
 * @id: the change
 * @owner: the -old.ko module
 * @pre: the pre image; not used any more after the call
 * @size: bytes there are at @pre
 *
 * Called in the init of the -old.ko.  May sleep.
 *
 * Return: 0, and the export table of @owner is filled, or a negative errno
 * and the reason is in the update's abort_cause and reason.
 */
int ksplice_register_old_code(const struct ksplice_change_id *id,
			      struct module *owner, const void *pre,
			      unsigned long size);

/**
 * ksplice_unregister_old_code() - forget a change
 * @owner: the -old.ko module, in its exit
 *
 * The last change takes the update with it.
 */
void ksplice_unregister_old_code(struct module *owner);

/* What a -new.ko brings; it must stay until it is unregistered. */
struct ksplice_new_records {
	const struct ksplice_replaced_record *replaced;
	const struct ksplice_hook_record *hooks;
	const struct ksplice_constant_record *constants;
	unsigned int n_replaced, n_hooks, n_constants;	/* 0 is fine */
};

/**
 * ksplice_register_new_code() - tell where the new functions are
 * @id: the change
 * @owner: the -new.ko module
 * @records: what is in it; the struct itself is not used after the call
 *
 * Return: 0 or a negative errno.
 */
int ksplice_register_new_code(const struct ksplice_change_id *id,
			      struct module *owner,
			      const struct ksplice_new_records *records);

/** ksplice_unregister_new_code() - in the exit of the -new.ko */
void ksplice_unregister_new_code(struct module *owner);

#endif
