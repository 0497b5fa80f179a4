#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# bench/pause prints what the guest has measured, for one number of threads and for
# several, with and without the look from outside.  There is no guest here: scripts
# take the places of dev/vm and ksplice-create.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::More;

my $dir = scratch_dir();
for my $part ('bench', 'lib') {
    my ($status, undef, $err) = run_cmd('cp', '-r', root_dir() . "/$part", $dir);
    is("$status$err", '0', "a copy of $part");
}
spew("$dir/ksplice-create", "#!/bin/sh\n");
spew("$dir/dev/vm", <<'END');
#!/usr/bin/perl
my ($way, $stops, @threads) = split ' ', "@ARGV" =~ s/.*pause\.pl //r;
for my $threads (@threads) {
    my %us = (empty => 100, 1 => 150, 10 => 200, 100 => 1000, 'undo-10' => 150);
    for my $kind (sort keys %us) {
        print "core $threads $kind ", 1000 * $us{$kind}, "\n";
        print "gap $threads $kind ", 2000 * $us{$kind}, "\n" if $way eq 'gap';
    }
}
END
chmod 0755, "$dir/ksplice-create", "$dir/dev/vm";

sub bench (@options) {
    my ($status, $out, $err) = run_cmd("$dir/bench/pause", '--kernel=6.1.0-1-none', @options);
    is("$status$err", '0', "bench/pause @options");
    return $out;
}

my $out = bench('--threads=100', '--gaps=0');
like($out, qr/^ +100  10 +200 +200 +2\.00 +2\.00$/m, 'ten functions, beside an empty stop');
like($out, qr/^pause: of an empty stop 2\.0x at 100 threads \(10 functions\)\n\z/m,
    'in one line at the end, too');
unlike($out, qr/outside/, 'without the second table');

for my $threads ('100,1000', '100,1000,10000') {
    my ($last) = $threads =~ /(\d+)\z/;
    $out = bench("--threads=$threads", '--gaps=2');
    like($out, qr/^pause: of an empty stop 2\.0x at 100 threads, 2\.0x at $last threads/m,
        'the fewest threads and the most');
    my $gaps = $out =~ s/.*outside us\n//sr;
    is_deeply([$gaps =~ /^ +(\d+)  undo 10 +150 +300$/mg], [100, 1000],
        'two numbers of threads are seen from outside');
}

$out = bench('--threads=100', '--gaps=2');
like($out, qr/outside us\n +100  empty +100 +200$/m, 'and one, if there is one');

done_testing();
