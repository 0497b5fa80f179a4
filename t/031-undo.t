#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Undoing an update takes all of it out, or fails and leaves it applied.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib', dirname(__FILE__) . '/../lib';
use Ksplice::Apply qw(undo_all undo_update);
use Test::FakeKernel;
use Test::Ksplice;
use Test::More;

# -> (status, what is printed, message)
sub undo ($kernel, $kid, %option) {
    my $out = '';
    open my $text, '>', \$out or die;
    my $stdout = select $text;
    local *STDERR = $text;
    my $ok = eval {
        defined $kid ? undo_update($kernel, $kid, \%option) : undo_all($kernel, \%option);
        1;
    };
    my $error = $@;
    select $stdout;
    return (0, $out, '') if $ok;
    return ref $error ? ($error->{status}, $out, $error->{message}) : (255, $out, $error);
}

# With updates abc and other applied.
sub kernel (%with) {
    my $kernel = Test::FakeKernel->new(modules => ['ext4'], store => '/nonexistent', %with);
    $kernel->insmod("/x/$_") for qw(ksplice.ko
        ksplice-abc-vmlinux-old.ko ksplice-abc-ext4-old.ko
        ksplice-abc-vmlinux-new.ko ksplice-abc-ext4-new.ko
        ksplice-other-vmlinux-old.ko ksplice-other-vmlinux-new.ko);
    $kernel->write_stage($_, 'applied') for qw(abc other);
    $kernel->{did} = [];
    return $kernel;
}

my $kernel = kernel();
my ($status, $out, $message) = undo($kernel, 'abc');
is($status, 0, 'an update is undone') or diag $message;
is($out, "update 'abc' is undone\n", 'and it is reported');
is_deeply($kernel->{did}, [
    'stage reversed', map { "rmmod ksplice_abc_$_" } qw(ext4_new vmlinux_new ext4_old vmlinux_old)
], 'reversed first, then new code, then old code');
is($kernel->modules, 'ext4 ksplice ksplice_other_vmlinux_old ksplice_other_vmlinux_new',
    'the other update stays, and the core');

{
    my $told = kernel(refuse => { 'rmmod ksplice_abc_ext4_new' => sub ($self) {
        kill TERM => $$;
        return '';
    } });
    local $SIG{TERM} = sub { die "told to stop\n" };
    ($status, $out, $message) = undo($told, 'abc');
    is("$status $out", "0 update 'abc' is undone\n",
        'a signal after it is reversed: it completes and reports that')
        or diag $message;
    unlike($told->modules, qr/ksplice_abc/, '  ... and leaves nothing');
}

($status, undef, $message) = undo($kernel, 'abc');
is($status, 4, 'undoing it again has a status of its own');
is($message, "no update 'abc' is applied; applied: other", 'which names those that are');

($status) = undo($kernel, 'other');
is($kernel->modules, 'ext4', 'the last update takes the core with it');

($status, undef, $message) = undo($kernel, 'other');
is("$status $message", "4 no update 'other' is applied; none is", 'none is left');

for my $kid ('nosuch', '../../x', '', 'a b') {
    $kernel = kernel();
    ($status, undef, $message) = undo($kernel, $kid);
    is($status, 4, "an unknown id, '$kid', too");
    is($message, "no update '$kid' is applied; applied: abc other", 'and named');
    is("@{ $kernel->{did} }", '', 'nothing is done');
}

$kernel = kernel(root => 0);
($status, undef, $message) = undo($kernel, 'abc');
is("$status $message", '1 only root can change the running kernel: run it as root', 'not root');

$kernel = kernel();
my $before = $kernel->modules;
$kernel->{refuse}{'stage reversed'} = ['Device or resource busy', 'code_busy', 'f', "7 sh f+0x1\n"];
($status, undef, $message) = undo($kernel, 'abc');
is($status, 3, 'busy code gives status 3');
like($message, qr/\n  task 7 \(sh\) is in f\+0x1\n/, 'and the task');
is($kernel->modules, $before, 'all stays');
is($kernel->stage('abc'), 'applied', 'and stays applied');
is(scalar(grep { $_ eq 'stage reversed' } @{ $kernel->{did} }), 7, 'it was tried for 5 seconds');

$kernel = kernel();
$kernel->{refuse}{'stage reversed'} =
    ['Device or resource busy', 'cold_update_loaded', "update 'other' replaces f, too"];
($status, $out, $message) = undo($kernel, 'abc', debug => 1);
is($status, 1, 'a later update that depends on it gives status 1');
is($message, "a later update depends on this one: update 'other' replaces f, too\n"
    . '  undo that update first', 'and is named');
is($out, "log of abc\n", '--debug shows the log');

$kernel = kernel();
$kernel->{refuse}{'rmmod ksplice_abc_ext4_new'} = ['Module ksplice_abc_ext4_new is in use'];
($status, undef, $message) = undo($kernel, 'abc');
is($status, 3, 'a module that does not go gives status 3');
is($message, "update 'abc' is reversed, but cannot be removed: "
    . 'Module ksplice_abc_ext4_new is in use', 'and is named');
delete $kernel->{refuse}{'rmmod ksplice_abc_ext4_new'};
($status, undef, $message) = undo($kernel, 'abc');
is("$status $message", "4 no update 'abc' is applied; its leftovers are removed now",
    'the next undo removes what was left');
is($kernel->modules, 'ext4 ksplice ksplice_other_vmlinux_old ksplice_other_vmlinux_new',
    'nothing of it is there any more');

# What a killed command has left of another one.
$kernel = kernel();
@{ $kernel->{update}{other} }{qw(stage hash)} = ('reversed', 'e' x 64);
($status, $out) = undo($kernel, 'abc');
is("$status $out", "0 an earlier command has left update 'other' (reversed); it is removed\n"
    . "update 'abc' is undone\n", 'what is left of another one is removed');
is($kernel->modules, 'ext4', '  ... and the core, which has nothing to do then');
$kernel = kernel(modules => [qw(ext4 ksplice)]);
$kernel->drop($_) for qw(abc other);
$kernel->{modules} = [qw(ext4 ksplice)];
($status, undef, $message) = undo($kernel, 'abc');
is("$status $message " . $kernel->modules, "4 no update 'abc' is applied; none is ext4",
    'a core without updates is removed');

# Another command, and what is left of the time.
$kernel = kernel(held => 3);
$kernel->{refuse}{'stage reversed'} = ['Device or resource busy', 'code_busy', 'f', "7 sh f+0x1\n"];
($status) = undo($kernel, 'abc', wait => 2);
is("$status @{ $kernel->{did} }", '3 ',
    'another command is not waited for longer than --wait says');
($status) = undo($kernel, 'abc', wait => 4);
is($status, 3, 'busy after another command has ended');
ok($kernel->{paused} > 3 && $kernel->{paused} <= 4,
    'the two waits together are as long as --wait');

$kernel = kernel(missing => 'there is no /sys');
($status, undef, $message) = undo($kernel, 'abc');
is("$status $message @{ $kernel->{did} }", '1 there is no /sys ',
    'a missing /sys is reported first');

# All of them.
sub undo_them ($kernel) { return undo($kernel, undef) }
$kernel = kernel();
($status, $out, $message) = undo_them($kernel);
is("$status$message", '0', 'all are undone');
is($out, "update 'other' is undone\nupdate 'abc' is undone\n", 'the newest first');
is($kernel->modules, 'ext4', 'nothing is left');
($status, $out) = undo_them($kernel);
is("$status $out", "0 no update was applied\n", 'there being none is fine');

$kernel = kernel();
$kernel->{update}{other}{stage} = 'matched';
($status, $out) = undo_them($kernel);
is($out, "leftovers of update 'other' are removed\nupdate 'abc' is undone\n",
    'and what a command has left');
is("$status " . $kernel->modules, '0 ext4', 'is removed');

$kernel = kernel();
$kernel->{refuse}{'stage reversed'} = sub ($self) {
    return if $self->{update}{other};
    return ('Device or resource busy', 'call_failed', 'no');
};
($status, $out, $message) = undo_them($kernel);
is("$status $out", "1 update 'other' is undone\n", 'it ends at the first that is refused');
like($message, qr/^a hook of the update refused: no/, 'with its reason');
is($kernel->stage('abc'), 'applied', 'which stays');

done_testing;
