// SPDX-License-Identifier: GPL-2.0-only
/*
 * epoll.c - how long epoll waits when nothing happens
 *
 *   epoll WAY MS	the shortest of 20 waits with that timeout, in us;
 *			WAY is wait, pwait, pwait2, or wait32, pwait32 for the
 *			system calls of 32-bit programs
 *   epoll WAY MS ready	the same if there is something already
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* As a 32-bit program does; its pointers must be of 32 bits. */
static long call32(long number, long a, void *b, long c, long d)
{
#ifdef __x86_64__
	long ret;

	asm volatile("push %%rbp\n\txor %%ebp, %%ebp\n\tint $0x80\n\tpop %%rbp"
		     : "=a" (ret)
		     : "a" (number), "b" (a), "c" (b), "d" (c), "S" (d), "D" (0)
		     : "r8", "r9", "r10", "r11", "memory");
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
#else
	errno = ENOSYS;
	return -1;
#endif
}

static long do_wait(const char *way, int fd, struct epoll_event *events, int ms)
{
	struct timespec timeout = { ms / 1000, ms % 1000 * 1000000L };

	if (!strcmp(way, "wait"))
		return syscall(SYS_epoll_wait, fd, events, 1, ms);
	if (!strcmp(way, "pwait"))
		return syscall(SYS_epoll_pwait, fd, events, 1, ms, NULL, 8);
	if (!strcmp(way, "pwait2"))
		return syscall(SYS_epoll_pwait2, fd, events, 1,
			       ms < 0 ? NULL : &timeout, NULL, 8);
	if (!strcmp(way, "wait32"))
		return call32(256, fd, events, 1, ms);
	if (!strcmp(way, "pwait32"))
		return call32(319, fd, events, 1, ms);
	exit(2);
}

static long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	struct epoll_event event = { .events = EPOLLIN }, *events;
	long start, took, least = -1;
	int fd, i;

	if (argc < 3)
		return 2;
	events = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	fd = epoll_create1(0);
	if (fd < 0 || events == MAP_FAILED)
		fail("epoll_create1");
	if (epoll_ctl(fd, EPOLL_CTL_ADD, eventfd(argc > 3, 0), &event))
		fail("epoll_ctl");
	for (i = 0; i < 20; i++) {
		start = now_us();
		if (do_wait(argv[1], fd, events, atoi(argv[2])) != (argc > 3))
			fail(argv[1]);
		took = now_us() - start;
		if (least < 0 || took < least)
			least = took;
	}
	printf("%ld\n", least);
	return 0;
}
