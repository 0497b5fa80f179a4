// SPDX-License-Identifier: GPL-2.0-only
/*
 * cache.c - looks at page cache for the tests of kernel-patches
 *
 *   cache hold FILE         maps it, reads every page, prints its number, waits
 *   cache resident FILE     how many of its pages are in memory, of how many
 *   cache peak COMMAND...   runs it; the most MiB of clean cache seen meanwhile
 *   cache clean             MiB of clean cache now; "cache dirty": the others
 *
 * Clean cache are the pages on the lists of files less what is dirty or being
 * written.  Ends with status 1 and the error on stderr if a call fails, or the
 * command.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static unsigned char *map_file(const char *file, size_t *pages)
{
	int fd = open(file, O_RDONLY);
	struct stat st;
	void *map;

	if (fd < 0 || fstat(fd, &st))
		fail(file);
	map = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		fail("mmap");
	*pages = (st.st_size + 4095) / 4096;
	return map;
}

static void hold(const char *file)
{
	size_t pages, i;
	volatile unsigned char *map = map_file(file, &pages);
	unsigned int sum = 0;

	for (i = 0; i < pages; i++)
		sum += map[i * 4096];
	printf("%d\n", getpid());
	fflush(stdout);
	for (;;)
		pause();
}

static void resident(const char *file)
{
	size_t pages, i, there = 0;
	unsigned char *map = map_file(file, &pages);
	unsigned char *in = malloc(pages);

	if (!in || mincore(map, pages * 4096, in))
		fail("mincore");
	for (i = 0; i < pages; i++)
		there += in[i] & 1;
	printf("%zu of %zu\n", there, pages);
	exit(0);
}

/* Of /proc/meminfo, in MiB. */
static void measure(long *clean, long *dirty)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char line[128], name[64];
	long kib, lists = 0;

	if (!f)
		fail("/proc/meminfo");
	*dirty = 0;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63[^:]: %ld", name, &kib) != 2)
			continue;
		if (!strcmp(name, "Active(file)") ||
		    !strcmp(name, "Inactive(file)"))
			lists += kib;
		if (!strcmp(name, "Dirty") || !strcmp(name, "Writeback"))
			*dirty += kib;
	}
	fclose(f);
	*clean = lists > *dirty ? (lists - *dirty) / 1024 : 0;
	*dirty /= 1024;
}

static void peak(char **command)
{
	long clean, dirty, most = 0;
	int status;
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (!pid) {
		execvp(command[0], command);
		fail(command[0]);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		measure(&clean, &dirty);
		if (clean > most)
			most = clean;
		usleep(50000);
	}
	printf("%ld\n", most);
	exit(status ? 1 : 0);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	long clean, dirty;

	if (argc == 3 && !strcmp(name, "hold"))
		hold(argv[2]);
	else if (argc == 3 && !strcmp(name, "resident"))
		resident(argv[2]);
	else if (argc > 2 && !strcmp(name, "peak"))
		peak(argv + 2);
	measure(&clean, &dirty);
	if (!strcmp(name, "clean")) {
		printf("%ld\n", clean);
	} else if (!strcmp(name, "dirty")) {
		printf("%ld\n", dirty);
	} else {
		fprintf(stderr, "no command '%s'\n", name);
		return 2;
	}
	return 0;
}
