/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stage.h - the stages that an update goes through
 */
#ifndef KSPLICE_STAGE_H
#define KSPLICE_STAGE_H

#include "model/update.h"

const char *ksplice_stage_name(enum ksplice_stage stage);

/* Parse the word written to stage or request; -EINVAL if it is invalid. */
int ksplice_action_of(const char *word);

/*
 * Apply or reverse; 0 if it is so already.  Apply of an applied update applies
 * the changes that came since.  On failure the stage is what it was, and
 * abort_cause and reason say why.  Try changes nothing; what a hook would say
 * is not known then.
 */
int __ksplice_act(struct ksplice_update *update, enum ksplice_action action);

#endif
