// SPDX-License-Identifier: GPL-2.0-only
/*
 * turns.c - a program for guests: do two processors run at the same time?
 *
 * A thread on processor 0 and one on processor 1 take turns at a counter, each
 * spinning until the other one has counted.  "turns SECONDS" prints how often
 * they have taken turns in that time.  Neither sleeps, so a CPU that runs after
 * the other takes one turn each time it runs.
 */

#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include "guest.h"

static atomic_ulong turns;
static atomic_int finished;

static void take_turns(unsigned long processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fail("sched_setaffinity");
	while (!atomic_load(&finished))
		if (atomic_load(&turns) % 2 == processor)
			atomic_fetch_add(&turns, 1);
}

static void *second(void *unused)
{
	take_turns(1);
	return unused;
}

static void *clock_watcher(void *seconds)
{
	struct timespec time = { .tv_sec = atoi(seconds) };

	nanosleep(&time, NULL);
	atomic_store(&finished, 1);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t watcher, other;

	if (argc != 2)
		return 2;
	if (pthread_create(&watcher, NULL, clock_watcher, argv[1]) ||
	    pthread_create(&other, NULL, second, NULL))
		fail("pthread_create");
	take_turns(0);
	pthread_join(other, NULL);
	printf("%lu\n", atomic_load(&turns));
	return 0;
}
