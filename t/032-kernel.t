#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# What the core's files say is read whole, what they refuse is told, and one
# command at a time talks to it.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib', dirname(__FILE__) . '/../lib';
use Ksplice::Kernel;
use POSIX       ();
use Test::Ksplice;
use Test::More;

my $dir = scratch_dir();
my $kernel = Ksplice::Kernel->new(sysfs => $dir, modules => "$dir/modules",
    lock_file => "$dir/lock");

# Plain files stand for those of sysfs, /dev/full for one that refuses.
is($kernel->core_version, undef, 'no core, no version');
is_deeply([$kernel->updates], [], 'and no updates');
is($kernel->stage('abc'), undef, 'and no stage');

spew("$dir/version", "1\n");
spew("$dir/state", "abc applied\nother matched\n");
spew("$dir/abc/reason", "a line\n");
spew("$dir/abc/debug", "one\ntwo\n");
spew("$dir/abc/stage", '');
is($kernel->core_version, '1', 'the version of the core');
is_deeply([$kernel->updates], [[qw(abc applied)], [qw(other matched)]], 'the updates');
is($kernel->stage('other'), 'matched', 'a stage');
is($kernel->stage('nosuch'), undef, 'none of an update that is not there');
is($kernel->read_update_file('abc', 'reason'), 'a line', 'a file, without its newline');
is($kernel->read_update_file('abc', 'conflicts'), '', 'a file that is not there is empty');
is($kernel->debug_log('abc'), "one\ntwo\n", 'the log');
is($kernel->debug_log('other'), undef, 'no log');

# More than a page, and nothing that a terminal would act on.
spew("$dir/state", join '', map { "update_$_ applied\n" } 1 .. 600);
my @all = $kernel->updates;
is_deeply([scalar @all, $all[599][0]], [600, 'update_600'], 'a list that is longer than a page');
{
    my @texts = (['torn', 0], ['whole', 0], ['whole', 0]);
    no warnings 'redefine';
    local *Ksplice::Kernel::read_attribute = sub ($self, $name) { return @{ shift @texts } };
    is($kernel->attribute('state'), 'whole', 'is read until it is the same twice');
}
spew("$dir/abc/reason", "1 (\e[2J\x9b)\tis\n");
is($kernel->read_update_file(qw(abc reason)), "1 (?[2J?)\tis", 'unprintable text is not shown');

spew("$dir/abc/kick", '');
is($kernel->write_kick('abc', 1), '', 'a file is written');
is(slurp("$dir/abc/kick"), "1\n", 'as a line');
spew("$dir/abc/request", '');
is($kernel->write_stage('abc', 'applied'), "the answer is 'applied'", 'a stage is requested');
is(slurp("$dir/abc/request"), "applied\n", 'as a line');
{
    my @answers;
    no warnings 'redefine';
    local *Ksplice::Kernel::attribute = sub ($self, $name) { return shift @answers };
    @answers = ('running', 'running', 'done 0');
    is($kernel->write_stage('abc', 'applied'), '', 'and waited for');
    @answers = ('running', 'done 16');
    is($kernel->write_stage('abc', 'applied'), 'Device or resource busy', 'its errno is reported');
    @answers = ();
    is($kernel->write_stage('abc', 'applied'), 'the update is gone',
        'or that the update no longer exists');
}
spew("$dir/await", '');
is($kernel->await('abc', 'hash', 2, '/a/program'), '', 'an update without awaited modules');
is(slurp("$dir/await"), "abc hash 2\n", 'is made');
is($kernel->await(qw(abc hash 2 /a/program ext4)), 'No such file or directory',
    'one that awaits a module needs a helper');
spew("$dir/helper", '');
is($kernel->await(qw(abc hash 2 /a/program ext4)), '', 'which is named');
is(slurp("$dir/helper") . slurp("$dir/await"), "/a/program\nabc hash 2 ext4\n", 'before');
{
    local $! = POSIX::EPERM();
    is(Ksplice::Kernel::write_problem('x'),
        'Operation not permitted; CAP_SYS_MODULE in the initial user namespace is required',
        'the needed capability is reported');
    $! = POSIX::EACCES();
    like(Ksplice::Kernel::write_problem('helper'), qr/must belong to root/, 'and the needed owner');
}
symlink '/dev/full', "$dir/forget" or die;
is($kernel->forget('abc'), 'No space left on device', 'the errno of a write is reported');
is($kernel->write_stage('other', 'applied'), 'No such file or directory', 'and that of an open');

# Modules.
my $tools = scratch_dir();
spew("$tools/insmod", "#!/bin/sh\necho \"insmod: ERROR: could not insert module \$1: No way\" >&2\n"
    . "exit 1\n");
spew("$tools/rmmod", "#!/bin/sh\n[ \"\$1\" = good ]\n");
chmod 0755, "$tools/insmod", "$tools/rmmod";
{
    local $ENV{PATH} = "$tools:$ENV{PATH}";
    is($kernel->insmod('/x.ko'), 'could not insert module /x.ko: No way', 'the words of insmod');
    is($kernel->rmmod('good'), '', 'no words, no problem');
    is($kernel->rmmod('bad'), 'rmmod returned exit code 1', 'a problem without words');
}
ok(!eval { $kernel->has_module('ext4'); 1 }, 'a kernel without modules');
is($@->{message}, "cannot read '$dir/modules': No such file or directory", 'and is reported');
spew("$dir/modules", "ext4_b 1 0 - Live 0x0\njbd2 1 1 ext4, Live 0x0\n");
ok(!$kernel->has_module('ext4'), 'a module that is not loaded');
ok($kernel->has_module('jbd2'), 'one that is');

# Two at once.  The first has the lock until we close our end of a pipe; the other
# pipe tells that it has it, or ends if the process has failed.
pipe my $read, my $write or die;
pipe my $until, my $release or die;
my $pid = fork // die;
if (!$pid) {
    close $_ for $read, $release;
    my $first = Ksplice::Kernel->new(lock_file => "$dir/lock");
    eval { $first->lock(0); 1 } or POSIX::_exit(1);
    syswrite $write, 'x';
    close $write;
    sysread $until, my ($end), 1;
    POSIX::_exit(0);
}
close $_ for $write, $until;
is(sysread($read, my ($locked), 1), 1, 'the first has the lock');
ok(!eval { $kernel->lock(0.1); 1 }, 'the second does not wait for longer than it may');
is("$@->{status} $@->{message}", "3 only one ksplice command at a time: process $pid "
    . "(032-kernel.t) is running\n  try again later, or for longer (--wait)", 'and says for what');
my $waited;
{
    no warnings 'redefine';
    my $pause = \&Ksplice::Kernel::pause;
    my $pauses = 0;
    local *Ksplice::Kernel::pause = sub ($self, $seconds) {
        close $release if ++$pauses == 3;
        $pause->($self, $seconds);
    };
    $waited = $kernel->lock(60);
}
ok($waited > 0.2, 'else it waits for the first');
waitpid $pid, 0;
is(slurp("$dir/lock"), "$$ 032-kernel.t\n", 'then the file names itself');
{
    my $name = "$dir/kept";
    my $other = Ksplice::Kernel->new(lock_file => $name);
    pipe my $wait, my $end or die;
    my $pid = fork // die;
    if (!$pid) {
        my $killed = Ksplice::Kernel->new(lock_file => $name);
        $killed->lock(0);
        close $end;
        open STDIN, '<&', $wait or die;
        my $started = fork // die;    # as an insmod that goes on
        exec 'cat' or die if !$started;
        select undef, undef, undef, 0.3;
        kill KILL => $$;
    }
    close $wait;
    waitpid $pid, 0;
    ok(!eval { $other->lock(0); 1 }, 'what a killed command has started keeps the lock');
    like($@->{message}, qr/: another command is running$/m, '  ... as one that is not known');
    close $end;
    ok(eval { $other->lock(5) < 5 }, '  ... until it ends');
}
for my $text ("$pid gone\n", 'x', '') {
    spew("$dir/lock", $text);
    open my $file, '<', "$dir/lock" or die;
    is(Ksplice::Kernel::lock_holder($file), 'another command', "'$text' names no process");
}

# The usermode helper has its turn while a command waits for tasks, and the other way round.
{
    my $name = "$dir/aside.lock";
    my $command = Ksplice::Kernel->new(lock_file => $name);
    my $helper = Ksplice::Kernel->new(lock_file => $name);
    $command->lock(0);
    ok(!eval { $helper->lock_turn(0); 1 }, 'the helper does not interfere with a command');
    like($@->{message}, qr/: process $$ \(032-kernel\.t\) is running$/m, '  ... and reports which');
    my @did;
    no warnings 'redefine';
    my $pause = \&Ksplice::Kernel::pause;
    local *Ksplice::Kernel::pause = sub ($self, $seconds) {
        if (!@did) {
            push @did, eval { $helper->lock_turn(0); 1 } ? 'turn' : $@;
            my $other = Ksplice::Kernel->new(lock_file => $name);
            push @did, eval { $other->lock(0); 1 } ? 'another command' : 'no other command';
        }
        elsif (@did == 2) { push @did, 'still'; delete $helper->{turn} }
        die "stopped\n" if @did == 3 && $seconds == 7;
        $pause->($self, 0);
    };
    $command->step_aside(0.1);
    is("@did", 'turn no other command still', 'while it steps aside, the helper alone has a turn');
    ok(!eval { $command->step_aside(7); 1 }, 'if it is stopped meanwhile');
    is($@, "stopped\n", '  ... it ends');
    ok(!eval { $helper->lock_turn(0); 1 }, '  ... with the turn to clean up');
}

# What a module says it is, and what is missing.
is($kernel->missing, '', 'nothing is missing');
like(Ksplice::Kernel->new(sysfs => "$dir/none/ksplice")->missing,
    qr{^there is no '\Q$dir\E/none': is /sys mounted\?$}, '/sys is');
like(Ksplice::Kernel->new(sysfs => $dir, modules => "$dir/none")->missing,
    qr{^there is no '\Q$dir\E/none': is /proc mounted, and does the kernel have modules\?$},
    '/proc is');
spew("$dir/x.ko", "\x7fELF" . "\xff" x 100);
is($kernel->module_name("$dir/x.ko"), '', 'a file that is no module has no name');

symlink "$dir/nowhere", "$dir/evil" or die;
ok(!eval { Ksplice::Kernel->new(lock_file => "$dir/evil")->lock(0); 1 }, 'a link is no lock');
like($@->{message}, qr/^cannot open '.*evil': Too many levels of symbolic links$/, 'and named');
ok(!-e "$dir/nowhere", 'and not followed');

done_testing;
