#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# What UBSAN reports of a place in the source is known by its contents: the compiler numbers
# the variables anew when a check is added, and the kernel writes to them.  So in Debian's 7.3.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

my $source = <<'END';
#line 1 "source.c"
#define alone __attribute__((noipa))
int array[8], other[9];
alone int first(int x) { return array[x]; }
alone int second(int x) { return 1 << x; }
#line 10
alone int changed(int x)
{
#ifdef PATCHED
#line 12
	x += other[x];
#endif
#line 13
	return array[x];
}
#line 20
alone int last(int x, int y) { return array[x] >> other[y]; }
END
my $diff = diff_text($source, '-fsanitize=bounds-strict,shift');
is("$diff->{status} $diff->{err}", '0 ', 'a check that is added is no change of others');
like($diff->{summary}, qr/\Areplace dir\/1\.o changed \(.*\)\n\z/,
    'the function that has it is all that is replaced');

my ($status, $text, $err) = run_cmd('objmanip/objmanip', 'inspect', "$diff->{dir}/old.o");
is("$status $err", '0 ', 'the pre image is right');
my @data = $text =~ /^  span \d+: contents \.data\.\.(Lubsan_data\d+)\+.*\n((?:    .*\n)*)/mg;
my %data = @data;
cmp_ok(scalar keys %data, '>=', 5, 'it has the contents of all of them');
is((grep { !/^    0x0 abs64 \S+\n    0x10 abs64 \.data\.\.Lubsan_type\d+\+/ } values %data), 0,
    '... the name of the file, and of the types');
like($text, qr/^  span \d+: contents \.data\.\.Lubsan_type\d+\+.*'int \[8\]'/m,
    '... whose contents it has, too');

my $sections = objdump_sections("$diff->{dir}/new.o");
ok($sections->{'.data'}{size}, 'the new code has those of the new function');
ok(!$sections->{'.data'}{flags}{READONLY}, '... where they can be written');
my $relocations = objdump_relocations("$diff->{dir}/new.o");
is((grep { $_->{symbol} =~ /ubsan_(?:data|type)/i } map { @$_ } values %$relocations), 0,
    '... and none of the running kernel');

done_testing();
