#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# New code has operands that boot fills in, such as the address of the hash table
# of dentries: an update fills them in, too.  Kernels before 6.11 have none; there
# it is an update like any other.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::Guest;

make_updates(constants => 'constants');

run_guest(11, <<'END');
mkdir /tmp/files
for i in $(seq 300); do : > /tmp/files/$i; done
: > /tmp/files/ksplice-no-file
says 'stock: a file is listed' '^ksplice-no-file$' ls /tmp/files
apply constants
says_not 'patched: it is hidden' '^ksplice-no-file$' ls /tmp/files
says 'the others are' '^300$' ls /tmp/files
not_ok 'nor is it found by its name' [ -e /tmp/files/ksplice-no-file ]
ok 'the others are found' sh -c 'for i in $(seq 300); do [ -e /tmp/files/$i ] || exit 1; done'
not_ok 'and what is not there is not' [ -e /tmp/files/301 ]
says 'an address of the kernel is none of a buffer' '^Bad address$' perl -e '
	opendir my $dir, "/tmp/files";
	$! = 0;
	syscall 217, fileno $dir, 0xffff888000001000, 4096;
	print "$!\n";'
undo constants
says 'undone: it is listed' '^ksplice-no-file$' ls /tmp/files
untouched 'nothing is left'
END
