// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - objmanip's commands
 *
 * "diff" takes the objects of one target before (pre) and after (post) the
 * patch and writes what an update consists of.  The steps are those of
 * cmd_diff(): read, correlate, compare, label, keep, write.  "compare" stops
 * after the step of that name; it finds no change only if "diff" has nothing to
 * say.  "image" writes the pre image of objects that nothing is
 * changed in, to have them matched.  Exit status: see die.h.
 */
#include "decide/correlate.h"
#include "decide/keep.h"
#include "decide/label.h"
#include "decide/marks.h"
#include "decide/prototype.h"
#include "decide/state.h"
#include "decide/wanted.h"
#include "read/read.h"
#include "read/symvers.h"
#include "report/inspect.h"
#include "report/summary.h"
#include "util/die.h"
#include "util/vec.h"
#include "write/finalize.h"
#include "write/new-code.h"
#include "write/old-code.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char usage_text[] =
"usage: objmanip compare PRE POST\n"
"       objmanip diff --kid=KID --target=TARGET --symvers=FILE --out=DIR\n"
"                     [--crcs=FILE] [--lines=FILE] [--wanted=FILE]\n"
"                     [--explain [--touched=FILE:FIRST-LAST]...]\n"
"                     UNIT=PRE=POST...\n"
"       objmanip image --symvers=FILE --out=DIR UNIT=OBJECT...\n"
"       objmanip inspect {FILE|DIRECTORY}\n"
"       objmanip finalize IN.ko OUT.ko\n"
"exit status: 0 done or changed, 1 refused or failed, 2 usage, 66 no changes\n";

static void usage(void) __attribute__((noreturn));
static void usage(void)
{
	fputs(usage_text, stderr);
	exit(EXIT_USAGE);
}

static struct pair load_pair(const char *unit, const char *pre,
			     const char *post)
{
	return (struct pair) {
		.unit = unit,
		.pre = object_read(pre, unit),
		.post = object_read(post, unit),
	};
}

static int cmd_compare(int argc, char **argv)
{
	if (argc != 3)
		usage();

	struct pair pair = load_pair(argv[1], argv[1], argv[2]);

	correlate_pair(&pair);
	return state_decide(&pair) || marks_any(pair.post) ||
	       summary_any(&pair) ? EXIT_CHANGED : EXIT_NO_CHANGES;
}

/* "UNIT=PRE=POST" */
static struct pair parse_pair(const char *argument)
{
	char *unit = xstrdup(argument);
	char *pre = strchr(unit, '=');
	char *post = pre ? strchr(pre + 1, '=') : NULL;

	if (!post)
		usage();
	*pre++ = *post++ = '\0';
	if (!*unit || !*pre || !*post)
		usage();
	return load_pair(unit, pre, post);
}

struct diff_options {
	const char *kid, *target, *symvers, *out, *crcs, *lines, *wanted;
	bool explain;
	struct touched_lines touched;
};

static struct diff_options parse_diff_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "kid", required_argument, NULL, 'k' },
		{ "target", required_argument, NULL, 't' },
		{ "symvers", required_argument, NULL, 's' },
		{ "out", required_argument, NULL, 'o' },
		{ "crcs", required_argument, NULL, 'c' },
		{ "lines", required_argument, NULL, 'n' },
		{ "wanted", required_argument, NULL, 'w' },
		{ "explain", no_argument, NULL, 'e' },
		{ "touched", required_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	struct diff_options diff = {};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (option) {
		case 'k':
			diff.kid = optarg;
			break;
		case 't':
			diff.target = optarg;
			break;
		case 's':
			diff.symvers = optarg;
			break;
		case 'o':
			diff.out = optarg;
			break;
		case 'c':
			diff.crcs = optarg;
			break;
		case 'n':
			diff.lines = optarg;
			break;
		case 'w':
			diff.wanted = optarg;
			break;
		case 'e':
			diff.explain = true;
			break;
		case 'l':
			if (!touched_add(&diff.touched, optarg))
				usage();
			break;
		default:
			usage();
		}
	}
	if (!diff.kid || !diff.target || !diff.symvers || !diff.out ||
	    optind == argc)
		usage();
	return diff;
}

static int cmd_diff(int argc, char **argv)
{
	const struct diff_options diff = parse_diff_options(argc, argv);
	struct pair *pairs = NULL;
	struct imports imports = {};
	struct crc_change *crcs = NULL;
	size_t n_pairs = 0, n_crcs = 0;

	const struct lines *lines = diff.lines ?
		lines_load(diff.lines) : NULL;
	struct strmap wanted = {};

	if (diff.wanted)
		wanted = wanted_read(diff.wanted);
	if (diff.crcs)
		crcs = prototype_read_crcs(diff.crcs, &n_crcs);
	for (int i = optind; i < argc; i++) {
		struct pair pair = parse_pair(argv[i]);

		pair.lines = lines;
		pair.wanted = &wanted;
		correlate_pair(&pair);
		state_decide(&pair);
		label_pair(&pair);
		vec_add(pairs, n_pairs) = pair;
	}

	prototype_compare(pairs, n_pairs, crcs, n_crcs);

	const size_t n_reached = keep_decide(pairs, n_pairs);

	if (n_reached) {
		const struct symvers *symvers = symvers_load(diff.symvers);

		old_code_number(pairs, n_pairs);
		new_code_write(xasprintf("%s/new.o", diff.out), pairs, n_pairs,
			       diff.kid, diff.target, symvers, &imports);
		old_code_write(xasprintf("%s/old.o", diff.out), pairs, n_pairs,
			       symvers, &imports);
		imports_write(xasprintf("%s/imports.h", diff.out), &imports);
		imports_write_needs(xasprintf("%s/needs", diff.out), &imports);
	}
	summary_write(xasprintf("%s/summary", diff.out), pairs, n_pairs,
		      diff.explain ? &diff.touched : NULL, !n_reached);
	return n_reached ? EXIT_CHANGED : EXIT_NO_CHANGES;
}

/* "UNIT=OBJECT" */
static struct pair parse_unit(const char *argument)
{
	char *unit = xstrdup(argument);
	char *object = strchr(unit, '=');

	if (!object || object == unit || !object[1])
		usage();
	*object++ = '\0';
	return load_pair(unit, object, object);
}

static int cmd_image(int argc, char **argv)
{
	static const struct option options[] = {
		{ "symvers", required_argument, NULL, 's' },
		{ "out", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	const char *symvers_path = NULL, *out = NULL;
	const struct imports imports = {};
	struct pair *pairs = NULL;
	size_t n_pairs = 0;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 's')
			symvers_path = optarg;
		else if (option == 'o')
			out = optarg;
		else
			usage();
	}
	if (!symvers_path || !out || optind == argc)
		usage();

	for (int i = optind; i < argc; i++) {
		struct pair pair = parse_unit(argv[i]);

		correlate_pair(&pair);
		label_pair(&pair);
		vec_add(pairs, n_pairs) = pair;
	}
	old_code_number(pairs, n_pairs);
	old_code_write(xasprintf("%s/old.o", out), pairs, n_pairs,
		       symvers_load(symvers_path), &imports);
	imports_write(xasprintf("%s/imports.h", out), &imports);
	return 0;
}

static int cmd_inspect(int argc, char **argv)
{
	struct stat info;

	if (argc != 2)
		usage();
	if (!stat(argv[1], &info) && S_ISDIR(info.st_mode))
		inspect_update(argv[1]);
	else
		inspect(argv[1]);
	return 0;
}

static int cmd_finalize(int argc, char **argv)
{
	if (argc != 3)
		usage();
	finalize(argv[1], argv[2]);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "compare", cmd_compare },
	{ "diff", cmd_diff },
	{ "image", cmd_image },
	{ "inspect", cmd_inspect },
	{ "finalize", cmd_finalize },
};

int main(int argc, char **argv)
{
	if (argc < 2)
		usage();
	if (!strcmp(argv[1], "--help")) {
		fputs(usage_text, stdout);
		return 0;
	}
	bfd_init();
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	usage();
}
