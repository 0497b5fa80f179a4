#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# After undo of cpuset_files nothing of it is left, not in groups that were there,
# and not for a process that has the files open.
#
# tests: 5

ok 'the process that reads them is still there' kill $reader
refused 'a file that was open' 1 'No such device' cat <&6
refused 'and one that was read in part' 1 'No such device' cat <&7
exec 6<&- 7<&-
says_not 'the group has none' 'cpuset\.(stat|cpuinfo|loadavg|online)' ls $v1/held
mkdir $v1/new
says_not 'nor has a new one' 'cpuset\.(stat|cpuinfo|loadavg|online)' ls $v1/new
wait $reader 2> /dev/null
rmdir $v1/new
wait_for rmdir $v1/held
unmount $v1 cpuset
