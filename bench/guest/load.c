// SPDX-License-Identifier: GPL-2.0-only
/*
 * load.c - the load of bench/cycles: processes, TCP and files at full speed
 *
 *	load DIR
 *
 * Three workers, until SIGTERM comes; then a line for each:
 *
 *	forks N lost M		children that exit with a number
 *	requests N lost M	messages of random length over TCP on lo,
 *				echoed; a new connection now and then
 *	files N lost M		made in DIR, written, synced, read, unlinked
 *
 * Lost is what failed, did not come, or came back as something else.  Linked
 * statically.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LONGEST = 8192, A_CONNECTION = 500, A_FILE = 65536, A_SYNC = 8 };

struct count {
	long n, lost;
};

/* What goes over the wire, the first len bytes of text. */
struct message {
	uint32_t len, seq, sum;
	unsigned char text[LONGEST];
};

enum { HEAD = sizeof(struct message) - LONGEST };

static volatile sig_atomic_t is_over;
static struct sockaddr_in addr = { .sin_family = AF_INET };

static void end(int signal)
{
	(void)signal;
	is_over = 1;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void lose(struct count *count, const char *what)
{
	count->lost++;
	fprintf(stderr, "lost: %s: %s\n", what, strerror(errno));
}

static uint32_t next(uint32_t *state)
{
	return *state = *state * 1664525 + 1013904223;
}

static uint32_t sum_of(const unsigned char *text, size_t len)
{
	uint32_t sum = 1;

	while (len--)
		sum = sum * 31 + *text++;
	return sum;
}

static void fill(unsigned char *text, size_t len, uint32_t *state)
{
	while (len--)
		*text++ = next(state) >> 24;
}

static void run_forks(struct count *count, const char *dir)
{
	int status, code;
	pid_t pid;

	(void)dir;
	while (!is_over) {
		code = count->n & 0x7f;
		pid = fork();
		if (pid == 0)
			_exit(code);
		count->n++;
		if (pid < 0 || waitpid(pid, &status, 0) != pid ||
		    !WIFEXITED(status) || WEXITSTATUS(status) != code)
			lose(count, "child");
	}
}

/* Return: whether all of it went. */
static _Bool transfer(int fd, void *from, size_t len, _Bool is_read)
{
	ssize_t n;

	for (; len; from = (char *)from + n, len -= n) {
		n = is_read ? read(fd, from, len) : write(fd, from, len);
		if (n <= 0)
			return 0;
	}
	return 1;
}

/* Return: whether a whole one came. */
static _Bool receive(int fd, struct message *message)
{
	return transfer(fd, message, HEAD, 1) && message->len <= LONGEST &&
	       transfer(fd, message->text, message->len, 1) &&
	       sum_of(message->text, message->len) == message->sum;
}

static void serve(int listener)
{
	static struct message message;
	int fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		while (receive(fd, &message))
			if (!transfer(fd, &message, HEAD + message.len, 0))
				break;
		close(fd);
	}
}

/* Return: whether the same came back. */
static _Bool request(int fd, uint32_t seq, uint32_t *state)
{
	static struct message message, reply;

	message.len = next(state) % LONGEST + 1;
	message.seq = seq;
	fill(message.text, message.len, state);
	message.sum = sum_of(message.text, message.len);
	return transfer(fd, &message, HEAD + message.len, 0) &&
	       receive(fd, &reply) &&
	       !memcmp(&reply, &message, HEAD + message.len);
}

static void run_requests(struct count *count, const char *dir)
{
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd = -1;
	uint32_t state = 1;
	pid_t server;

	(void)dir;
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(listener, 8) ||
	    getsockname(listener, (struct sockaddr *)&addr, &len))
		fail("listen");
	server = fork();
	if (server == 0) {
		signal(SIGTERM, SIG_DFL);
		serve(listener);
		_exit(0);
	}
	close(listener);
	for (; !is_over; count->n++) {
		if (count->n % A_CONNECTION == 0 || fd < 0) {
			close(fd);
			fd = socket(AF_INET, SOCK_STREAM, 0);
			if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
				lose(count, "connection");
		}
		if (!request(fd, count->n, &state)) {
			lose(count, "request");
			close(fd);
			fd = -1;
		}
	}
	close(fd);
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
}

/* Return: what failed, or NULL. */
static const char *write_file(const char *name, unsigned char *text,
			      _Bool is_synced)
{
	int fd = open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
	const char *failed = NULL;
	uint32_t sum = sum_of(text, A_FILE);

	if (fd < 0)
		return "open";
	if (!transfer(fd, text, A_FILE, 0))
		failed = "write";
	if (is_synced && fsync(fd))
		failed = "fsync";
	memset(text, 0, A_FILE);
	if (lseek(fd, 0, SEEK_SET) || !transfer(fd, text, A_FILE, 1) ||
	    sum_of(text, A_FILE) != sum)
		failed = "read";
	if (close(fd))
		failed = "close";
	if (unlink(name))
		failed = "unlink";
	return failed;
}

static void run_files(struct count *count, const char *dir)
{
	static unsigned char text[A_FILE];
	const char *failed;
	uint32_t state = 2;
	char name[200];

	for (; !is_over; count->n++) {
		snprintf(name, sizeof(name), "%s/%ld", dir, count->n % 100);
		fill(text, A_FILE, &state);
		failed = write_file(name, text, count->n % A_SYNC == 0);
		if (failed)
			lose(count, failed);
	}
}

static const struct worker {
	const char *name;
	void (*run)(struct count *count, const char *dir);
} workers[] = {
	{ "forks", run_forks },
	{ "requests", run_requests },
	{ "files", run_files },
};

enum { N_WORKERS = sizeof(workers) / sizeof(*workers) };

int main(int argc, char **argv)
{
	struct sigaction on_term = { .sa_handler = end,
				     .sa_flags = SA_RESTART };
	pid_t pids[N_WORKERS];
	struct count *counts;
	int i, status, ret = 0;
	sigset_t term;

	if (argc != 2) {
		fprintf(stderr, "usage: load DIR\n");
		return 2;
	}
	counts = mmap(NULL, N_WORKERS * sizeof(*counts),
		      PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (counts == MAP_FAILED)
		fail("mmap");
	sigaction(SIGTERM, &on_term, NULL);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	for (i = 0; i < N_WORKERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			workers[i].run(&counts[i], argv[1]);
			_exit(0);
		}
	}
	printf("ready\n");
	fflush(stdout);
	sigprocmask(SIG_BLOCK, &term, NULL);
	while (!is_over) {
		sigset_t none;

		sigemptyset(&none);
		sigsuspend(&none);
	}
	for (i = 0; i < N_WORKERS; i++)
		kill(pids[i], SIGTERM);
	for (i = 0; i < N_WORKERS; i++) {
		if (waitpid(pids[i], &status, 0) != pids[i] || status)
			ret = 1;
		printf("%s %ld lost %ld\n", workers[i].name, counts[i].n,
		       counts[i].lost);
	}
	return ret;
}
