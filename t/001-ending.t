#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# However a command ends, its status is one of the promised, its message is one
# line with its name, and its temporary directories are gone.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::More;
use Time::HiRes qw(sleep time);

my $root = root_dir();
my $tmp = scratch_dir();

# A command of this body.
sub command ($body) {
    return spew(scratch_dir() . '/ksplice-try', <<"END");
use v5.32; use warnings; use lib '$root/lib';
use Ksplice qw(main parse_options fail usage_error busy no_changes note warning
    run capture progress temp_dir read_file write_file quote_command);
main(sub { parse_options(); my \$dir = temp_dir(); $body });
END
}

sub try_it ($body, @arguments) {
    my @result = run_cmd({ env => { TMPDIR => $tmp } }, $^X, command($body), @arguments);
    is_deeply([glob "$tmp/*"], [], "$body: no temporary directory is left");
    return @result;
}

for (
    ['', 0, ''],
    ['return 7', 0, ''],
    ["fail('it broke')", 1, "ksplice-try: it broke\n"],
    ["usage_error('so not')", 2, "ksplice-try: so not\ntry 'ksplice-try --help'\n"],
    ["busy('later')", 3, "ksplice-try: later\n"],
    ["no_changes('none')", 66, "ksplice-try: none\n"],
    ["warning('look')", 0, "ksplice-try: warning: look\n"],
    ["read_file('/none')", 1, "ksplice-try: cannot read '/none': No such file or directory\n"],
    ["read_file('/')", 1, "ksplice-try: cannot read '/': Is a directory\n"],
    ["write_file('/none/x', '')", 1,
        "ksplice-try: cannot write '/none/x': No such file or directory\n"],
) {
    my ($body, $expected, $message) = @$_;
    my ($status, undef, $err) = try_it($body);
    is($status, $expected, "'$body' gives status $expected");
    is($err, $message, '  ... and its message');
}

# Perl's own die would exit with errno: 2 after a failed open.
my ($status, undef, $err) = try_it("open my \$f, '<', '/none' or die 'no file'");
is($status, 1, 'a plain die gives status 1');
like($err, qr/\Aksplice-try: internal error: no file at .* line \d+\.\n\z/, 'and is our bug');

# Programs.
for (
    ["run('sh', '-c', 'echo a; echo b >&2; exit 2')", 1,
        "  a\n  b\nksplice-try: 'sh' returned exit code 2\n"],
    ["run('sh', '-c', 'kill -9 \$\$')", 1, "ksplice-try: 'sh' died of signal 9\n"],
    ["run('/none', 'x')", 1, "ksplice-try: cannot run '/none': No such file or directory\n"],
    ["run({ dir => '/none' }, 'true')", 1,
        "ksplice-try: cannot run 'true': cannot change to '/none': No such file or directory\n"],
    ["run('sh', '-c', 'echo a; echo b >&2')", 0, ''],
    ["run({ ok => [0, 66] }, 'sh', '-c', 'exit 66') == 66 or fail('x')", 0, ''],
    ["run({ ok => 'any' }, 'sh', '-c', 'kill \$\$')", 1, "ksplice-try: 'sh' died of signal 15\n"],
    ["capture('sh', '-c', 'echo a; echo b >&2; exit 1')", 1,
        "  b\nksplice-try: 'sh' returned exit code 1\n"],
    ["my \@l = capture('printf', 'a\\nb\\n'); \"\@l\" eq 'a b' or fail(\"\@l\")", 0, ''],
    ["scalar(capture({ dir => '/', env => { X => 'y' } }, 'sh', '-c', 'pwd; echo \$X'))"
        . " eq \"/\\ny\\n\" or fail('x')", 0, ''],
    ["run('cat'); capture('echo', '*; id') eq \"*; id\\n\" or fail('x')", 0, ''],
    ["run('sh', '-c', 'seq 1000; exit 1')", 1,
        "  ...\n" . join('', map { "  $_\n" } 971 .. 1000)
        . "ksplice-try: 'sh' returned exit code 1\n"],
) {
    my ($body, $expected, $message) = @$_;
    my ($status, $out, $err) = try_it($body);
    is("$status$out", $expected, "$body: status $expected, silence on stdout");
    is($err, $message, '  ... and its message');
}

($status, my $out, $err) = try_it("note('news'); run('echo', 'a b')");
is("$status$out$err", "0news\n", 'a program that succeeds is not heard');
($status, $out, $err) = try_it("note('news'); run('echo', 'a b')", '-v');
is("$status$out$err", "0news\n+ echo 'a b'\na b\n", 'but with -v');
($status, $out, $err) = try_it("note('news'); fail('x')", '-q');
is("$status$out$err", "1ksplice-try: x\n", 'with -q there is no news but failures');

# progress
($status, $out, $err) = try_it("progress('waiting', sub { run('sleep', '0.1') })");
is("$status$out$err", '0', 'what is short needs no word');
($status, $out, $err) = try_it("progress('waiting', sub { run('sleep', '2.3') })");
is("$status$out$err", "0ksplice-try: waiting ...\n", 'what takes two seconds is told');
($status, $out, $err) = try_it("progress('waiting', sub { run('sleep', '2.3') })", '-q');
is("$status$out$err", '0', 'but not with -q');
($status, $out, $err) = try_it("progress('x', sub { fail('inside') })");
is("$status$err", "1ksplice-try: inside\n", 'a failure passes');
($status, $out, $err) = try_it("print join ',', progress('x', sub { (1, 2) })");
is($out, '1,2', 'a result, too');

# Signals: the program that runs is told, the body's own eval sees it.
for my $signal (qw(INT TERM HUP)) {
    my $mark = "$tmp.ran";
    my $file = command("eval { run('sh', '-c', 'echo \$\$ >$mark; exec sleep 77'); 1 }"
        . " or do { print 'undone'; die \$\@ }");
    my $pid = fork // die $!;
    if (!$pid) {
        $ENV{TMPDIR} = $tmp;
        open STDOUT, '>', "$tmp.out";
        open STDERR, '>', "$tmp.err";
        exec $^X, $file;
    }
    sleep 0.02 until -s $mark;
    my $start = time;
    kill $signal, $pid;
    waitpid $pid, 0;
    ok(time - $start < 30, "SIG$signal: what it runs is ended, too");
    my %number = (INT => 2, TERM => 15, HUP => 1);
    is($?, $number{$signal}, '  ... it dies of the signal');
    is(slurp("$tmp.err"), "ksplice-try: stopped by SIG$signal\n", '  ... with a word');
    is(slurp("$tmp.out"), 'undone', '  ... after undoing its work');
    is_deeply([glob "$tmp/*"], [], '  ... and leaves no temporary directory');
    chomp(my $child = slurp($mark));
    ok(!kill(0, $child), '  ... nor the program that it ran');
    unlink $mark, "$tmp.out", "$tmp.err";
}

my $many = q{run('perl', '-e', 'print "line $_\\n" for 1 .. 50; exit 1')};
my (undef, undef, $end) = try_it($many);
unlike($end, qr/^  line 20$/m, 'of what a program wrote before it failed, the end is shown');
like($end, qr/^  \.\.\.\n  line 21\n(?:.*\n)*  line 50$/m, '... all of the end');
(undef, undef, $end) = try_it($many, '--raw-errors');
like($end, qr/^  line 1\n(?:.*\n)*  line 50$/m, 'with --raw-errors all is shown');

done_testing;
