// SPDX-License-Identifier: GPL-2.0-only
/*
 * calls.c - a program for guests: a process in each of many system calls
 *
 *	calls FIFO
 *
 * "ready" is printed when all sleep in their calls.  After a write to FIFO and a
 * close, each call gets what it waits for, and a line is printed for each:
 * "CALL restarted" if it ended as without an interruption, "CALL EINTR" if it
 * had ended before with that, without a signal.  All other ends have another
 * word.  Linked statically.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "guest.h"

enum { NAP = 12 };	/* seconds, more than it takes until FIFO is written */

/* What the call waits for.  Made by the parent, so that it can give it. */
struct place {
	int fds[2];		/* a pipe, sockets, a lock, a listener */
	int id;			/* of System V */
	int *word;		/* shared */
	pid_t pid;		/* of the process in the call */
};

struct call {
	const char *name;
	int (*run)(struct place *place);	/* returns < 0 and errno */
	void (*make)(struct place *place);
	void (*give)(const struct place *place);
};

static volatile sig_atomic_t has_signal;
static struct timespec long_time = { .tv_sec = 1000 };

static void on_signal(int signal)
{
	(void)signal;
	has_signal = 1;
}

/* EINTR is right after a signal. */
static int unless_signal(int ret)
{
	return has_signal ? 0 : ret;
}

/* --- what they wait for --------------------------------------------------- */

static void make_pipe(struct place *place)
{
	if (pipe(place->fds))
		fail("pipe");
}

static void give_byte(const struct place *place)
{
	if (write(place->fds[1], "x", 1) != 1)
		fail("give");
}

static void fill(int fd)
{
	static char text[4096];

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (write(fd, text, sizeof(text)) > 0)
		;
	fcntl(fd, F_SETFL, 0);
}

static void make_full_pipe(struct place *place)
{
	make_pipe(place);
	fill(place->fds[1]);
}

static void give_room(const struct place *place)
{
	static char text[4096];
	int i;

	fcntl(place->fds[0], F_SETFL, O_NONBLOCK);
	for (i = 0; i < 1000 && read(place->fds[0], text, sizeof(text)) > 0;
	     i++)
		;
}

static void make_pair(struct place *place)
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, place->fds))
		fail("socketpair");
}

static void make_full_pair(struct place *place)
{
	make_pair(place);
	fill(place->fds[1]);
}

static struct sockaddr_un name_of(const struct place *place, socklen_t *len)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	/* An abstract name. */
	*len = sizeof(sa_family_t) + 1 +
	       sprintf(name.sun_path + 1, "%p", (const void *)place);
	return name;
}

static void make_listener(struct place *place)
{
	socklen_t len;
	struct sockaddr_un name = name_of(place, &len);

	place->fds[0] = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(place->fds[0], (struct sockaddr *)&name, len) ||
	    listen(place->fds[0], 0))
		fail("listen");
}

static int do_connect(const struct place *place)
{
	socklen_t len;
	struct sockaddr_un name = name_of(place, &len);

	return connect(socket(AF_UNIX, SOCK_STREAM, 0),
		       (struct sockaddr *)&name, len);
}

/* One is connected, and there is no room for another. */
static void make_full_listener(struct place *place)
{
	make_listener(place);
	if (do_connect(place))
		fail("connect");
}

static void give_accept(const struct place *place)
{
	if (accept(place->fds[0], NULL, NULL) < 0)
		fail("accept");
}

static void give_connect(const struct place *place)
{
	if (do_connect(place))
		fail("connect");
}

static void make_lock(struct place *place)
{
	char name[] = "/tmp/lockXXXXXX";

	place->fds[0] = mkstemp(name);
	place->fds[1] = open(name, O_RDWR);
	unlink(name);
	if (place->fds[1] < 0 || flock(place->fds[0], LOCK_EX))
		fail("flock");
}

static void give_lock(const struct place *place)
{
	flock(place->fds[0], LOCK_UN);
}

static void make_word(struct place *place)
{
	place->word = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (place->word == MAP_FAILED)
		fail("mmap");
}

static void give_word(const struct place *place)
{
	*place->word = 1;
	syscall(SYS_futex, place->word, FUTEX_WAKE, 1);
}

static void make_semaphore(struct place *place)
{
	place->id = semget(IPC_PRIVATE, 1, 0600);
	if (place->id < 0)
		fail("semget");
}

static void give_semaphore(const struct place *place)
{
	struct sembuf up = { .sem_op = 1 };

	if (semop(place->id, &up, 1))
		fail("semop");
}

static void make_queue(struct place *place)
{
	place->id = msgget(IPC_PRIVATE, 0600);
	if (place->id < 0)
		fail("msgget");
}

struct message {
	long type;
	char text;
};

static void give_message(const struct place *place)
{
	struct message message = { .type = 1 };

	if (msgsnd(place->id, &message, 1, 0))
		fail("msgsnd");
}

static void make_nothing(struct place *place)
{
	(void)place;
}

static void give_nothing(const struct place *place)
{
	(void)place;
}

static void give_signal(const struct place *place)
{
	kill(place->pid, SIGUSR1);
}

/* --- the calls ------------------------------------------------------------ */

static int run_read(struct place *place)
{
	char byte;

	return read(place->fds[0], &byte, 1);
}

static int run_write(struct place *place)
{
	return write(place->fds[1], "x", 1);
}

static int run_poll(struct place *place)
{
	struct pollfd fd = { .fd = place->fds[0], .events = POLLIN };

	return poll(&fd, 1, -1);
}

static int run_poll_with_limit(struct place *place)
{
	struct pollfd fd = { .fd = place->fds[0], .events = POLLIN };

	return poll(&fd, 1, 1000000);
}

static int run_select(struct place *place)
{
	struct timeval limit = { .tv_sec = 1000 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(place->fds[0], &set);
	return select(place->fds[0] + 1, &set, NULL, NULL, &limit);
}

static int run_select_read_only(struct place *place)
{
	struct timeval *limit = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fd_set set;

	limit->tv_sec = 1000;
	mprotect(limit, 4096, PROT_READ);
	FD_ZERO(&set);
	FD_SET(place->fds[0], &set);
	return syscall(SYS_select, place->fds[0] + 1, &set, NULL, NULL, limit);
}

static int run_nanosleep(struct place *place)
{
	struct timespec nap = { .tv_sec = NAP }, from, to;

	(void)place;
	clock_gettime(CLOCK_MONOTONIC, &from);
	if (syscall(SYS_nanosleep, &nap, NULL))
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &to);
	errno = ETIME;
	return (to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec -
	       from.tv_nsec < NAP * 1000000000L ? -1 : 0;
}

static int run_futex(struct place *place)
{
	return syscall(SYS_futex, place->word, FUTEX_WAIT, 0, NULL);
}

static int run_futex_with_limit(struct place *place)
{
	return syscall(SYS_futex, place->word, FUTEX_WAIT, 0, &long_time);
}

static int run_wait4(struct place *place)
{
	pid_t pid = fork();
	char byte;

	if (pid == 0)
		_exit(read(place->fds[0], &byte, 1) != 1);
	return wait4(pid, NULL, 0, NULL) == pid ? 0 : -1;
}

static int run_accept(struct place *place)
{
	return accept(place->fds[0], NULL, NULL);
}

static int run_connect(struct place *place)
{
	return do_connect(place);
}

static int run_recv(struct place *place)
{
	char byte;

	return recv(place->fds[0], &byte, 1, 0);
}

static int run_send(struct place *place)
{
	return send(place->fds[1], "x", 1, 0);
}

static void limit_time(int fd, int option)
{
	struct timeval limit = { .tv_sec = 1000 };

	if (setsockopt(fd, SOL_SOCKET, option, &limit, sizeof(limit)))
		fail("setsockopt");
}

static int run_recv_with_limit(struct place *place)
{
	limit_time(place->fds[0], SO_RCVTIMEO);
	return run_recv(place);
}

static int run_send_with_limit(struct place *place)
{
	limit_time(place->fds[1], SO_SNDTIMEO);
	return run_send(place);
}

static int run_flock(struct place *place)
{
	return flock(place->fds[1], LOCK_EX);
}

static int run_pause(struct place *place)
{
	(void)place;
	return unless_signal(pause());
}

static int run_sigsuspend(struct place *place)
{
	sigset_t none;

	(void)place;
	sigemptyset(&none);
	return unless_signal(sigsuspend(&none));
}

static int run_msgrcv(struct place *place)
{
	struct message message;

	return msgrcv(place->id, &message, 1, 0, 0);
}

static int epoll_of(const struct place *place)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = epoll_create1(0);

	if (epoll_ctl(fd, EPOLL_CTL_ADD, place->fds[0], &event))
		fail("epoll_ctl");
	return fd;
}

static int run_epoll_wait(struct place *place)
{
	struct epoll_event event;

	return syscall(SYS_epoll_wait, epoll_of(place), &event, 1, -1);
}

static int run_epoll_pwait(struct place *place)
{
	struct epoll_event event;

	return epoll_pwait(epoll_of(place), &event, 1, -1, NULL);
}

static int run_semop(struct place *place)
{
	struct sembuf down = { .sem_op = -1 };

	return syscall(SYS_semop, place->id, &down, 1);
}

static int run_semtimedop(struct place *place)
{
	struct sembuf down = { .sem_op = -1 };

	return semtimedop(place->id, &down, 1, &long_time);
}

static sigset_t blocked_signal(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return set;
}

static int run_sigtimedwait(struct place *place)
{
	sigset_t set = blocked_signal();

	(void)place;
	return syscall(SYS_rt_sigtimedwait, &set, NULL, &long_time, 8);
}

/* sigwaitinfo() of the C library is this, and tries again by itself. */
static int run_sigwaitinfo(struct place *place)
{
	sigset_t set = blocked_signal();

	(void)place;
	return syscall(SYS_rt_sigtimedwait, &set, NULL, NULL, 8);
}

/* Nothing is ever ready. */
static int run_io_getevents(struct place *place)
{
	aio_context_t context = 0;
	struct io_event event;

	(void)place;
	if (syscall(SYS_io_setup, 1, &context))
		fail("io_setup");
	return syscall(SYS_io_getevents, context, 1, 1, &event, NULL);
}

static struct call calls[] = {
	{ "read", run_read, make_pipe, give_byte },
	{ "write", run_write, make_full_pipe, give_room },
	{ "poll", run_poll, make_pipe, give_byte },
	{ "poll-limit", run_poll_with_limit, make_pipe, give_byte },
	{ "select", run_select, make_pipe, give_byte },
	{ "nanosleep", run_nanosleep, make_nothing, give_nothing },
	{ "futex", run_futex, make_word, give_word },
	{ "futex-limit", run_futex_with_limit, make_word, give_word },
	{ "wait4", run_wait4, make_pipe, give_byte },
	{ "accept", run_accept, make_listener, give_connect },
	{ "connect", run_connect, make_full_listener, give_accept },
	{ "recv", run_recv, make_pair, give_byte },
	{ "send", run_send, make_full_pair, give_room },
	{ "flock", run_flock, make_lock, give_lock },
	{ "pause", run_pause, make_nothing, give_signal },
	{ "sigsuspend", run_sigsuspend, make_nothing, give_signal },
	{ "msgrcv", run_msgrcv, make_queue, give_message },
	{ "epoll_wait", run_epoll_wait, make_pipe, give_byte },
	{ "epoll_pwait", run_epoll_pwait, make_pipe, give_byte },
	{ "semop", run_semop, make_semaphore, give_semaphore },
	{ "semtimedop", run_semtimedop, make_semaphore, give_semaphore },
	{ "sigtimedwait", run_sigtimedwait, make_nothing, give_signal },
	{ "sigwaitinfo", run_sigwaitinfo, make_nothing, give_signal },
	{ "io_getevents", run_io_getevents, make_nothing, give_nothing },
	{ "recv-limit", run_recv_with_limit, make_pair, give_byte },
	{ "send-limit", run_send_with_limit, make_full_pair, give_room },
	{ "select-read-only", run_select_read_only, make_pipe, give_byte },
};

enum { N_CALLS = sizeof(calls) / sizeof(*calls) };

static struct place places[N_CALLS];

static void start(const struct call *call, struct place *place)
{
	call->make(place);
	place->pid = fork();
	if (place->pid)
		return;
	if (call->run(place) >= 0)
		_exit(0);
	_exit(errno ? errno : 255);
}

/* Or it has ended: that is seen later. */
static _Bool is_asleep(pid_t pid)
{
	char name[40], text[200] = "", *state;
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/stat", pid);
	fd = open(name, O_RDONLY);
	if (read(fd, text, sizeof(text) - 1) < 0)
		fail(name);
	close(fd);
	state = strrchr(text, ')');
	return state && (!strncmp(state, ") S", 3) || !strncmp(state, ") Z", 3));
}

/* Return: what became of the call. */
static const char *end(const struct call *call, const struct place *place,
		       int *status)
{
	pid_t pid = waitpid(place->pid, status, WNOHANG);
	int i;

	if (pid) {
		if (WIFEXITED(*status) && WEXITSTATUS(*status) == EINTR)
			return "EINTR";
		/* One that waits for nothing but time. */
		return call->run == run_nanosleep && *status == 0 ?
		       "restarted" : "ended early";
	}
	call->give(place);
	for (i = 0; pid == 0 && i < 10 * 2 * NAP; i++) {
		usleep(100000);
		pid = waitpid(place->pid, status, WNOHANG);
	}
	if (pid)
		return *status ? "ended late" : "restarted";
	kill(place->pid, SIGKILL);
	return "sleeps on";
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	int fd, i, status;
	char text[80];

	if (argc != 2) {
		fprintf(stderr, "usage: calls FIFO\n");
		return 2;
	}
	sigaction(SIGUSR1, &action, NULL);
	for (i = 0; i < N_CALLS; i++)
		start(&calls[i], &places[i]);
	for (i = 0; i < N_CALLS; i++)
		while (!is_asleep(places[i].pid))
			usleep(10000);
	printf("ready\n");
	fflush(stdout);

	fd = open(argv[1], O_RDONLY);
	while (read(fd, text, sizeof(text)) > 0)
		;
	for (i = 0; i < N_CALLS; i++) {
		status = 0;
		printf("%s %s", calls[i].name, end(&calls[i], &places[i], &status));
		printf(status ? ", status %x\n" : "\n", status);
	}
	return 0;
}
