// SPDX-License-Identifier: GPL-2.0-only
/*
 * peek.c - a process protects itself, another one tries to look into it
 *
 *   peek protect [exec|fork]	protects itself, says its number, and waits; a
 *				SIGUSR1 ends the protection.  exec: after an exec,
 *				fork: its child, who waits and whose number it is
 *   peek traced		protects itself while it is traced
 *   peek ioctl NUMBER...	these ioctls of /dev/ttools, one after the other
 *   peek refs FILE OPENS	opens the file that often; references that one has
 *   peek WAY PID		looks into it: attach, attach32, seize, read, write,
 *				mem, getfd
 *
 * What fails ends it with status 1, and the error's name on stderr.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROTECT		0xee00
#define UNPROTECT	0xee01
#define FD_REFS		0xc010ee02u

struct fd_refs {
	int fd;
	long ref_cnt;
};

static long word = 42;

static void failed(void)
{
	fprintf(stderr, "%s\n", strerrorname_np(errno));
	exit(1);
}

static long check(long ret)
{
	if (ret < 0)
		failed();
	return ret;
}

static int device(void)
{
	return check(open("/dev/ttools", O_RDWR | O_CLOEXEC));
}

static void unprotect(int sig)
{
	int fd = device();

	check(ioctl(fd, UNPROTECT));
	close(fd);
}

/* Without the device open, so that the update could be undone. */
static void wait_for_end(void)
{
	signal(SIGUSR1, unprotect);
	printf("%d\n", getpid());
	fflush(stdout);
	for (;;)
		pause();
}

static void protect(const char *then)
{
	int fd = device();

	check(ioctl(fd, PROTECT));
	close(fd);
	if (!strcmp(then, "exec")) {
		execl("/proc/self/exe", "peek", "wait", NULL);
		failed();
	}
	if (!strcmp(then, "fork") && check(fork()))
		_exit(0);
	wait_for_end();
}

static void protect_traced(void)
{
	int status;

	if (!check(fork())) {
		check(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
		check(ioctl(device(), PROTECT));
		_exit(0);
	}
	check(wait(&status));
	exit(WEXITSTATUS(status));
}

static void do_ioctls(char **numbers)
{
	struct fd_refs refs = { .fd = 12345 };
	int fd = device();

	for (; *numbers; numbers++)
		check(ioctl(fd, strtoul(*numbers, NULL, 0), &refs));
}

static void count_refs(const char *name, int opens)
{
	struct fd_refs refs;

	refs.fd = check(open(name, O_RDONLY));
	while (--opens > 0)
		check(open(name, O_RDONLY));
	check(ioctl(device(), FD_REFS, &refs));
	printf("%ld\n", refs.ref_cnt);
}

/* ptrace(2) as a 32-bit program calls it. */
static long ptrace32(long request, long pid)
{
#ifdef __x86_64__
	long ret;

	asm volatile("int $0x80" : "=a" (ret)
		     : "a" (26), "b" (request), "c" (pid), "d" (0), "S" (0)
		     : "r8", "r9", "r10", "r11", "memory");
	if (ret < 0) {
		errno = -ret;
		return -1;
	}
	return ret;
#else
	return ptrace(request, pid, NULL, NULL);
#endif
}

static void let_go(pid_t pid)
{
	check(waitpid(pid, NULL, __WALL));
	check(ptrace(PTRACE_DETACH, pid, NULL, NULL));
}

static void look(const char *way, pid_t pid)
{
	long here;
	struct iovec local = { &here, sizeof(here) };
	struct iovec remote = { &word, sizeof(word) };
	char name[64];
	int fd;

	if (!strcmp(way, "attach")) {
		check(ptrace(PTRACE_ATTACH, pid, NULL, NULL));
		let_go(pid);
	} else if (!strcmp(way, "attach32")) {
		check(ptrace32(PTRACE_ATTACH, pid));
		let_go(pid);
	} else if (!strcmp(way, "seize")) {
		check(ptrace(PTRACE_SEIZE, pid, NULL, NULL));
		check(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL));
		let_go(pid);
	} else if (!strcmp(way, "read")) {
		check(process_vm_readv(pid, &local, 1, &remote, 1, 0));
	} else if (!strcmp(way, "write")) {
		here = 43;
		check(process_vm_writev(pid, &local, 1, &remote, 1, 0));
	} else if (!strcmp(way, "mem")) {
		snprintf(name, sizeof(name), "/proc/%d/mem", pid);
		fd = check(open(name, O_RDWR));
		check(pread(fd, &here, sizeof(here), (off_t)(long)&word));
	} else if (!strcmp(way, "getfd")) {
		fd = check(syscall(SYS_pidfd_open, pid, 0));
		check(syscall(SYS_pidfd_getfd, fd, 1, 0));
	} else {
		fprintf(stderr, "no way '%s'\n", way);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";

	if (!strcmp(command, "protect"))
		protect(argc > 2 ? argv[2] : "");
	else if (!strcmp(command, "wait"))
		wait_for_end();
	else if (!strcmp(command, "traced"))
		protect_traced();
	else if (!strcmp(command, "ioctl"))
		do_ioctls(argv + 2);
	else if (!strcmp(command, "refs") && argc > 3)
		count_refs(argv[2], atoi(argv[3]));
	else
		look(command, argc > 2 ? atoi(argv[2]) : 0);
	return 0;
}
