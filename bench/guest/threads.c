// SPDX-License-Identifier: GPL-2.0-only
/*
 * threads.c - keep a number of sleeping threads
 *
 * threads NUMBER: starts them, prints "ready" and sleeps until it is killed.
 * They wait for a signal and use no stack of user space, so that the kernel's
 * memory is all that a thread takes.  The number may be more than the kernel's
 * limits, which are raised; that is left so.
 */
#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | \
	       CLONE_THREAD | CLONE_SYSVSEM)

static void raise_limit(const char *name, long value)
{
	FILE *file = fopen(name, "w");

	if (!file || fprintf(file, "%ld\n", value) < 0 || fclose(file)) {
		perror(name);
		exit(1);
	}
}

/* The new thread never returns from here, nor does it use the stack. */
static long start_thread(void)
{
	long ret;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 2f\n"
			 "1:\tmov %[pause], %%eax\n\t"
			 "syscall\n\t"
			 "jmp 1b\n"
			 "2:"
			 : "=a" (ret)
			 : "a" ((long)SYS_clone), "D" ((long)FLAGS),
			   "S" (0L), "d" (0L), [pause] "i" (SYS_pause)
			 : "rcx", "r10", "r11", "memory");
	return ret;
}

int main(int argc, char **argv)
{
	long n = argc == 2 ? atol(argv[1]) : 0;
	long i, ret;

	if (n <= 0)
		return 2;
	raise_limit("/proc/sys/kernel/threads-max", 4 * n + 10000);
	raise_limit("/proc/sys/kernel/pid_max", 4 * n + 40000);
	for (i = 0; i < n; i++) {
		ret = start_thread();
		if (ret < 0) {
			fprintf(stderr, "threads: errno %ld after %ld threads\n",
				-ret, i);
			return 1;
		}
	}
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
