/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exiting.h - tasks that have left the list of processes, and run still
 */
#ifndef KSPLICE_EXITING_H
#define KSPLICE_EXITING_H

/*
 * Until the tasks that have left the list of processes before make their last
 * switch.  The caller holds ksplice_mutex.  May sleep, for some seconds.
 * Return: 0; -EAGAIN if they may still run; -ENOMEM.
 */
int ksplice_exiting_wait(void);

/* When the core is unloaded. */
void ksplice_exiting_exit(void);

#endif
