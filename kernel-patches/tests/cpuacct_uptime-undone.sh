#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# After undo of cpuacct_uptime nothing of it is left, not in groups that were there,
# and not for a process that has the file open.
#
# tests: 5

ok 'the process that makes groups is still there' kill $mover
wait $mover 2> /dev/null
rmdir $v1/come 2> /dev/null
refused 'a file that was open' 1 'No such device' cat <&6
exec 6<&-
says_not 'the group has none' uptime ls $v1/held
ok 'one can be made' mkdir $v1/new $v1/new/below
says_not 'and has none' uptime ls $v1/new
rmdir $v1/new/below $v1/new $v1/held
