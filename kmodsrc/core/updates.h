/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * updates.h - how updates are made and dropped
 */
#ifndef KSPLICE_UPDATES_H
#define KSPLICE_UPDATES_H

struct ksplice_change_id;
struct ksplice_update;
struct module;

/* To make or drop an update.  Unlock drops gone, unless it is NULL. */
void ksplice_updates_lock(void);
void ksplice_updates_unlock(struct ksplice_update *gone);

/*
 * Make an update that has no changes yet: begin takes the locks unless it
 * returns an error, begun releases them, and drops the update if ret is one.
 */
struct ksplice_update *ksplice_update_begin(const char *kid, const char *hash,
					    unsigned int n_changes);
void ksplice_update_begun(struct ksplice_update *update, int ret);

/*
 * The update that an -old.ko belongs to; it is made if there is none.  Takes
 * the locks unless it returns an error.
 */
struct ksplice_update *ksplice_update_join(const struct ksplice_change_id *id,
					   const struct module *owner);

/* After a change was added: are all of them in, or known to come later? */
void __ksplice_check_complete(struct ksplice_update *update);

/*
 * Drop an update that has no modules; -EBUSY if it has or is applied, -ENOENT
 * if unknown.
 */
int ksplice_forget_update(const char *kid);
void ksplice_forget_all(void);

#endif
