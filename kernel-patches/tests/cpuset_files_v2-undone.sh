#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The same as cpuset_files-undone.sh after cpuset_files_v2.sh.
#
# tests: 5

held $v2
echo -cpuset > $v2/cgroup.subtree_control
umount $v2
