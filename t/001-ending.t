#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# However a command ends, its status is one of the promised, its message is one
# line with its name, and its temporary directories are removed.

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
use Ksplice qw(main parse_options fail usage_error busy no_such_update no_changes
    note warning output_is_extra printable
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
    ["no_such_update('gone')", 4, "ksplice-try: gone\n"],
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
is("$status$out$err", "0ksplice-try: waiting ...\n", 'a step of two seconds is reported');
($status, $out, $err) = try_it("progress('waiting', sub { run('sleep', '2.3') })", '-q');
is("$status$out$err", '0', 'but not with -q');
($status, $out, $err) = try_it("progress('x', sub { fail('inside') })");
is("$status$err", "1ksplice-try: inside\n", 'a failure passes');
($status, $out, $err) = try_it("print join ',', progress('x', sub { (1, 2) })");
is($out, '1,2', 'a result, too');

# Signals: the running program gets it, and so does the eval of the body.
for my $signal (qw(INT TERM HUP)) {
    my $mark = "$tmp.ran";
    my $file = command("eval { run('sh', '-c', 'echo \$\$ >$mark; exec sleep 77'); 1 }"
        . " or do { print 'undone'; die \$\@ }");
    my $pid = fork // die $!;
    if (!$pid) {
        $ENV{TMPDIR} = $tmp;
        open STDOUT, '>', "$tmp.out" or die $!;
        open STDERR, '>', "$tmp.err" or die $!;
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

# However it was started.  The shell closes or fills files.
sub started ($body, $how) {
    my $file = command($body);
    return run_cmd({ env => { TMPDIR => $tmp } }, 'sh', '-c', "$^X $file $how");
}
my $extra = 'output_is_extra(); note("done")';
for (
    ['>/dev/full', 'No space left on device'],
    ['>&-',        'Bad file descriptor'],
) {
    my ($how, $errno) = @$_;
    ($status, undef, $err) = started('note("done")', $how);
    is("$status $err", "1 ksplice-try: cannot write the output: $errno\n",
        "$how: output that is lost is a failure");
    ($status, undef, $err) = started($extra, $how);
    is("$status $err", "0 ksplice-try: warning: cannot write the output: $errno; "
        . "the exit status is valid\n", '  ... or a warning, where it is no more');
    ($status, undef, $err) = started("$extra; busy('later')", $how);
    like("$status $err", qr/\A3 ksplice-try: later\n.*\Q$errno\E/, '  ... and no other status');
}
($status) = started("$extra; busy('later')", '>&- 2>&-');
is($status, 3, 'the same without any output');
($status, undef, $err) = run_cmd('bash', '-c',
    '{ ' . "$^X " . command('sleep 1; ' . $extra . '; STDOUT->flush(); write_file("' . $tmp
    . '/on", "")') . '; echo "status $?" >&2; } | true');
like($err, qr/^status 0$/m, 'a reader that has exited does not kill it');
ok(unlink("$tmp/on"), '  ... it continues');
($status, $out, $err) = started('open my $file, ">", "$dir/x" or fail("$!"); note("a word"); '
    . 'fail("in a file") if -s $file or read_file("$dir/x")', '<&- >&- 2>&-');
is($status, 1, 'without standard files no other file is taken for one of them');
($status, $out, $err) = started('capture("cat") eq "" or fail("x"); note("fine")', '<&-');
is("$status$out$err", "0fine\n", 'without stdin');
for my $mask ('0777', '0', '0277') {
    my $file = command('write_file("$dir/x", "y");'
        . 'my ($d, $f) = map { (stat)[2] & 0700 } $dir, "$dir/x";'
        . 'fail(sprintf "%o %o", $d, $f) if $d != 0700 || $f != 0600');
    ($status, undef, $err) = run_cmd({ env => { TMPDIR => $tmp } }, 'sh', '-c',
        "umask $mask; exec $^X $file");
    is("$status$err", '0', "umask $mask: what it makes is its own");
}
($status, $out, $err) = run_cmd('env', '-i', $^X, command('note($ENV{PATH}); run("true")'));
is("$status$err", '0', 'an empty environment is fine');
like($out, qr{/usr/sbin:}, '  ... programs are found');
($status, $out, $err) = run_cmd({ env => { PERL_UNICODE => 'SDA', LC_ALL => 'C.UTF-8' } }, $^X,
    command('note("\xc3\xa4")'));
is("$status$out$err", "0\xc3\xa4\n", 'nor does PERL_UNICODE change what is printed');

# What could command a terminal, or be read in another order than it has.
for (
    ["a\tb\n\xc3\xa4 \xe2\x82\xac", "a\tb\n\xc3\xa4 \xe2\x82\xac", 'text stays'],
    ["\e[2J\a\b\r\0\x7f", '\x1b[2J\x07\x08\x0d\x00\x7f', 'control characters'],
    ["\xc2\x9b2J", '\x{9b}2J', 'those of eight bits'],
    ["\xe2\x80\xae\xe2\x81\xa6", '\x{202e}\x{2066}', 'a change of direction'],
    ["\x9b2J\xe4", '\x9b2J\xe4', 'what is no UTF-8'],
) {
    my ($text, $shown, $title) = @$_;
    my $quoted = join '', map { sprintf '\x%02x', ord } split //, $text;
    (undef, $out, $err) = try_it(qq{note("$quoted"); warning("$quoted"); fail("$quoted")});
    is("$out$err", "$shown\nksplice-try: warning: $shown\nksplice-try: $shown\n",
        "$title: escaped by all that prints");
}

my $many = q{run('perl', '-e', 'print "line $_\\n" for 1 .. 50; exit 1')};
my (undef, undef, $end) = try_it($many);
unlike($end, qr/^  line 20$/m, 'of what a program wrote before it failed, the end is shown');
like($end, qr/^  \.\.\.\n  line 21\n(?:.*\n)*  line 50$/m, '... all of the end');
(undef, undef, $end) = try_it($many, '--raw-errors');
like($end, qr/^  line 1\n(?:.*\n)*  line 50$/m, 'with --raw-errors all is shown');

# What could change the work of programs does not reach them.
my %meddling = map { $_ => 'x' } qw(QUOTING_STYLE POSIXLY_CORRECT PATCH_GET TAR_OPTIONS
    GREP_OPTIONS LANG LC_MESSAGES MAKEFLAGS KCFLAGS KBUILD_OUTPUT GIT_DIR CPATH CDPATH XZ_OPT
    KSPLICE_FULL CFLAGS);
(undef, my $printed) = run_cmd({ env => { %meddling, ARCH => 'x', KSPLICE_CACHE => 'x' } }, $^X,
    command('print scalar capture("env")'));
is_deeply([sort $printed =~ /^(\w+)=x$/mg], [qw(ARCH KSPLICE_CACHE)],
    'programs run in an environment that is known');
like($printed, qr/^LC_ALL=C$/m, '... and speak as we expect');
(undef, $printed) = run_cmd($^X,
    command('print scalar capture({ env => { LANG => "x" } }, "env")'));
like($printed, qr/^LANG=x$/m, '... unless we say otherwise');

# Programs fail because the place of their output is full: that is reported.
my $fill = 'mount -t tmpfs -o size=64k none "$TMPDIR" && { cat /dev/zero >"$TMPDIR/full" 2>/dev/null
    exec "$@"; }';
is_deeply([run_cmd({ env => { TMPDIR => $tmp } }, qw(unshare -rm sh -c), $fill, 'sh', $^X,
    command("run({ ok => [0, 1] }, 'sh', '-c', 'echo x; exit 2')"))], [1, '',
    "ksplice-try: no space is left for temporary files in '$tmp': make some, or set TMPDIR\n"],
    'a full TMPDIR');

# An option with a value is given once.
my $parse = spew(scratch_dir() . '/ksplice-try', <<"END");
use v5.32; use warnings; use lib '$root/lib';
use Ksplice qw(main parse_options);
main(sub {
    my %o = parse_options(qw(id=s jobs|j=i wait=f flag list=s@));
    \$_ = "\@\$_" for grep { ref } values %o;
    print join(' ', map { "\$_=\$o{\$_}" } sort keys %o), "\\n";
});
END
is_deeply([run_cmd($^X, $parse, qw(--id=a -j 2 --wait=1.5 --flag --flag -v -v --list=a --list=b))],
    [0, "flag=1 id=a jobs=2 list=a b wait=1.5\n", ''], 'options');
for (['--id', qw(--id=a --id=b)], ['--id', qw(--id=a --id=a)], ['--jobs', qw(-j 2 --jobs=3)],
    ['--wait', qw(--wait=1 --flag --wait=2)]) {
    my ($name, @given) = @$_;
    is_deeply([run_cmd($^X, $parse, @given)], [2, '',
        "ksplice-try: option '$name' is given twice\ntry 'ksplice-try --help'\n"], "@given");
}

done_testing;
