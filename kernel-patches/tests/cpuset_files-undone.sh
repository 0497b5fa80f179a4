#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# After undo of cpuset_files nothing of it is left, not in groups that were there,
# and not for a process that has the files open.
#
# tests: 5

held $v1
unmount $v1 cpuset
