/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * new-records.h - what the -new.ko of a change says of its new code
 */
#ifndef KSPLICE_NEW_RECORDS_H
#define KSPLICE_NEW_RECORDS_H

struct ksplice_change;
struct ksplice_new_records;
struct module;

/*
 * Check the records of the module owner and enter them into the functions and
 * data of the change.  Return: 0, or what ksplice_abort() returned; forget what
 * may have been entered then.
 */
int __ksplice_records_add(struct ksplice_change *change, struct module *owner,
			  const struct ksplice_new_records *records);
void ksplice_records_forget(struct ksplice_change *change);

#endif
