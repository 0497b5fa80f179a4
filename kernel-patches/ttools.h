/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * ttools.h - the ioctls of /dev/ttools
 */

#ifndef _UAPI_LINUX_TTOOLS_H
#define _UAPI_LINUX_TTOOLS_H

#include <linux/ioctl.h>

/* For TTOOLS_GET_FD_REFS_CNT: the descriptor, and what the kernel tells of it. */
struct ttools_fd_ref {
	int fd;
	long ref_cnt;
};

/* The calling process is not to be looked into, or again. */
#define TTOOLS_PTRACE_PROTECT	_IO(0xee, 0)
#define TTOOLS_PTRACE_UNPROTECT	_IO(0xee, 1)

/* How many references there are to what a descriptor stands for. */
#define TTOOLS_GET_FD_REFS_CNT	_IOWR(0xee, 2, struct ttools_fd_ref)

#endif
