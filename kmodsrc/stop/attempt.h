/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attempt.h - apply an update, or reverse it
 *
 * Both are prepare (may sleep, may fail), check (inside the stop, may fail,
 * changes nothing) and commit (cannot fail).  All functions of all changes of
 * the plan's updates change in one stop.  The caller holds ksplice_mutex, and
 * the modules of the updates.
 */
#ifndef KSPLICE_ATTEMPT_H
#define KSPLICE_ATTEMPT_H

struct ksplice_hooks;
struct ksplice_plan;

/*
 * The hooks are those called inside the stop.
 * Return: 0, or what ksplice_abort() returned and nothing has changed.
 */
int __ksplice_carry_out(const struct ksplice_plan *plan,
			struct ksplice_hooks *hooks);

/* Would it be applied now?  No hook is called, nothing changes. */
int __ksplice_carry_out_try(const struct ksplice_plan *plan);

#endif
