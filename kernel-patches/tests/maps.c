// SPDX-License-Identifier: GPL-2.0-only
/*
 * maps.c - runs into the limit of mappings, for the tests of kernel-patches
 *
 *   maps count MOST         maps single pages until it is refused or there are
 *                           MOST, and prints how many mappings it has then
 *   maps WAY MOST           the same, and prints if one more is refused that
 *                           WAY: munmap, mprotect and madvise cut a mapping,
 *                           mremap moves one, brk makes another one
 *
 * Prints "done" or the error; madvise says EAGAIN where the others say ENOMEM.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096 };

static void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static void *map(size_t pages, int protection)
{
	return mmap(NULL, pages * PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
}

/* Those of this process, but for vsyscall, which is not one. */
static long count(void)
{
	static char text[1 << 16];
	FILE *f = fopen("/proc/self/maps", "r");
	long lines = 0;

	if (!f)
		fail("/proc/self/maps");
	setvbuf(f, NULL, _IONBF, 0);
	while (fgets(text, sizeof(text), f))
		lines += !strstr(text, "[vsyscall]");
	fclose(f);
	return lines;
}

static int one_more(const char *way, char *three, char *other)
{
	if (!strcmp(way, "munmap"))
		return munmap(three + PAGE, PAGE);
	if (!strcmp(way, "mprotect"))
		return mprotect(three + PAGE, PAGE, PROT_READ);
	if (!strcmp(way, "madvise"))
		return madvise(three + PAGE, PAGE, MADV_DONTFORK);
	if (!strcmp(way, "mremap"))
		return mremap(other, PAGE, 64 * PAGE, MREMAP_MAYMOVE) ==
			MAP_FAILED ? -1 : 0;
	if (!strcmp(way, "brk"))
		return sbrk(1024 * PAGE) == (void *)-1 ? -1 : 0;
	fprintf(stderr, "no way '%s'\n", way);
	exit(2);
}

int main(int argc, char **argv)
{
	long most = argc == 3 ? atol(argv[2]) : 0, i;
	char *three = map(3, PROT_READ | PROT_WRITE), *other;

	if (!most || three == MAP_FAILED)
		fail("usage: maps WAY MOST");
	/* Neighbours that differ are not made one. */
	other = map(1, PROT_EXEC);
	for (i = count(); i < most; i++)
		if (map(1, i & 1 ? PROT_READ : PROT_NONE) == MAP_FAILED)
			break;
	if (i < most && errno != ENOMEM)
		fail("mmap");
	if (!strcmp(argv[1], "count"))
		printf("%ld\n", count());
	else if (!one_more(argv[1], three, other))
		printf("done\n");
	else
		printf("%s\n", errno == ENOMEM ? "ENOMEM" :
		       errno == EAGAIN ? "EAGAIN" : strerror(errno));
	return 0;
}
