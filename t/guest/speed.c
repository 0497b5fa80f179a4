// SPDX-License-Identifier: GPL-2.0-only
/*
 * speed.c - a program for guests: what t/patches/full-speed.patch replaces, at
 * full speed
 *
 *	speed FIFO KIND=N...
 *
 * N workers of each KIND:
 *
 *	fork	fork a child, which looks at its name and exits
 *	thread	start a thread, which looks at its name and ends
 *	futex	a pair that wakes one another by a futex
 *	event	a pair that wakes one another by two eventfds
 *	move	pin itself to one processor and another
 *	info	ask for sysinfo
 *	nap	sleep for five milliseconds, again and again
 *	cpu	take processor 1 off line and bring it back
 *
 * They see that what comes of a call is what the old functions do or what the
 * new ones do, and never a mix of both.  "ready" is printed when all have begun.
 * When a process writes to FIFO and closes it, they end, and there is a line
 * "KIND: old N new N broken N" for each.  Linked statically.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "guest.h"

enum { STACK = 16384, CODE = 7, NEW_CODE = CODE ^ 3 };

/* New functions put a letter at A and B each. */
static const char name[16] = "speed..........";
enum { A = 12, B = 13 };

enum seen { OLD, NEW, BROKEN, N_SEEN };

static atomic_bool is_over;
static pthread_attr_t small;

struct kind {
	const char *name;
	void *(*run)(void *kind);
	int n;
	atomic_long seen[N_SEEN];
};

static void see(struct kind *kind, enum seen seen, const char *what, long value)
{
	if (seen == BROKEN && !kind->seen[BROKEN])
		fprintf(stderr, "%s: %s %ld\n", kind->name, what, value);
	kind->seen[seen]++;
}

/* Of a thread that has just come to be. */
static enum seen look_at_name(void)
{
	char mine[16];

	prctl(PR_GET_NAME, mine);
	if (mine[A] == 'A' && mine[B] == 'B')
		return NEW;
	return memcmp(mine, name, sizeof(name)) ? BROKEN : OLD;
}

/* The child exits with CODE, or one more bit if its name is broken. */
static void *run_fork(void *arg)
{
	struct kind *kind = arg;
	int status, code;
	pid_t pid;

	while (!is_over) {
		pid = fork();
		if (pid == 0)
			_exit(look_at_name() == BROKEN ? CODE | 8 : CODE);
		if (pid < 0 || waitpid(pid, &status, 0) != pid ||
		    !WIFEXITED(status))
			fail("child");
		code = WEXITSTATUS(status);
		see(kind, code == CODE ? OLD : code == NEW_CODE ? NEW : BROKEN,
		    "status", code);
	}
	return NULL;
}

static void *new_thread(void *arg)
{
	(void)arg;
	return (void *)(uintptr_t)look_at_name();
}

static void *run_thread(void *arg)
{
	struct kind *kind = arg;
	void *seen;
	pthread_t id;

	while (!is_over) {
		if (pthread_create(&id, &small, new_thread, NULL) ||
		    pthread_join(id, &seen))
			fail("thread");
		see(kind, (uintptr_t)seen, "name", 0);
	}
	return NULL;
}

/* Two threads, a word whose lowest bit says whose turn it is. */
struct futexes {
	struct kind *kind;
	_Atomic uint32_t turn;
};

static void take_turns(struct futexes *futexes, uint32_t mine)
{
	uint32_t turn;
	long n;

	do {
		while (((turn = futexes->turn) & 1) != mine && !is_over)
			syscall(SYS_futex, &futexes->turn, FUTEX_WAIT_PRIVATE,
				turn, NULL);
		futexes->turn++;
		n = syscall(SYS_futex, &futexes->turn, FUTEX_WAKE_PRIVATE, 1);
		see(futexes->kind, n == 0 || n == 1 ? OLD :
		    n == 100 || n == 101 ? NEW : BROKEN, "woken", n);
	} while (!is_over);
	/* The other may have gone to sleep before it could see that. */
	futexes->turn += 2;
	syscall(SYS_futex, &futexes->turn, FUTEX_WAKE_PRIVATE, 1);
}

static void *second_futex(void *arg)
{
	take_turns(arg, 1);
	return NULL;
}

static void *run_futex(void *arg)
{
	struct futexes futexes = { .kind = arg };
	pthread_t id;

	if (pthread_create(&id, &small, second_futex, &futexes))
		fail("futex");
	take_turns(&futexes, 0);
	pthread_join(id, NULL);
	return NULL;
}

struct events {
	struct kind *kind;
	int fds[2];
	atomic_bool is_over;	/* the first of the pair tells the second */
};

static void add_event(struct events *events, int i)
{
	if (write(events->fds[i], &(uint64_t){ 1 }, 8) != 8)
		fail("eventfd");
}

static void take_event(struct events *events, int i)
{
	uint64_t n;

	if (read(events->fds[i], &n, 8) != 8)
		fail("eventfd");
	see(events->kind, n == 1 ? OLD : n == 2 ? NEW : BROKEN, "events", n);
}

static void *second_event(void *arg)
{
	struct events *events = arg;

	for (;;) {
		take_event(events, 0);
		if (events->is_over)
			return NULL;
		add_event(events, 1);
	}
}

static void *run_event(void *arg)
{
	struct events events = { arg, { eventfd(0, 0), eventfd(0, 0) }, 0 };
	pthread_t id;

	if (pthread_create(&id, &small, second_event, &events))
		fail("eventfd");
	do {
		add_event(&events, 0);
		take_event(&events, 1);
	} while (!is_over);
	events.is_over = 1;
	add_event(&events, 0);
	pthread_join(id, NULL);
	return NULL;
}

/* 43 is 42 by one new function and one by another; CPU 1 may be off line. */
static void *run_move(void *arg)
{
	static const unsigned long masks[] = { 1, 2, 3 };
	struct kind *kind = arg;
	unsigned int i;
	long n;

	for (i = 0; !is_over; i++) {
		n = syscall(SYS_sched_setaffinity, 0, sizeof(*masks),
			    &masks[i % 3]);
		if (n < 0 && errno == EINVAL && masks[i % 3] == 2)
			continue;
		see(kind, n == 0 ? OLD : n == 43 ? NEW : BROKEN, "affinity", n);
	}
	return NULL;
}

static void *run_info(void *arg)
{
	struct kind *kind = arg;
	struct sysinfo info;
	_Bool has_procs, has_pages;

	while (!is_over) {
		if (sysinfo(&info))
			fail("sysinfo");
		has_procs = info.procs == 4712;
		has_pages = info.sharedram / getpagesize() * info.mem_unit ==
			    471100;
		see(kind, has_procs != has_pages ? BROKEN :
		    has_procs ? NEW : OLD, "procs", info.procs);
	}
	return NULL;
}

static void *run_nap(void *arg)
{
	struct kind *kind = arg;

	while (!is_over) {
		usleep(5000);
		see(kind, OLD, "", 0);
	}
	return NULL;
}

static void *run_cpu(void *arg)
{
	int fd = open("/sys/devices/system/cpu/cpu1/online", O_WRONLY);
	struct kind *kind = arg;

	if (fd < 0)
		fail("cpu1");
	while (!is_over) {
		if (pwrite(fd, "0", 1, 0) != 1)
			fail("off line");
		usleep(20000);
		if (pwrite(fd, "1", 1, 0) != 1)
			fail("on line");
		see(kind, OLD, "", 0);
		usleep(200000);
	}
	close(fd);
	return NULL;
}

static struct kind kinds[] = {
	{ .name = "fork", .run = run_fork },
	{ .name = "thread", .run = run_thread },
	{ .name = "futex", .run = run_futex },
	{ .name = "event", .run = run_event },
	{ .name = "move", .run = run_move },
	{ .name = "info", .run = run_info },
	{ .name = "nap", .run = run_nap },
	{ .name = "cpu", .run = run_cpu },
};

enum { N_KINDS = sizeof(kinds) / sizeof(*kinds), MAX_WORKERS = 500 };

static void read_kind(const char *text)
{
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : 0;
	int i;

	for (i = 0; i < N_KINDS; i++)
		if (len && len == strlen(kinds[i].name) &&
		    !strncmp(text, kinds[i].name, len)) {
			kinds[i].n = atoi(equals + 1);
			return;
		}
	fprintf(stderr, "speed: what is '%s'?\n", text);
	exit(2);
}

int main(int argc, char **argv)
{
	pthread_t ids[MAX_WORKERS];
	int i, j, n = 0, n_broken = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: speed FIFO KIND=N...\n");
		return 2;
	}
	for (i = 2; i < argc; i++)
		read_kind(argv[i]);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, STACK);
	prctl(PR_SET_NAME, name);
	for (i = 0; i < N_KINDS; i++)
		for (j = 0; j < kinds[i].n && n < MAX_WORKERS; j++)
			if (pthread_create(&ids[n++], &small, kinds[i].run,
					   &kinds[i]))
				fail("pthread_create");
	/* Neither the end nor those who wait for it take part. */
	prctl(PR_SET_NAME, "full-speed");
	printf("ready\n");
	fflush(stdout);

	wait_for(argv[1]);
	is_over = 1;
	while (n--)
		pthread_join(ids[n], NULL);
	for (i = 0; i < N_KINDS; i++) {
		if (!kinds[i].n)
			continue;
		printf("%s: old %ld new %ld broken %ld\n", kinds[i].name,
		       kinds[i].seen[OLD], kinds[i].seen[NEW],
		       kinds[i].seen[BROKEN]);
		n_broken += kinds[i].seen[BROKEN] != 0;
	}
	printf("ended\n");
	return n_broken != 0;
}
