#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# What is replaced must be what runs, byte for byte: a pre image that differs,
# or that lies about itself, is refused with the reason, and nothing of it stays.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::Guest;

make_updates(function => 'vmlinux-function', everysite => 'every-site');

run_guest(13, <<'END');
cat > /tmp/edit.pl <<'EOS'
# edit.pl MODULE HOW: change the pre image in an -old.ko, offsets as in records.h
my ($file, $how) = @ARGV;
open my $in, '<:raw', $file or die $!;
my $all = do { local $/; <$in> };
my $start = index $all, "KPSPRE1\0";
$start >= 0 or die 'no pre image';
my %table;
@table{qw(units labels spans relocs sites imports bytes strings)} =
	map { [unpack 'VV', substr $all, $start + 16 + 8 * $_, 8] } 0 .. 7;
my $at = sub { $start + $table{$_[0]}[0] + $_[1] };
my ($span) = grep { unpack('C', substr $all, $at->('spans', 40 * $_ + 9), 1) & 1 }
	0 .. $table{spans}[1] - 1;
my ($label, $bytes) = (unpack 'V6', substr $all, $at->('spans', 40 * $span), 20)[0, 4];
my %edit = (
	# the instruction behind the ftrace site
	byte => sub { substr($all, $at->('bytes', $bytes + 5), 1) ^= "\x01" },
	name => sub {
		my ($name) = unpack 'x4 V', substr $all, $at->('labels', 16 * $label), 8;
		substr($all, $at->('strings', $name), 1) = '~';
	},
	label => sub { substr($all, $at->('spans', 40 * $span), 4) = pack 'V', 1 << 30 },
	table => sub { substr($all, $start + 16 + 8 * 3, 4) = pack 'V', 0xfffffff8 },
	size => sub { substr($all, $at->('spans', 40 * $span + 12), 4) = pack 'V', -1 },
);
$edit{$how}->();
open my $out, '>:raw', $file or die $!;
print $out $all;
close $out or die $!;
EOS
# edited HOW UPDATE: the update with another pre image, as /tmp/HOW.tar.gz
edited() {
	rm -rf /tmp/work && mkdir /tmp/work && cd /tmp/work &&
	tar -xzf /updates/"$2".tar.gz && perl /tmp/edit.pl ksplice-*/*-old.ko "$1" &&
	tar -czf /tmp/"$1".tar.gz ksplice-* && cd / || exit
}

edited byte function
refused 'another byte in the function' 1 \
	"fs/proc/version.o: version_proc_show\+0x5 differs: built [0-9a-f ]+, running [0-9a-f ]+" \
	ksplice-apply /tmp/byte.tar.gz
untouched 'nothing is left'
edited name function
refused 'a function that is not there' 1 \
	"'~ersion_proc_show' is not in the running kernel" \
	ksplice-apply /tmp/name.tar.gz
untouched 'nothing is left'
for how in label table size; do
	edited $how function
	refused "a pre image with a bad $how" 1 'pre image|span|table' \
		ksplice-apply /tmp/$how.tar.gz
done
untouched 'nothing is left'

apply function
undo function
apply everysite
matched() {
	cat /sys/kernel/ksplice/everysite/match
}
says 'all of the unit that is not overridden matches' \
	'^vmlinux matched ([0-9]+) of ([0-9]+) functions in [0-9]+ us$' matched
undo everysite
END
