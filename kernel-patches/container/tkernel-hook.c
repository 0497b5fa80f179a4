// SPDX-License-Identifier: GPL-2.0-only
/*
 * tkernel-hook.c - gives a container the files of /proc that are its group's
 *
 * A createContainer hook as the OCI's runtime specification has it: the runtime
 * runs it in the container's mount namespace, before the change of root, and
 * with the container's state on stdin.  It mounts the files of /proc/tkernel,
 * which show each reader the control group of its container, over those in
 * ROOTFS/proc and ROOTFS/sys, read only.  What the kernel does not have is left
 * out.  So that the group has something to show, the hook enables the
 * controllers of version 2 for it, and the statistics of its disks.
 *
 * The hook's own group is the container's, as it is started by what becomes the
 * container's first process.  A control group namespace, which this may have
 * already, hides the place of the group from /proc/self/cgroup: the hook leaves
 * it.  Where it may not, as in a user namespace, the group is the one whose
 * cgroup.procs lists us.
 *
 * What the image has put into ROOTFS is not trusted: /proc there must be a
 * procfs, /sys a sysfs, and no links.  In the machine's own mount namespace it
 * refuses to do anything.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define PROC_MAGIC	0x9fa0
#define SYSFS_MAGIC	0x62656572
#define MOST_TEXT	(16 << 20)

/* The name in /proc/tkernel, and what it is mounted over. */
static const struct file {
	const char *name;
	const char *in_proc, *in_sys;
} files[] = {
	{ "cpuinfo", .in_proc = "cpuinfo" },
	{ "diskstats", .in_proc = "diskstats" },
	{ "loadavg", .in_proc = "loadavg" },
	{ "meminfo", .in_proc = "meminfo" },
	{ "online", .in_sys = "devices/system/cpu/online" },
	{ "stat", .in_proc = "stat" },
	{ "swaps", .in_proc = "swaps" },
	{ "uptime", .in_proc = "uptime" },
	{ "vmstat", .in_proc = "vmstat" },
};

/* Those of version 2 that the files are of. */
static const char *const controllers[] = { "cpu", "cpuset", "io", "memory" };

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

__attribute__((format(printf, 1, 2)))
static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("tkernel-hook: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}

#define fail(...) (say(__VA_ARGS__), exit(1))

__attribute__((format(printf, 1, 2)))
static char *text_of(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		fail("out of memory");
	va_end(args);
	return text;
}

/* The whole of a file, terminated; NULL if it cannot be read. */
static char *read_all(FILE *stream)
{
	size_t length = 0, size = 4096;
	char *text = malloc(size);

	while (text && stream) {
		size_t got = fread(text + length, 1, size - length - 1, stream);

		length += got;
		if (!got || length > MOST_TEXT)
			break;
		if (length + 1 == size)
			text = realloc(text, size *= 2);
	}
	if (!text)
		fail("out of memory");
	if (!stream || ferror(stream) || length > MOST_TEXT) {
		free(text);
		return NULL;
	}
	text[length] = '\0';
	return text;
}

static char *read_file(const char *name)
{
	FILE *stream = fopen(name, "re");
	char *text = read_all(stream);

	if (stream)
		fclose(stream);
	return text;
}

static int write_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		error = errno;
	close(fd);
	return error;
}

/* --- JSON ---------------------------------------------------------------- */

/* Text that is left, and what it is, for messages. */
struct json {
	const char *at;
	const char *what;
};

static void skip_blanks(struct json *json)
{
	json->at += strspn(json->at, " \t\r\n");
}

static bool take(struct json *json, char c)
{
	skip_blanks(json);
	if (*json->at != c)
		return false;
	json->at++;
	return true;
}

static void expect(struct json *json, char c)
{
	if (!take(json, c))
		fail("%s is no JSON: '%c' is missing at '%.20s'", json->what, c,
		     json->at);
}

static unsigned int take_hex(struct json *json)
{
	char digits[5] = "";
	char *end;
	unsigned int code;

	strncat(digits, json->at, 4);
	code = strtoul(digits, &end, 16);
	if (end != digits + 4 || !code)
		fail("%s has a bad \\u%s", json->what, digits);
	json->at += 4;
	return code;
}

static char *put_utf8(char *to, unsigned int code)
{
	if (code < 0x80) {
		*to++ = code;
	} else if (code < 0x800) {
		*to++ = 0xc0 | code >> 6;
		*to++ = 0x80 | (code & 0x3f);
	} else if (code < 0x10000) {
		*to++ = 0xe0 | code >> 12;
		*to++ = 0x80 | (code >> 6 & 0x3f);
		*to++ = 0x80 | (code & 0x3f);
	} else {
		*to++ = 0xf0 | code >> 18;
		*to++ = 0x80 | (code >> 12 & 0x3f);
		*to++ = 0x80 | (code >> 6 & 0x3f);
		*to++ = 0x80 | (code & 0x3f);
	}
	return to;
}

/* Behind "\u": one character, which may be of two parts. */
static char *take_unicode(struct json *json, char *to)
{
	unsigned int code = take_hex(json);

	if (code >= 0xd800 && code < 0xdc00 && !strncmp(json->at, "\\u", 2)) {
		json->at += 2;
		code = 0x10000 + ((code & 0x3ff) << 10) +
			(take_hex(json) & 0x3ff);
	}
	return put_utf8(to, code);
}

static char *take_string(struct json *json)
{
	static const char from[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	char *text, *to;

	expect(json, '"');
	text = malloc(strlen(json->at) + 1);
	to = text;
	if (!text)
		fail("out of memory");
	while (*json->at && *json->at != '"') {
		char c = *json->at++;
		const char *escape;

		if (c != '\\') {
			*to++ = c;
			continue;
		}
		c = *json->at;
		escape = c ? strchr(from, c) : NULL;
		if (c == 'u') {
			json->at++;
			to = take_unicode(json, to);
		} else if (escape) {
			json->at++;
			*to++ = meant[escape - from];
		} else {
			fail("%s has a bad '\\%c'", json->what, c);
		}
	}
	*to = '\0';
	expect(json, '"');
	return text;
}

static void skip_value(struct json *json)
{
	static int depth;
	size_t length;

	if (++depth > 200)
		fail("%s is nested too deeply", json->what);
	skip_blanks(json);
	if (*json->at == '"') {
		free(take_string(json));
	} else if (take(json, '{')) {
		if (!take(json, '}')) {
			do {
				free(take_string(json));
				expect(json, ':');
				skip_value(json);
			} while (take(json, ','));
			expect(json, '}');
		}
	} else if (take(json, '[')) {
		if (!take(json, ']')) {
			do {
				skip_value(json);
			} while (take(json, ','));
			expect(json, ']');
		}
	} else {
		length = strspn(json->at, "+-.0123456789abcdefghijklmnopqrstuvwxyzE");
		if (!length)
			fail("%s is no JSON at '%.20s'", json->what, json->at);
		json->at += length;
	}
	depth--;
}

/* Goes to the value of that name in an object; the end may have a mistake. */
static bool find_member(struct json *json, const char *name)
{
	expect(json, '{');
	if (take(json, '}'))
		return false;
	do {
		char *key = take_string(json);
		bool is_it = !strcmp(key, name);

		free(key);
		expect(json, ':');
		if (is_it)
			return true;
		skip_value(json);
	} while (take(json, ','));
	expect(json, '}');
	return false;
}

/* --- the container ------------------------------------------------------- */

/* Absolute: of the bundle that the state names. */
static char *find_rootfs(void)
{
	struct json state = { read_all(stdin), "the state on stdin" };
	struct json config = { NULL, "the bundle's config.json" };
	char *bundle, *path, *name;

	if (!state.at)
		fail("cannot read the state from stdin: %s", strerror(errno));
	if (!find_member(&state, "bundle"))
		fail("the state on stdin has no 'bundle'");
	bundle = take_string(&state);
	if (*bundle != '/')
		fail("the bundle '%s' is no absolute path", bundle);
	name = text_of("%s/config.json", bundle);
	config.at = read_file(name);
	if (!config.at)
		fail("cannot read '%s': %s", name, strerror(errno));
	if (!find_member(&config, "root") || !find_member(&config, "path"))
		fail("'%s' has no root.path", name);
	path = take_string(&config);
	return *path == '/' ? path : text_of("%s/%s", bundle, path);
}

/* A namespace of this process or another one, as a text; "" if unknown. */
static const char *namespace_of(const char *process, char *text, size_t size)
{
	char *name = text_of("/proc/%s/ns/mnt", process);
	ssize_t length = readlink(name, text, size - 1);

	text[length < 0 ? 0 : length] = '\0';
	free(name);
	return text;
}

static void check_namespace(void)
{
	char ours[64], first[64];

	namespace_of("self", ours, sizeof(ours));
	if (*ours && !strcmp(ours, namespace_of("1", first, sizeof(first))))
		fail("this is the machine's mount namespace: it has to be a createContainer hook");
}

/*
 * To the namespace of control groups that the machine has, or who else runs the
 * runtime: of a hierarchy that is mounted with nsdelegate, as systemd does, the
 * first group of a namespace cannot be written from inside of it.
 */
static void leave_cgroup_namespace(void)
{
	int outer = open("/proc/1/ns/cgroup", O_RDONLY | O_CLOEXEC);

	if (outer < 0)
		return;
	setns(outer, CLONE_NEWCGROUP);
	close(outer);
}

/*
 * A directory of the root that has to be a file system of that type, and that
 * the image cannot have made a link; -1 if it is not.
 */
static int open_mount(const char *rootfs, const char *name, long type)
{
	struct statfs statistics;
	int root = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int dir;

	if (root < 0)
		fail("cannot open the root '%s': %s", rootfs, strerror(errno));
	dir = openat(root, name, O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);
	close(root);
	if (dir < 0)
		return -1;
	if (fstatfs(dir, &statistics) < 0 || statistics.f_type != type) {
		close(dir);
		errno = 0;
		return -1;
	}
	return dir;
}

static int open_proc(const char *rootfs)
{
	int proc = open_mount(rootfs, "proc", PROC_MAGIC);

	if (proc < 0 && errno)
		fail("cannot open '%s/proc': %s", rootfs, strerror(errno));
	if (proc < 0)
		fail("'%s/proc' is no procfs: mount it before, as config.json's mounts", rootfs);
	return proc;
}

/* --- control groups ------------------------------------------------------ */

/* Is the word in the list? */
static bool has_word(const char *list, const char *word, const char *separators)
{
	size_t length = strlen(word);

	for (; list && *list; list += strspn(list, separators)) {
		size_t next = strcspn(list, separators);

		if (next == length && !strncmp(list, word, length))
			return true;
		list += next;
	}
	return false;
}

/* In place: mountinfo has blanks and the like as \040. */
static char *unescape(char *text)
{
	char *from = text, *to = text;
	unsigned int code;

	while (*from) {
		if (*from == '\\' && sscanf(from + 1, "%3o", &code) == 1) {
			*to++ = code;
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return text;
}

/* Where the hierarchy of a controller is mounted, NULL: that of version 2. */
static char *find_hierarchy(const char *controller)
{
	char *text = read_file("/proc/self/mountinfo");
	char *line, *rest = text, *found = NULL;

	if (!text)
		fail("cannot read /proc/self/mountinfo: %s", strerror(errno));
	while (!found && (line = strsep(&rest, "\n"))) {
		char where[PATH_MAX], type[32], options[PATH_MAX];
		char *separator = strstr(line, " - ");

		if (!separator ||
		    sscanf(line, "%*s %*s %*s %*s %4095s", where) != 1 ||
		    sscanf(separator + 3, "%31s %*s %4095s", type, options) != 2)
			continue;
		if (controller ? !strcmp(type, "cgroup") &&
				 has_word(options, controller, ",") :
				 !strcmp(type, "cgroup2"))
			found = text_of("%s", unescape(where));
	}
	free(text);
	return found;
}

/* Of /proc/self/cgroup, for a hierarchy; "/" if it is not told. */
static char *told_path(const char *controller)
{
	char *text = read_file("/proc/self/cgroup");
	char *line, *rest = text, *found = NULL;

	while (text && !found && (line = strsep(&rest, "\n"))) {
		char *id = strsep(&line, ":");
		char *names = strsep(&line, ":");

		if (!names || !line)
			continue;
		if (controller ? has_word(names, controller, ",") :
				 !strcmp(id, "0") && !*names)
			found = text_of("%s", line);
	}
	free(text);
	return found ? found : text_of("/");
}

/* Does the group have this process? */
static bool has_us(const char *group)
{
	char *name = text_of("%s/cgroup.procs", group);
	char *us = text_of("%d", getpid());
	char *text = read_file(name);
	bool found = has_word(text, us, "\n");

	free(text);
	free(us);
	free(name);
	return found;
}

/* Among a group and those below; NULL if none has this process. */
static char *search_group(const char *group)
{
	struct dirent *entry;
	char *found = NULL;
	DIR *dir;

	if (has_us(group))
		return text_of("%s", group);
	dir = opendir(group);
	while (dir && !found && (entry = readdir(dir))) {
		char *below;

		if (entry->d_type != DT_DIR || *entry->d_name == '.')
			continue;
		below = text_of("%s/%s", group, entry->d_name);
		found = search_group(below);
		free(below);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* The container's directory in a hierarchy, NULL if there is none. */
static char *find_group(const char *controller)
{
	char *hierarchy = find_hierarchy(controller);
	char *path, *group;

	if (!hierarchy)
		return NULL;
	path = told_path(controller);
	group = text_of("%s%s", hierarchy, strcmp(path, "/") ? path : "");
	if (!has_us(group)) {
		free(group);
		group = search_group(hierarchy);
	}
	free(path);
	free(hierarchy);
	return group;
}

/*
 * Version 2: has the controllers enabled for the group, from the root on down,
 * as far as they are not.  A group that has processes may not enable some.
 */
static void enable_controllers(const char *hierarchy, const char *group)
{
	size_t length = strlen(hierarchy);
	char *name, *there, *enabled;
	const char *next;
	unsigned int i;

	while ((next = strchr(group + length, '/'))) {
		name = text_of("%.*s/cgroup.controllers", (int)length, group);
		there = read_file(name);
		free(name);
		name = text_of("%.*s/cgroup.subtree_control", (int)length, group);
		enabled = read_file(name);
		for (i = 0; i < ARRAY_SIZE(controllers); i++) {
			char *word = text_of("+%s", controllers[i]);
			int error = 0;

			if (has_word(there, word + 1, " \n") &&
			    !has_word(enabled, word + 1, " \n"))
				error = write_file(name, word);
			if (error)
				say("cannot write '%s' into '%s': %s", word, name,
				    strerror(error));
			free(word);
		}
		free(enabled);
		free(there);
		free(name);
		next = strchr(next + 1, '/');
		if (!next)
			break;
		length = next - group;
	}
}

/*
 * Has the group's disks counted, of whichever version it is; "false" if that is
 * not possible.
 */
static bool count_disks(const char *unified_group)
{
	char *group = find_group("blkio");
	char *name = NULL;
	int error = ENOENT;

	if (group)
		name = text_of("%s/blkio.diskstats", group);
	else if (unified_group)
		name = text_of("%s/io.diskstats", unified_group);
	if (name)
		error = write_file(name, "1");
	if (error && error != ENOENT)
		say("cannot write 1 into '%s': %s", name, strerror(error));
	free(group);
	free(name);
	return !error;
}

/* --- mounts -------------------------------------------------------------- */

static void mount_file(const char *from, const char *to)
{
	const unsigned long flags =
		MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY;

	if (mount(from, to, NULL, MS_BIND, NULL) < 0 ||
	    mount(NULL, to, NULL, MS_BIND | MS_REMOUNT | flags, NULL) < 0)
		fail("cannot mount '%s' on '%s': %s", from, to, strerror(errno));
}

/*
 * Mounts a file, if the kernel has it, and the container what it is mounted
 * over.
 * sys is -1 if that has no sysfs.
 */
static bool mount_view(const struct file *file, int proc, int sys)
{
	char *from = text_of("/proc/self/fd/%d/tkernel/%s", proc, file->name);
	char *to = file->in_proc ?
		text_of("/proc/self/fd/%d/%s", proc, file->in_proc) :
		text_of("/proc/self/fd/%d/%s", sys, file->in_sys);
	bool possible = !access(from, F_OK) && !access(to, F_OK);

	if (possible)
		mount_file(from, to);
	free(to);
	free(from);
	return possible;
}

int main(int argc, char **argv)
{
	unsigned int i, n_mounted = 0;
	char *rootfs, *hierarchy, *group;
	bool has_disks;
	int proc, sys;

	(void)argv;
	if (argc > 1) {
		say("no arguments: the container's state is to be on stdin");
		return 2;
	}
	rootfs = find_rootfs();
	check_namespace();
	proc = open_proc(rootfs);
	sys = open_mount(rootfs, "sys", SYSFS_MAGIC);
	leave_cgroup_namespace();
	hierarchy = find_hierarchy(NULL);
	group = find_group(NULL);
	if (hierarchy && group)
		enable_controllers(hierarchy, group);

	has_disks = count_disks(group);
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		if (!has_disks && !strcmp(files[i].name, "diskstats"))
			continue;
		n_mounted += mount_view(&files[i], proc, sys);
	}
	if (!n_mounted)
		say("there is no file for the container's /proc: is the kernel patched?");
	free(group);
	free(hierarchy);
	free(rootfs);
	return 0;
}
