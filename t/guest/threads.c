// SPDX-License-Identifier: GPL-2.0-only
/*
 * threads.c - a program for guests: many threads that sleep, or never rest
 *
 *	threads KIND N FIFO
 *
 * N threads do what KIND says; "ready" is printed when all are about to.  After a
 * write to FIFO and a close they end, and "KIND: N of N ended well" counts those
 * that saw nothing unusual: no EINTR, nothing lost.
 *
 *	read		read from a pipe each, until the last byte of eight
 *	poll		wait for a pipe each without a limit of time
 *	select		the same, with a limit that is far away
 *	nanosleep	sleep, and see that it took as long as it should
 *	futex		wait for a lock
 *	wake		pass a byte around by pipes, in pairs
 *	fork		fork a child that exits, again and again
 *	thread		start a thread that exits, again and again
 *
 * The last three are to be as busy as they can.  Linked statically.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "guest.h"

enum { STACK = 16384, NAP_MS = 20000, BYTES = 8 };

struct thread {
	pthread_t id;
	int in[2];
	struct thread *partner;
	_Bool is_well;
};

static atomic_int n_ready;
static atomic_bool is_over;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_attr_t small;

static _Bool do_read(struct thread *t)
{
	char byte;
	int i;

	for (i = 0; i < BYTES; i++)
		if (read(t->in[0], &byte, 1) != 1 || byte != 'a' + i)
			return 0;
	return 1;
}

static _Bool do_poll(struct thread *t)
{
	struct pollfd fd = { .fd = t->in[0], .events = POLLIN };

	return poll(&fd, 1, -1) == 1 && do_read(t);
}

static _Bool do_select(struct thread *t)
{
	struct timeval limit = { .tv_sec = 1000 };
	fd_set set;

	if (t->in[0] >= FD_SETSIZE)
		return do_poll(t);
	FD_ZERO(&set);
	FD_SET(t->in[0], &set);
	return select(t->in[0] + 1, &set, NULL, NULL, &limit) == 1 &&
	       do_read(t);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static _Bool do_nanosleep(struct thread *t)
{
	struct timespec nap = { .tv_sec = NAP_MS / 1000 };
	double start = now();

	(void)t;
	return nanosleep(&nap, NULL) == 0 && now() - start >= NAP_MS / 1000;
}

static _Bool do_futex(struct thread *t)
{
	(void)t;
	return pthread_mutex_lock(&lock) == 0 &&
	       pthread_mutex_unlock(&lock) == 0;
}

static _Bool do_wake(struct thread *t)
{
	char byte = 'x';

	while (!is_over)
		if (write(t->partner->in[1], &byte, 1) != 1 ||
		    read(t->in[0], &byte, 1) != 1 || byte != 'x')
			return 0;
	return write(t->partner->in[1], &byte, 1) == 1;
}

static _Bool do_fork(struct thread *t)
{
	int status;
	pid_t pid;

	(void)t;
	while (!is_over) {
		pid = fork();
		if (pid == 0)
			_exit(7);
		if (pid < 0 || waitpid(pid, &status, 0) != pid ||
		    !WIFEXITED(status) || WEXITSTATUS(status) != 7)
			return 0;
	}
	return 1;
}

static void *nothing(void *arg)
{
	return arg;
}

static _Bool do_thread(struct thread *t)
{
	void *result;
	pthread_t id;

	while (!is_over)
		if (pthread_create(&id, &small, nothing, t) ||
		    pthread_join(id, &result) || result != t)
			return 0;
	return 1;
}

static const struct kind {
	const char *name;
	_Bool (*run)(struct thread *t);
	_Bool has_pipe;
} kinds[] = {
	{ "read", do_read, 1 },		{ "poll", do_poll, 1 },
	{ "select", do_select, 1 },	{ "nanosleep", do_nanosleep, 0 },
	{ "futex", do_futex, 0 },	{ "wake", do_wake, 1 },
	{ "fork", do_fork, 0 },		{ "thread", do_thread, 0 },
}, *kind;

static void *run(void *arg)
{
	struct thread *t = arg;

	n_ready++;
	t->is_well = kind->run(t);
	return NULL;
}

int main(int argc, char **argv)
{
	int n = argc == 4 ? atoi(argv[2]) : 0, n_well = 0, i, j;
	struct rlimit files = { 2 * n + 100, 2 * n + 100 };
	struct thread *threads = calloc(n + 1, sizeof(*threads));

	for (i = 0; i < (int)(sizeof(kinds) / sizeof(*kinds)); i++)
		if (argc == 4 && !strcmp(argv[1], kinds[i].name))
			kind = &kinds[i];
	if (!kind || n < 1 || !threads) {
		fprintf(stderr, "usage: threads KIND N FIFO\n");
		return 2;
	}
	setrlimit(RLIMIT_NOFILE, &files);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, STACK);
	pthread_mutex_lock(&lock);
	for (i = 0; i < n; i++) {
		threads[i].partner = &threads[(i ^ 1) < n ? i ^ 1 : i];
		if (kind->has_pipe && pipe(threads[i].in))
			fail("pipe");
	}
	for (i = 0; i < n; i++)
		if (pthread_create(&threads[i].id, &small, run, &threads[i]))
			fail("pthread_create");
	while (n_ready < n)
		usleep(1000);
	printf("ready\n");
	fflush(stdout);

	wait_for(argv[3]);
	is_over = 1;
	pthread_mutex_unlock(&lock);
	for (j = 0; j < BYTES && kind->has_pipe && kind->run != do_wake; j++)
		for (i = 0; i < n; i++)
			if (write(threads[i].in[1], &"abcdefgh"[j], 1) != 1)
				fail("write");
	for (i = 0; i < n; i++) {
		pthread_join(threads[i].id, NULL);
		n_well += threads[i].is_well;
	}
	printf("%s: %d of %d ended well\n", kind->name, n_well, n);
	return n_well != n;
}
