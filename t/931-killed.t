#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# At whatever moment a command is killed, the next one removes what it has left, or
# finds it finished, and reports it.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::Guest;

make_updates(one => 'cumulative-1', two => 'cumulative-2', asleep => 'sleeper');

run_guest(53, <<'END', '--modules', '--timeout=900');
# killed MOMENT PROGRAM PATTERN COMMAND...: the command is killed when it runs the program
# with a first argument like that, which is not run, has ended, or goes on then.
killed() {
	rm -rf /tmp/bin && mkdir /tmp/bin
	cat > /tmp/bin/$2 <<EOS
#!/bin/sh
PATH=\${PATH#/tmp/bin:}
case \$1 in
$3)
	[ $1 != after ] || $2 "\$@"
	kill -9 \$PPID
	[ $1 = meanwhile ] || exit 1
	sleep 3 ;;
esac
exec $2 "\$@"
EOS
	chmod +x /tmp/bin/$2
	shift 3
	{ ( PATH=/tmp/bin:$PATH && exec "$@" ) > /tmp/killed 2>&1; } 2> /dev/null
	[ $? = 137 ] || { cat /tmp/killed; false; }
}
version() { grep '^patched' /proc/version || echo original; }
stages() { tr '\n' ' ' < /sys/kernel/ksplice/state; }
replace_one="ksplice-apply --partial --replace=one /updates/two.tar.gz"

# What was said of the update that was left; the one that replaces it is applied.
finished() {
	says "... the same again says '$1'" "$1" $replace_one
	says '... then the update is applied, and only that' '^two applied $' stages
	says_not '... no module of the other one is left' '_one_' lsmod
	not_ok '... nor is anything kept of it' test -e /run/ksplice/one
	says '... and it runs' '^patched: two$' version
	undo two
	untouched '... nothing is left'
}

# Before the stop: what was loaded is removed.
for moment in "before insmod *two-vmlinux-old.ko" "meanwhile insmod *two-vmlinux-old.ko" \
	"after insmod *two-vmlinux-new.ko"; do
	ksplice-apply -q --partial /updates/one.tar.gz || exit
	set -f
	set -- $moment
	ok "killed: $moment" killed "$@" $replace_one
	set +f
	finished "^an earlier command has left update 'two' \((preparing|matched)\); it is removed"
done

# After it: what has been replaced is removed.
for moment in "before rmmod *_one_*_new" "after rmmod *_one_*_new"; do
	ksplice-apply -q --partial /updates/one.tar.gz || exit
	set -f
	set -- $moment
	ok "killed: $moment" killed "$@" $replace_one
	set +f
	finished "^an earlier command has left update 'one' \((preparing|reversed)\); it is removed"
done

# Another command finds it.
ksplice-apply -q --partial /updates/one.tar.gz || exit
ok 'killed after the stop' killed before rmmod '*_one_*' $replace_one
says 'the kernel has both' '^one reversed two applied $|^two applied one reversed $' stages
says 'any other command removes it' "left update 'one' \(reversed\)" \
	ksplice-apply /updates/asleep.tar.gz
says 'those that are applied stay' '^two applied asleep applied $' stages
ok 'killed while it undoes' killed before rmmod '*_two_*' ksplice-undo two
says 'undo removes it, too' "left update 'two' \(reversed\)" ksplice-undo asleep
untouched 'nothing is left'
not_ok 'nor kept' ls /run/ksplice

# While the kernel carries out its request
perl -e 'pipe my $in, my $out or die; sysread $in, my $text, 1' &
sleeper=$!
wait_for reads_pipe $sleeper
ksplice-apply -q --partial /updates/one.tar.gz || exit
ksplice-apply --wait=100 --replace=one /updates/asleep.tar.gz > /tmp/killed 2>&1 &
apply=$!
is_running() { grep -q running /sys/kernel/ksplice/asleep/request; }
wait_for is_running
finish -KILL $apply
says 'killed while its request is carried out: the next one waits' \
	"left update 'asleep' \(matched\)" ksplice-apply --partial /updates/one.tar.gz
says 'and the old update is still applied' '^one applied $' stages
says 'and runs' '^patched: one$' version
finish $sleeper
undo one
untouched 'nothing is left'
END
