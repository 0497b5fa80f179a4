// SPDX-License-Identifier: GPL-2.0-only
/*
 * gap.c - for how long at most does a thread not run while a file is used?
 *
 *	gap FILE [TEXT]
 *
 * A process on CPU 1 reads the clock in a loop and keeps the longest time
 * between two reads.  Meanwhile FILE is read on CPU 0, or TEXT written to it.
 * Prints that time in nanoseconds, and what was read; fails if the file does.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct shared {
	volatile long looks;
	volatile int is_over;
	volatile long longest;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fail("sched_setaffinity");
}

static long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000L + time.tv_nsec;
}

static void look(struct shared *shared)
{
	long last, time;

	stay_on(1);
	for (last = now(); !shared->is_over; last = time) {
		time = now();
		if (time - last > shared->longest && shared->looks > 0)
			shared->longest = time - last;
		shared->looks++;
	}
}

/* What was there before the first look that counts does not. */
static void settle(const struct shared *shared)
{
	const struct timespec nap = { .tv_nsec = 1000000 };

	while (shared->looks < 1000)
		nanosleep(&nap, NULL);
}

static void use(const char *name, const char *text, char *read_text,
		size_t size)
{
	int file = open(name, text ? O_WRONLY : O_RDONLY);

	if (file < 0)
		fail(name);
	if (text ? write(file, text, strlen(text)) < 0
		 : read(file, read_text, size - 1) < 0)
		fail(name);
	close(file);
}

int main(int argc, char **argv)
{
	char text[64] = "\n";
	struct shared *shared;
	pid_t looker;

	if (argc != 2 && argc != 3)
		return 2;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		fail("mmap");
	stay_on(0);
	looker = fork();
	if (looker < 0)
		fail("fork");
	if (!looker) {
		look(shared);
		return 0;
	}
	settle(shared);
	shared->longest = 0;
	use(argv[1], argv[2], text, sizeof(text));
	shared->is_over = 1;
	waitpid(looker, NULL, 0);
	printf("%ld %s", shared->longest, text);
	return 0;
}
