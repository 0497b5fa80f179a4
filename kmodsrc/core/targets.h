/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * targets.h - modules that are patched are loaded and removed
 */
#ifndef KSPLICE_TARGETS_H
#define KSPLICE_TARGETS_H

#include <linux/types.h>

struct ksplice_change;
struct module;

/*
 * A change has a reference of its target, and releases it; if the target is
 * gone, there is none.  Both with ksplice_mutex.
 */
void __ksplice_target_add(struct ksplice_change *change);
void __ksplice_target_remove(struct ksplice_change *change);

/* Is the module, which is being loaded, held for us? */
bool ksplice_is_held(const struct module *module);

int ksplice_targets_init(void);
void ksplice_targets_exit(void);

#endif
