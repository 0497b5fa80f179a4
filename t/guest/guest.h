/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest.h - what the programs of this directory share
 */
#ifndef GUEST_H
#define GUEST_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void fail(const char *what)
{
	perror(what);
	exit(2);
}

/* Until whoever has the fifo open for writing has closed it. */
static inline void wait_for(const char *fifo)
{
	int fd = open(fifo, O_RDONLY);
	char text[80];

	if (fd < 0)
		fail(fifo);
	while (read(fd, text, sizeof(text)) > 0)
		;
	close(fd);
}

#endif
