#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A pre image that nobody should have made is refused: the kernel logs nothing but
# the reason, and no image keeps it busy.  More than 200 made by hand (t/lib/hostile.pl),
# and 10,000 copies of good ones with up to four fields changed (t/guest/fuzz.c).
#
# KSPLICE_TEST_SEED is the first seed, KSPLICE_TEST_SEEDS how many; a seed that
# failed is tried again with 1.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::Guest;

my $first = $ENV{KSPLICE_TEST_SEED} // 1;
my $seeds = $ENV{KSPLICE_TEST_SEEDS} // 10_000;
print "# seeds from $first on, $seeds of them\n";
make_updates(function => 'vmlinux-function', everysite => 'every-site');

run_guest(21, "first=$first seeds=$seeds\n" . <<'END', make_modules('fuzz'), '--timeout=1500');
tar -xzf /updates/function.tar.gz -C /tmp && tar -xzf /updates/everysite.tar.gz -C /tmp &&
	insmod /tmp/ksplice-function/ksplice.ko || exit
echo 3 > /proc/sys/kernel/printk	# the reasons, but not on the console
for id in function everysite; do
	mkdir /tmp/$id
	perl /t/lib/hostile.pl /tmp/ksplice-$id/*-old.ko /tmp/$id > /tmp/$id/count || exit
done
last() { dmesg | sed -n 's/.*fuzz: //p' | tail -n 1; }
why() { dmesg | sed -n "s/.*update 'fuzz' refused, //p" | tail -n 1; }
fuzz() {
	insmod /modules/fuzz.ko "$@" 2> /tmp/insmod
	last
}
n=$(cat /tmp/function/count)
m=$(cat /tmp/everysite/count)
ok 'hundreds are made by hand' [ $n -gt 200 ]
says 'those of a small unit' ': passed, ' fuzz directory=/tmp/function first=0 count=$n
says 'those of a large one' ': passed, ' fuzz directory=/tmp/everysite first=0 count=$m
while read -r name reason; do
	insmod /modules/fuzz.ko directory=/tmp/everysite first=$(cat /tmp/everysite/$name) count=1 \
		2> /dev/null
	says "$name is refused" "unexpected: .*$reason" why
done <<'EOS'
nested alternatives are nested too deep
many-choices too many sites are at one place
behind a site is outside of its span
no-label a site has a label, or has none
huge-function the bytes of a span are not there, or too many
no-bytes a span has no bytes
part-of-itself a span is part of one that is not there
long-name a label has no name, or too long a one
large-data data to be overwritten has no size, or too large a one
data-with-relocations writable data has relocations or sites
undefined-with-span an undefined label has a span
EOS
# The images themselves are good.
for id in function everysite; do
	mkdir /tmp/good && cp /tmp/$id/image /tmp/good/0
	says "the image of $id is good" ', 1 matched' fuzz directory=/tmp/good first=0 count=1
	rm -r /tmp/good
done
small=$((seeds * 19 / 20))
says 'copies of a small one' ': passed, ' fuzz image=/tmp/function/image first=$first count=$small
says 'some match still, most do not' ', [1-9][0-9]{0,3} matched' last
last | sed 's/^/# /'
says 'copies of a large one' ': passed, ' \
	fuzz image=/tmp/everysite/image first=$((first + small)) count=$((seeds - small))
last | sed 's/^/# /'
says 'a seed is replayed' "seeds $first to $first: passed" fuzz image=/tmp/function/image \
	first=$first count=1
rmmod ksplice
untouched 'nothing is left'
END
