#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# ksplice-view shows the same for people and, as valid JSON, for programs.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use JSON::PP ();
use lib dirname(__FILE__) . '/lib', dirname(__FILE__) . '/../lib';
use Ksplice::Json qw(to_json);
use Ksplice::View qw(describe_update show_list show_update);
use Test::FakeKernel;
use Test::Ksplice;
use Test::More;

sub printed ($body) {
    open my $text, '>', \my $out or die;
    my $stdout = select $text;
    $body->();
    select $stdout;
    return $out;
}

# JSON itself, judged by another reader.
my $odd = { 'a "b"' => "\x01\t\n\\/", n => \'12', t => \'true', u => undef, e => [], h => {},
    l => ["\xc3\xbc", "\xff", [[1]]] };
my $read = JSON::PP->new->utf8->decode(to_json($odd));
is($read->{'a "b"'}, "\x01\t\n\\/", 'odd characters survive');
is_deeply($read->{l}, ["\xfc", "\x{fffd}", [['1']]], 'UTF-8 survives, other bytes are replaced');
ok(!defined $read->{u}, 'undef is null');
is_deeply([@$read{qw(e h)}], [[], {}], 'empty ones, too');
like(to_json($odd), qr/"n": 12,\n.*"t": true,/s, 'numbers and truths are not quoted');

# Updates in a kernel.
my $kernel = Test::FakeKernel->new(modules => ['xfs'],
    order => [qw(abc12345 12345678 late)], update => {
    abc12345 => { stage => 'applied', abort_cause => 'ok', pause_ns => 98765, hash => 'f' x 64,
        match => "vmlinux matched 2 of 3 functions in 9 us\n"
            . "ext4 matched 1 of 1 functions in 4 us\n",
        patches => "vmlinux f ffffffff81000000 ffffffffc0000010\n"
            . "ext4 g ffffffffc0100000 ffffffffc0000020\n"
            . "ext4 x ffffffffc0100100 ffffffffc0000100 data\n" },
    late => { stage => 'applied', abort_cause => 'ok', needs => 'abc12345=' . 'f' x 64 . "\n",
        replaces => "one two\n", match => "ext4 matched 1 of 1 functions\n",
        patches => '', awaits => { xfs => 0, ext4 => 1, btrfs => 0 } },
    12345678 => { stage => 'preparing', abort_cause => 'no_match', reason => 'f+0x3: ret',
        match => '' },
});
my @found = map { describe_update($kernel, $_->[0]) } $kernel->updates;

is(printed(sub { show_list(\@found) }), <<'END', 'the list');
id                stage      functions  targets
abc12345          applied            2  vmlinux ext4
12345678          preparing          0  -
late              applied            0  ext4 btrfs (awaited) xfs (not patched)
END
is(printed(sub { show_list([]) }), "the kernel has no updates\n", 'an empty list');

is(printed(sub { show_update($found[0]) }), <<"END", 'an update that is applied');
id:       abc12345
hash:     ${\('f' x 64)}
stage:    applied
paused:   99 us
target:   vmlinux: matched 2 of 3 functions in 9 us
target:   ext4: matched 1 of 1 functions in 4 us
holds:    ext4

original          new               function
ffffffff81000000  ffffffffc0000010  f
ffffffffc0100000  ffffffffc0000020  g [ext4]

original          new               data
ffffffffc0100100  ffffffffc0000100  x [ext4]
END
is(printed(sub { show_update($found[1]) }), <<'END', 'an update that was refused');
id:       12345678
stage:    preparing
refused:  the running kernel does not match the code that the update was built for: f+0x3: ret
END

is(printed(sub { show_update($found[2]) }), <<'END', 'an update that was applied in part');
id:       late
stage:    applied
needs:    abc12345
replaces: one two
target:   ext4: matched 1 of 1 functions
awaits:   btrfs: not loaded, will be patched when loaded
awaits:   ext4: patched when it was loaded
awaits:   xfs: loaded, but NOT patched: ksplice-apply --complete was not run
holds:    ext4
END

my $json = JSON::PP->new->decode(to_json(\@found));
is_deeply($json->[0]{functions}[1], { target => 'ext4', name => 'g', old => 'ffffffffc0100000',
    new => 'ffffffffc0000020' }, 'JSON has the functions');
is($json->[0]{pause_ns} + 0, 98765, 'and the pause');
is_deeply([map { @$_{qw(needs replaces)} } @$json[0, 2]], [[], [], ['abc12345'], [qw(one two)]],
    'and the updates that it needs or replaces');
is($json->[1]{abort_cause}, 'no_match', 'and the word of a refusal');
like(to_json(\@found), qr/"id": "12345678"/, 'an id of digits is a string');

# As another user than root
{
    local $kernel->{secret} = [qw(patches reason)];
    my @seen = map { describe_update($kernel, $_->[0]) } $kernel->updates;
    my $list = printed(sub { show_list(\@seen) });
    like($list, qr/^abc12345 +applied +\? +vmlinux ext4$/m, 'what is for root is not shown as 0');
    like(printed(sub { show_update($seen[0]) }), qr/^functions: visible to root only$/m,
        'but so');
    like(printed(sub { show_update($seen[1]) }),
        qr/^refused: .* was built for: the reason is visible to root only$/m, 'the reason, too');
    my $json = JSON::PP->new->decode(to_json(\@seen));
    is_deeply([map { $_ // 'null' } @{ $json->[1] }{qw(functions data reason)}], [('null') x 3],
        'as JSON it is null');
}

ok(!eval { describe_update($kernel, 'nosuch'); 1 }, 'an unknown id is a failure');
is($@->{message}, "no update 'nosuch' in the kernel; it has: abc12345 12345678 late",
    'which names those that are there');
ok(!eval { describe_update($kernel, '../x'); 1 }, 'so is what cannot be an id');

# A tarball.
my ($file, $top) = (scratch_dir() . '/update.tar.gz', 'ksplice-abc12345');
my $patch = "--- a/fs/proc/x.c\t2024\n+++ b/fs/proc/x.c\n\@\@ -1 +1 \@\@\n-a\n+b\n"
    . "--- /dev/null\n+++ b/fs/new.h\n";
my %content = (
    'api-version' => "4\n", 'ksplice.ko' => 'x', patch => $patch, description => "Fix \"it\"\n",
    summary => "vmlinux: replace fs/x.o f (1 -> 2 bytes)\nvmlinux: deleted fs/x.o g\n",
    "$top-vmlinux-old.ko" => 'x', "$top-vmlinux-new.ko" => 'x');
$content{contents} = sealed_contents(<<"END", %content);
kid abc12345
release 6.1.0-56-amd64
arch x86_64
core ksplice.ko
needs first ${\('e' x 64)}
needs second ${\('d' x 64)}
change vmlinux $top-vmlinux-old.ko $top-vmlinux-new.ko
END
make_tar($file, map { { name => "$top/$_", content => $content{$_} } } sort keys %content);
my ($status, $out, $err) = run_cmd('ksplice-view', "--file=$file");
is("$status$err", '0', 'a tarball is shown');
my ($hash) = $content{contents} =~ /^hash (.*)/m;
my $summary = <<"END";
id:       abc12345
hash:     $hash
release:  6.1.0-56-amd64
arch:     x86_64
needs:    first second
target:   vmlinux
file:     fs/proc/x.c
file:     fs/new.h

vmlinux: replace fs/x.o f (1 -> 2 bytes)
vmlinux: deleted fs/x.o g

Fix "it"
END
is($out, $summary, 'what it is for, and the description');
(undef, $out) = run_cmd('ksplice-view', '-v', "--file=$file");
is($out, "$summary\n$patch", '-v adds its patch');
($status, $out, $err) = run_cmd('ksplice-view', '--json', "--file=$file");
my $shown = JSON::PP->new->decode($out);
is($shown->{description}, 'Fix "it"', 'as JSON: the description');
is($shown->{patch}, $patch, '  ... the patch');
is_deeply($shown->{needs}, [qw(first second)], '  ... the updates that it needs');
is($shown->{summary}[1], 'vmlinux: deleted fs/x.o g', '  ... the summary');
is_deeply($shown->{changes}, [{ target => 'vmlinux', old => "$top-vmlinux-old.ko",
    new => "$top-vmlinux-new.ko" }], '  ... and the changes');

# One that would command the terminal
my $evil = "Fix\e]0;x\a\xc2\x9b2J\xe2\x80\xaeit";
my %evil = (%content, description => "$evil\n", summary => "vmlinux: $evil\n",
    patch => "--- a/x\e[2J.c\n+++ b/x\e[2J.c\n");
$evil{contents} = sealed_contents($content{contents} =~ s/^(?:file|hash) .*\n//mgr,
    map { $_ => $evil{$_} } grep { $_ ne 'contents' } keys %evil);
make_tar($file, map { { name => "$top/$_", content => $evil{$_} } } sort keys %evil);
my $escaped = 'Fix\x1b]0;x\x07\x{9b}2J\x{202e}it';
($status, $out) = run_cmd('ksplice-view', '-v', "--file=$file");
is(() = $out =~ /\Q$escaped\E/g, 2, 'description and summary cannot command the terminal');
unlike($out, qr/[^\n\x20-\x7e]/, 'nor can anything else');
(undef, $out) = run_cmd('ksplice-view', '--json', "--file=$file");
unlike($out, qr/[\x00-\x09\x0b-\x1f]|\xc2\x9b|\xe2\x80\xae/, 'nor as JSON');
is(JSON::PP->new->utf8->decode($out)->{description}, "Fix\e]0;x\a\x{9b}2J\x{202e}it",
    'which has all of it');

# This machine, which may have the core or not.
SKIP: {
    skip 'this machine has ksplice loaded', 4 if -d '/sys/kernel/ksplice';
    is((run_cmd('ksplice-view'))[1], "the kernel has no updates\n", 'no core, no updates');
    is((run_cmd('ksplice-view', '--json'))[1], "[]\n", 'as JSON');
    ($status, undef, $err) = run_cmd('ksplice-view', '--id=x');
    is("$status $err", "4 ksplice-view: no update 'x' in the kernel; it has none\n",
        'none by id');
    ($status, $out) = run_cmd('ksplice-view', '-q');
    is("$status$out", '0', '-q prints nothing about an empty list');
}

done_testing;
