#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A change that comes when its update has all of them is refused: the update is
# applied and undone as if there had been none.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::Guest;

make_update(first => 'vmlinux-function');
make_update(late => 'module-function', '--id=first');

run_guest(10, <<'END', '--modules');
modprobe dm-mod || exit
cd /tmp && tar xzf /updates/late.tar.gz || exit
late=/tmp/ksplice-first/ksplice-first-dm_mod-old.ko
apply first
hash=$(cat /sys/kernel/ksplice/first/hash)
not_ok 'a change of another target cannot be loaded once it is applied' insmod $late hash=$hash
says 'the reason is reported' 'too late: all 1 changes' cat /sys/kernel/ksplice/first/reason
says 'it stays applied' '^first .*applied' ksplice-view
says 'it runs' '^patched: version$' cat /proc/version
says 'the other module is free' '^dm_mod +[0-9]+ +0' lsmod
ok 'it is undone' sh -c 'echo reversed > /sys/kernel/ksplice/first/stage'
says_not 'and does not run' '^patched' cat /proc/version
not_ok 'nor does one fit now' insmod $late hash=$hash
ksplice-undo -q first 2> /tmp/err
untouched 'nothing is left'
END
