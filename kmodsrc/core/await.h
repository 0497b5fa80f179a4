/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * await.h - an update is announced before its modules are loaded
 */
#ifndef KSPLICE_AWAIT_H
#define KSPLICE_AWAIT_H

/*
 * Await the targets of an update that is made for it.  The text is that of
 * the file await of sysfs: "KID HASH N TARGET...", N the number of its changes.
 * There may be no target: then the update is made, so that its files can be
 * written.
 * Takes ksplice_mutex.  Return: 0; -EINVAL; -EEXIST if the update is there.
 */
int ksplice_await(char *text);

#endif
