#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# All commands have the same standard options, refuse wrong usage in the same
# way, and those for patched machines need perl-base's modules only.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::More;

my @commands = qw(ksplice-apply ksplice-create ksplice-undo ksplice-view);

for my $command (@commands) {
    my ($status, $out, $err) = run_cmd($command, '--help');
    is("$status$err", '0', "$command --help succeeds");
    like($out, qr/\A\Q$command\E - \S.*\n\nSynopsis:\n  \Q$command\E /, 'prints name and synopsis');
    like($out, qr/^Options:\n/m, 'and the options');
    for my $option (qw(--raw-errors --verbose --quiet --help --version)) {
        like($out, qr/^  (?:-\w, |--help, )?$option\b/m, "of which $option is one");
    }
    my ($statuses) = $out =~ /^Exit status:\n(.*)\z/ms;
    for my $n (0 .. 2) { like($statuses // '', qr/^ +$n\b/m, "and exit status $n") }
    unlike($out, qr/[BICFLE]<|^=\w/m, 'without any pod in it');
    is((grep { length > 79 } split /\n/, $out), 0, 'no line is longer than 79');

    ($status, $out, $err) = run_cmd($command, '--version');
    like("$status $out$err", qr/\A0 \Q$command\E \(ksplice\) \d+\.\d+\n\z/, "$command --version");

    ($status, $out, $err) = run_cmd($command, '--no-such-option');
    is($err, "$command: unknown option '--no-such-option'\ntry '$command --help'\n",
        "$command: an unknown option is named");
    is("$status$out", '2', 'status 2, nothing on stdout');

    ($status, undef, $err) = run_cmd($command, '--verb');
    is($status, 2, "$command: options cannot be abbreviated");

    ($status, $out, $err) = run_cmd('sh', '-c', "'" . root_dir() . "/$command' --help >/dev/full");
    is($status, 1, "$command: output that cannot be written is a failure");
    is($err, "$command: cannot write the output: No space left on device\n", 'and is reported');

    ($status, undef, $err) = run_cmd('podchecker', '-warnings', root_dir() . "/$command");
    unlike("$status$err", qr/^[^0]|^\*\*\*/m, "$command: the pod is fine");
}

# Each wrong usage, and its message.
for (
    ['no update given', 'ksplice-apply'],
    ['--list-kernels takes no other option and no kernel source', 'ksplice-create',
        '--list-kernels', '--full'],
    ['--list-kernels takes no other option and no kernel source', 'ksplice-create',
        '--list-kernels', 'x'],
    ['more than one update given', 'ksplice-apply', 'a', 'b'],
    ['no update given', 'ksplice-undo'],
    ['more than one update given', 'ksplice-undo', 'a', 'b'],
    ['--all and the id of an update are mutually exclusive', 'ksplice-undo', '--all', 'a'],
    ["option '--wait' is given twice", 'ksplice-undo', '--wait=1', '--wait=1', 'a'],
    ["option '--id' needs a value, not '--quiet'", 'ksplice-view', '--id', '--quiet'],
    ["option '--kernel' needs a value, not '--patch=x'", 'ksplice-create', '--kernel',
        '--patch=x'],
    ["option '--patch' needs a value, not '--id=x'", 'ksplice-create', '--patch', '--id=x'],
    ["option '--wait' is given twice", 'ksplice-apply', '--wait=1', '--wait=2', 'a'],
    ["option '--complete' is given twice", 'ksplice-apply', '--complete=a', '--complete=b'],
    ["option '--id' is given twice", 'ksplice-view', '--id=a', '--id=b'],
    ["option '--file' is given twice", 'ksplice-view', '--file=a', '--file=b'],
    ["unexpected argument 'x': use --id=KID or --file=FILE", 'ksplice-view', 'x'],
    ['--id and --file are mutually exclusive', 'ksplice-view', '--id=x', '--file=y'],
    ["option '--id' requires an argument", 'ksplice-view', '--id'],
    ["option '--json' does not take an argument", 'ksplice-view', '--json=1'],
    ["option '-j' needs a number, not 'x'", 'ksplice-create', '-j', 'x'],
    ["option '--wait' needs a number, not 'soon'", 'ksplice-undo', '--wait=soon', 'a'],
    ["unknown option '-x'", 'ksplice-apply', '-x'],
) {
    my ($message, @command) = @$_;
    my ($status, $out, $err) = run_cmd(@command);
    is($err, "$command[0]: $message\ntry '$command[0] --help'\n", "@command: $message");
    is("$status$out", '2', 'status 2, nothing on stdout');
}

# perl-base's directory comes last in @INC, and nothing else is left in it here.
my ($perl_base) = grep { m{/perl-base\z} } @INC;
SKIP: {
    skip 'this perl has no perl-base directory (not Debian)', 1 unless $perl_base;
    for my $command (grep { $_ ne 'ksplice-create' } @commands) {
        my $file = root_dir() . "/$command";
        my $code = "BEGIN { \@INC = '$perl_base'; \$0 = '$file'; \@ARGV = '--help' }"
            . 'do $0; die $@';
        my ($status, $out, $err) = run_cmd($^X, '-e', $code);
        is("$status$err", '0', "$command runs with perl-base alone");
        my $needed = "use lib '" . root_dir() . "/lib'; use Ksplice::Apply; use Ksplice::Kernel;"
            . 'use Ksplice::View';
        ($status, $out, $err) = run_cmd($^X, '-e', "BEGIN { \@INC = '$perl_base' } $needed");
        is("$status$err", '0', 'and all that it may load');
    }
}

done_testing;
