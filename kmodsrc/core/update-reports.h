/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * update-reports.h - the files in the directory of an update that only report
 */
#ifndef KSPLICE_UPDATE_REPORTS_H
#define KSPLICE_UPDATE_REPORTS_H

struct attribute_group;

extern const struct attribute_group ksplice_update_reports;

#endif
