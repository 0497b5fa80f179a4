#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# With KSPLICE_TEST_STRICT=1 a skip is a failure, in Perl and in a guest's TAP,
# unless t/allowed-skips lists it with the reason; and no test gets around that.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Strict qw(read_allowed strict_line);
use Test::More;

my $dir = scratch_dir();
my %say = (
    all   => "plan skip_all => 'no such thing';",
    some  => "SKIP: { skip 'no such thing', 2; } pass('one'); done_testing();",
    guest => "print strict_line(\$_) for \"1..2\\n\", \"ok 1 - a # skip no such thing\\n\","
        . " \"ok 2 - b\\n\";",
    none  => 'print strict_line("1..0 # skip no such thing\n");',
);

# A test of that file name, with what it prints; strict as the environment says.
sub result_of ($what, $strict, $file = "$what.t") {
    my $name = spew("$dir/$file", "use v5.32;\nuse Test::Ksplice;\nuse Test::More;\n"
        . "use Test::Ksplice::Strict qw(strict_line);\n$say{$what}\n");
    my ($status, $out) = run_cmd({ env => { KSPLICE_TEST_STRICT => $strict } }, 'prove',
        '-I' . root_dir() . '/t/lib', '-v', $name);
    return ($status, $out);
}

for my $what (sort keys %say) {
    for my $strict (undef, '0') {
        my ($status, $out) = result_of($what, $strict);
        is($status, 0, "$what: " . ($strict // 'unset') . ': a skip passes') or diag($out);
    }
    my ($status, $out) = result_of($what, 1);
    is($status, 1, "$what: 1: it fails");
    like($out, qr/^not ok 1 - (?:a - )?skipped: no such thing$/m, '  ... and prints the reason');
}

# --- the list --------------------------------------------------------------

my $allowed = 't/013-vm-qemu.t';
$say{allowed} = "plan skip_all => 'there are backports of Debian only, and this is other';";
is((result_of('allowed', 1, '013-vm-qemu.t'))[0], 0, 'what the list has passes');
is((result_of('allowed', 1, '014-other.t'))[0], 1, 'but not of another test');
$say{allowed} =~ s/other'/other, and more'/;
is((result_of('allowed', 1, '013-vm-qemu.t'))[0], 1, 'nor for a reason that is another one');

for my $entry (@{ read_allowed() }) {
    ok(-e root_dir() . "/$entry->[0]", "$entry->[0], which the list has, is there");
}
for (["t/x.t: reason\n", "the entry of 't/x.t' does not say why"],
    ["  a why of nothing\n", ':1: cannot read this line'],
    ["x.t: reason\n\twhy\n", ':1: cannot read this line']) {
    my ($text, $message) = @$_;
    eval { read_allowed(spew("$dir/list", $text)) };
    like($@, qr/\Q$message\E/, 'a list that is refused: ' . $text =~ s/\n/ /gr);
}

# --- all tests -------------------------------------------------------------

# What else could hide that nothing was tried.
for my $file (glob root_dir() . '/t/*.t') {
    my $text = slurp($file);
    my ($name) = $file =~ m{([^/]+)\z};
    like($text, qr/^use Test::Ksplice\b/m, "$name can be strict");
    unlike($text, qr/\b(?:next|last|return)\s+(?:unless|if\s*!)\s*eval\b/,
        "$name passes over no failure") if $name ne '002-strict.t';
}

# --- a release that cannot be had ------------------------------------------

my $none = '6.1.0-99-amd64';
my $unknown = qr/unknown release '\Q$none\E': '\S+' is not installed, and apt does not know it/;
for my $test (qw(300-create 301-create-refused 400-kmodsrc-builds 910-vmlinux)) {
    my ($status, $out, $err) = run_cmd({ env => {
        KSPLICE_TEST_RELEASE => $none, KSPLICE_CACHE => "$dir/cache" } },
        'perl', root_dir() . "/t/$test.t");
    isnt($status, 0, "t/$test.t fails without the release that it is to use");
    like($err, $unknown, '  ... and prints the reason');
}
# apt fails, and nothing is installed or cached.
spew("$dir/bin/$_", "#!/bin/sh\nexit 1\n") for qw(dpkg-query);
spew("$dir/bin/apt-cache", "#!/bin/sh\nexit 0\n");
chmod 0755, glob "$dir/bin/*";
for my $test (qw(300-create 400-kmodsrc-builds)) {
    my @seen = map { join '', run_cmd({ env => { KSPLICE_TEST_STRICT => $_, HOME => $dir,
        PATH => "$dir/bin:$ENV{PATH}", KSPLICE_CACHE => "$dir/cache" } },
        'perl', root_dir() . "/t/$test.t") } undef, 1;
    my $why = "no kernel for this test: no kernel of flavour 'amd64' is installed, cached or "
        . "known to apt; its lists are empty: run 'apt-get update'";
    like($seen[0], qr/\A01\.\.0 # SKIP \Q$why\E$/m, "t/$test.t skips without any, and says why");
    like($seen[1], qr/\A1.*^not ok 1 - skipped: \Q$why\E$/ms, '  ... strictly it fails');
}

done_testing();
