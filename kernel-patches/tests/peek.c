// SPDX-License-Identifier: GPL-2.0-only
/*
 * peek.c - a process protects itself, another one tries to look into it
 *
 *   peek protect [exec|fork|spin]
 *				protects itself, prints its pid, and waits;
 *				SIGUSR1 ends the protection.  exec: after exec,
 *				fork: its child, which waits and whose pid it
 *				is; spin: it does not wait, but computes
 *   peek spin			the same without the protection
 *   peek traced		protects itself while it is traced
 *   peek ioctl NUMBER...	these ioctls of /dev/ttools, one after the other
 *   peek refs FILE OPENS	opens the file that often; prints its references
 *   peek WAY PID		inspects it: attach, attach32, seize, read,
 *				write, mem, getfd, environ, auxv, maps, pagemap,
 *				exe, fd, map_files, ns, madvise, perf, kcmp
 *   peek samples PID		takes samples of all CPUs for a second; how many
 *				were of that process, and how many of these have
 *				its registers, and its stack
 *
 * What fails ends it with status 1, and the error's name on stderr.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../ttools.h"

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

	check(ioctl(fd, TTOOLS_PTRACE_UNPROTECT));
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

static void spin(void)
{
	printf("%d\n", getpid());
	fflush(stdout);
	for (;;)
		asm volatile("" ::: "memory");
}

static void protect(const char *then)
{
	int fd = device();

	check(ioctl(fd, TTOOLS_PTRACE_PROTECT));
	close(fd);
	if (!strcmp(then, "exec")) {
		execl("/proc/self/exe", "peek", "wait", NULL);
		failed();
	}
	if (!strcmp(then, "fork") && check(fork()))
		_exit(0);
	if (!strcmp(then, "spin"))
		spin();
	wait_for_end();
}

static void protect_traced(void)
{
	int status;

	if (!check(fork())) {
		check(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
		check(ioctl(device(), TTOOLS_PTRACE_PROTECT));
		_exit(0);
	}
	check(wait(&status));
	exit(WEXITSTATUS(status));
}

static void do_ioctls(char **numbers)
{
	struct ttools_fd_ref refs = { .fd = 12345 };
	int fd = device();

	for (; *numbers; numbers++)
		check(ioctl(fd, strtoul(*numbers, NULL, 0), &refs));
}

static void count_refs(const char *name, int opens)
{
	struct ttools_fd_ref refs;

	refs.fd = check(open(name, O_RDONLY));
	while (--opens > 0)
		check(open(name, O_RDONLY));
	check(ioctl(device(), TTOOLS_GET_FD_REFS_CNT, &refs));
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

/* --- samples ------------------------------------------------------------- */

#define PAGES		64
#define STACK_BYTES	1024

static long open_event(pid_t pid, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = 1000000,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_REGS_USER |
			       PERF_SAMPLE_STACK_USER,
		.sample_regs_user = 1,
		.sample_stack_user = STACK_BYTES,
	};

	return check(syscall(SYS_perf_event_open, &attr, pid, cpu, -1, 0));
}

/* After the header: pid, tid, abi, if that is not 0 one register, size */
static void count_samples(const char *ring, pid_t pid, unsigned int *counts)
{
	const struct perf_event_mmap_page *page = (const void *)ring;
	const char *data = ring + getpagesize();
	unsigned long at = 0, end = page->data_head;

	/* The ring is large enough not to wrap. */
	while (at < end && end <= (unsigned long)PAGES * getpagesize()) {
		const struct perf_event_header *header =
			(const void *)(data + at);
		const unsigned long *words = (const void *)(header + 1);

		at += header->size;
		if (header->type != PERF_RECORD_SAMPLE ||
		    (pid_t)words[0] != pid)
			continue;
		counts[0]++;
		counts[1] += words[1] != 0;
		counts[2] += words[words[1] ? 3 : 2] != 0;
	}
}

static void take_samples(pid_t pid)
{
	int n_cpus = sysconf(_SC_NPROCESSORS_ONLN), cpu;
	unsigned int counts[3] = { 0 };
	char *rings[64];

	for (cpu = 0; cpu < n_cpus && cpu < 64; cpu++) {
		rings[cpu] = mmap(NULL, (PAGES + 1) * getpagesize(),
				  PROT_READ | PROT_WRITE, MAP_SHARED,
				  open_event(-1, cpu), 0);
		if (rings[cpu] == MAP_FAILED)
			failed();
	}
	usleep(200000);
	for (cpu = 0; cpu < n_cpus && cpu < 64; cpu++)
		count_samples(rings[cpu], pid, counts);
	printf("%s, registers %s, stack %s\n", counts[0] ? "seen" : "not seen",
	       counts[1] ? "seen" : "not seen", counts[2] ? "seen" : "not seen");
}

/* --- files of /proc/PID -------------------------------------------------- */

static void read_file(pid_t pid, const char *file)
{
	char name[300], text[64];
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/%s", pid, file);
	fd = check(open(name, O_RDONLY));
	if (!check(read(fd, text, sizeof(text))))
		exit(1);
}

static void read_link(pid_t pid, const char *file)
{
	char name[300], text[64];

	snprintf(name, sizeof(name), "/proc/%d/%s", pid, file);
	check(readlink(name, text, sizeof(text)));
}

/* The first link of a directory, which may not even be listed. */
static void read_directory(pid_t pid, const char *directory)
{
	char name[64], link[400];
	struct dirent *entry;
	DIR *dir;

	snprintf(name, sizeof(name), "/proc/%d/%s", pid, directory);
	dir = opendir(name);
	if (!dir)
		failed();
	errno = 0;
	do {
		entry = readdir(dir);
		if (!entry)
			failed();
	} while (*entry->d_name == '.');
	snprintf(link, sizeof(link), "%s/%s", directory, entry->d_name);
	read_link(pid, link);
}

static void advise(pid_t pid)
{
	struct iovec remote = { (void *)((long)&word & -4096), 4096 };
	int fd = check(syscall(SYS_pidfd_open, pid, 0));

	check(syscall(SYS_process_madvise, fd, &remote, 1, MADV_COLD, 0));
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
	} else if (!strcmp(way, "environ") || !strcmp(way, "auxv") ||
		   !strcmp(way, "maps") || !strcmp(way, "pagemap")) {
		read_file(pid, way);
	} else if (!strcmp(way, "exe")) {
		read_link(pid, way);
	} else if (!strcmp(way, "ns")) {
		read_link(pid, "ns/mnt");
	} else if (!strcmp(way, "fd") || !strcmp(way, "map_files")) {
		read_directory(pid, way);
	} else if (!strcmp(way, "madvise")) {
		advise(pid);
	} else if (!strcmp(way, "perf")) {
		open_event(pid, -1);
	} else if (!strcmp(way, "kcmp")) {
		check(syscall(SYS_kcmp, getpid(), pid, 0, 1, 1));
	} else if (!strcmp(way, "samples")) {
		take_samples(pid);
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
	else if (!strcmp(command, "spin"))
		spin();
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
