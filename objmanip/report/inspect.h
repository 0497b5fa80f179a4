/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * inspect.h - "objmanip inspect": the records of an update, for people
 */
#ifndef OBJMANIP_REPORT_INSPECT_H
#define OBJMANIP_REPORT_INSPECT_H

/*
 * Print the pre image of an old.o or -old.ko, the replaced spans of a new.o or
 * -new.ko.  Dies, with nothing printed, if the file has neither or if
 * anything in it is not as kmodsrc/records.h says.
 */
void inspect(const char *path);

/*
 * The same of all modules of an update, a directory as a tarball has it: those
 * that its file contents names, each under a line with target and file.
 */
void inspect_update(const char *dir);

#endif
