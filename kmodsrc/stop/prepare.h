/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * prepare.h - all that a stop needs, before it
 */
#ifndef KSPLICE_PREPARE_H
#define KSPLICE_PREPARE_H

struct ksplice_hooks;
struct ksplice_plan;
struct ksplice_stop;

/*
 * May sleep.  Return: 0, or what ksplice_abort() returned; release it in any
 * case.
 */
int ksplice_stop_prepare(struct ksplice_stop *stop,
			 const struct ksplice_plan *plan,
			 struct ksplice_hooks *hooks);
void ksplice_stop_release(struct ksplice_stop *stop);

#endif
