#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The example of doc/patch-author.md: objects get a new field as a shadow
# variable.  Many of them are found as fast as a few, and what an update leaves
# behind goes with the core.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Guest;

make_updates(writes => root_dir() . '/examples/eventfd-writes.patch', many => 'shadows');

run_guest(19, <<'END');
# An eventfd in a process of its own: each line that comes is a write, or "end".
cat > /tmp/writer <<'EOS'
my $fd = syscall 290, 0, 0;	# eventfd2
open my $file, '+<&=', $fd or die "$!\n";
$| = 1;
print "$$ $fd\n";
while (<STDIN> =~ /write/) {
	syswrite $file, pack 'Q', 1 or die "$!\n";
	print "written\n";
}
EOS
mkfifo /tmp/orders /tmp/answers
perl /tmp/writer < /tmp/orders > /tmp/answers &
exec 3> /tmp/orders 4< /tmp/answers
read -r pid fd <&4
order() { echo "$1" >&3; read -r answer <&4; }
info() { cat "/proc/$pid/fdinfo/$fd"; }

order write
says 'it was written to' '^eventfd-count: +1$' info
says_not 'stock: nothing is counted' writes info
apply writes
says 'an object of before has no number yet' '^eventfd-writes: 0$' info
order write
order write
says 'it has one' '^eventfd-writes: 2$' info
says 'its old members are as they were' '^eventfd-count: +3$' info
undo writes
says_not 'undone: nothing is counted' writes info
apply writes
says 'the numbers are gone' '^eventfd-writes: 0$' info
order write
says 'and start again' '^eventfd-writes: 1$' info
order end
wait
undo writes
untouched 'nothing is left'
dmesg > /tmp/out
! grep -q 'shadow variables' /tmp/out
result $? 'and nothing of the shadows'

apply many
undo many
says 'unfreed shadows are reported' 'ksplice: freed 3 shadow variables of undone updates$' dmesg
says 'finding them' 'shadow: 1000 found of 1000 in [0-9]+ ns' dmesg
untouched 'nothing is left'
END
