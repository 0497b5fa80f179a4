# SPDX-License-Identifier: GPL-2.0-only
#
# Kernel.pm - the running kernel: its modules, and the core's files in sysfs
#
# No decisions are made here: each method does one thing and reports it.  A kernel is
# an object so that tests can replace it.  The state of the core is read from
# /sys/kernel/ksplice (doc/design.md).

package Ksplice::Kernel;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Errno          qw(EAGAIN EINTR EPIPE);
use Fcntl          qw(:flock F_SETFD O_CREAT O_NOFOLLOW O_NONBLOCK O_RDONLY O_RDWR O_WRONLY);
use File::Basename qw(basename dirname);
use Ksplice        qw(busy fail progress run);
use Ksplice::Elf   qw(modinfo);
use POSIX          ();

my $page = 4096;    # at most so many bytes of a file of the core are read at once

# Tests pass other paths.
sub new ($class, %with) {
    my $run = -d '/run' ? '/run' : '/tmp';
    return bless {
        sysfs => '/sys/kernel/ksplice', modules => '/proc/modules',
        lock_file => "$run/ksplice.lock", store => "$run/ksplice", %with,
    }, $class;
}

sub release ($self) { return (POSIX::uname())[2] }
sub arch    ($self) { return (POSIX::uname())[4] }
sub is_root ($self) { return $> == 0 }

# Where updates that await modules are kept.
sub store ($self) { return $self->{store} }

# Returns '' or what is missing.  Without /proc a loaded module could neither be seen
# nor unloaded; without /sys no update can be seen.
sub missing_sysfs ($self) {
    my $dir = dirname($self->{sysfs});
    return -d $dir ? '' : "there is no '$dir': is /sys mounted?";
}

sub missing ($self) {
    return $self->missing_sysfs || (-e $self->{modules} ? ''
        : "there is no '$self->{modules}': is /proc mounted, and does the kernel have modules?");
}

# Two locks; the file of each names its process.  `lock` is for commands: one at a time.
# The turn is for whatever changes the kernel, and nests inside.  A command has it except
# while it waits for tasks (step_aside).  The usermode helper takes only the turn, because a
# module is held for it.

# lock(SECONDS), lock_turn(SECONDS) -> the seconds that it took: both locks, or the turn.
# They end with the process and its children: if it is killed, its insmod continues.
sub lock ($self, $patience) {
    my $start = $self->now;
    $self->{lock} = $self->open_lock($self->{lock_file});
    $self->take($self->{lock}, $patience);
    my $left = $start + $patience - $self->now;
    $self->lock_turn($left > 0 ? $left : 0);
    return $self->now - $start;
}

sub lock_turn ($self, $patience) {
    my $start = $self->now;
    $self->{turn} = $self->open_lock($self->{lock_file} =~ s/(?:\.lock)?\z/.turn/r);
    $self->take($self->{turn}, $patience);
    return $self->now - $start;
}

# A pause without the turn, so that the usermode helper can have it.  Afterwards the turn
# is ours again, even if a signal ends the command: it has to clean up.
sub step_aside ($self, $seconds) {
    my $error;
    flock $self->{turn}, LOCK_UN;
    eval { $self->pause($seconds); 1 } or $error = $@;
    eval { $self->take($self->{turn}); 1 } or do {
        $error //= $@;
        $self->take($self->{turn});
    };
    die $error if defined $error;
    return;
}

sub open_lock ($self, $name) {
    sysopen my $file, $name, O_RDWR | O_CREAT | O_NOFOLLOW, 0600
        or fail("cannot open '$name': $!");
    fcntl $file, F_SETFD, 0 or fail("cannot keep '$name' locked: $!");
    return $file;
}

# Waits at most that many seconds, if they are given.
sub take ($self, $file, $patience = undef) {
    my $start = $self->now;
    if (!try_lock($file)) {
        my $who = lock_holder($file);
        progress("waiting for $who", sub {
            until (try_lock($file)) {
                my $left = defined $patience ? $start + $patience - $self->now : 1;
                busy('only one ksplice command at a time: ' . lock_holder($file)
                    . " is running\n  try again later, or for longer (--wait)") if $left <= 0;
                $self->pause($left < 0.1 ? $left : 0.1);
            }
        });
    }
    truncate $file, 0;
    sysseek $file, 0, 0;
    syswrite $file, "$$ " . basename($0) . "\n";
    return;
}

sub try_lock ($file) {
    return 1 if flock $file, LOCK_EX | LOCK_NB;
    fail("cannot lock a file of ksplice: $!") unless $!{EWOULDBLOCK} || $!{EINTR};
    return 0;
}

# A description; a process that has just taken the lock may not have written its name.
sub lock_holder ($file) {
    sysseek $file, 0, 0;
    sysread $file, my ($text), 256;
    my ($pid, $name) = $text =~ /^([0-9]+) ([ -~]+)\n/ or return 'another command';
    return -d "/proc/$pid" ? "process $pid ($name)" : 'another command';
}

# A clock in seconds; only differences matter.
sub now ($self) { return (POSIX::times())[0] / POSIX::sysconf(POSIX::_SC_CLK_TCK()) }

sub pause ($self, $seconds) {
    select undef, undef, undef, $seconds;
    return;
}

# --- modules ---------------------------------------------------------------

sub has_module ($self, $name) {
    open my $file, '<', $self->{modules} or fail("cannot read '$self->{modules}': $!");
    return scalar grep { /^\Q$name\E / } <$file>;
}

# The name under which the kernel would load the file.
sub module_name ($self, $file) { return modinfo($file, 'name') // '' }

# Both return '' or the error output; parameters are "NAME=VALUE".
sub insmod ($self, $file, @parameters) { return $self->kmod('insmod', $file, @parameters) }
sub rmmod  ($self, $name)              { return $self->kmod('rmmod', $name) }

sub kmod ($self, $program, @arguments) {
    local $ENV{PATH} = "$ENV{PATH}:/usr/sbin:/sbin";
    my $status = run({ ok => 'any', output => \my $words }, $program, @arguments);
    return '' if $status == 0;
    $words =~ s/^\s*(?:$program: )?(?:ERROR: )?//;
    $words =~ s/\s+/ /g;
    $words =~ s/ \z//;
    return length $words ? $words : "$program returned exit code $status";
}

# --- the core --------------------------------------------------------------

# The api version of the core that is loaded, or undef.
sub core_version ($self) { return $self->attribute('version') }

# [KID, STAGE] of each update, the oldest first.
sub updates ($self) {
    return map { [split / /] } split /\n/, $self->attribute('state') // '';
}

# The stage of an update, or undef if the core does not know it.
sub stage ($self, $kid) {
    my ($update) = grep { $_->[0] eq $kid } $self->updates;
    return $update && $update->[1];
}

# A file of the update, without the last newline; '' if it cannot be read.
sub read_update_file ($self, $kid, $name) { return $self->attribute("$kid/$name") // '' }

# Some files are for root.
sub may_read ($self, $kid, $name) { return -r "$self->{sysfs}/$kid/$name" }

# Returns '' or why the core refused.  A kernel thread carries out the request, so no
# task is inside write(2) while the update is applied.
sub write_stage ($self, $kid, $stage) {
    my $problem = $self->write_attribute("$kid/request", $stage);
    return $problem if $problem;
    my $answer = $self->wait_request($kid) // return 'the update is gone';
    my ($errno) = $answer =~ /^done (\d+)\z/ or return "the answer is '$answer'";
    local $! = $errno;
    return $errno ? "$!" : '';
}

# Waits until no request is being carried out.  A sleeping task is inside
# select(2) in the kernel, so half of the time is spent without sleeping.
sub wait_request ($self, $kid) {
    my $answer;
    while (1) {
        $answer = $self->attribute("$kid/request");
        return $answer if !defined $answer || $answer ne 'running';
        my $until = $self->now + 0.02;
        1 while $self->now < $until;
        $self->pause(0.02);
    }
}

# Sets whether conflicting tasks are kicked.  Returns '' or the problem.
sub write_kick  ($self, $kid, $kick)  { return $self->write_attribute("$kid/kick", $kick) }
sub forget      ($self, $kid)         { return $self->write_attribute('forget', $kid) }

# Announces an update of N changes; some are applied when their targets are loaded, by
# the program, which is not needed if there are none.
sub await ($self, $kid, $hash, $n, $program, @targets) {
    my $problem = @targets ? $self->write_attribute('helper', $program) : '';
    return $problem || $self->write_attribute('await', join ' ', $kid, $hash, $n, @targets);
}

# Names the updates that this one needs or replaces, before its modules are loaded.
# Returns '' or the problem.
sub name_others ($self, $kid, $how, @kids) {
    while (my @some = splice @kids, 0, 40) {
        my $problem = $self->write_attribute("$kid/$how", "@some");
        return $problem if $problem;
    }
    return '';
}

# Of each target that was not loaded: {target, state, abort_cause, reason}; the
# state is absent, applied or unpatched.
sub awaited ($self, $kid) {
    return map {
        my ($target, $state, $cause, $reason) = split / /, $_, 4;
        { target => $target, state => $state, abort_cause => $cause // 'ok',
          reason => $reason // '' };
    } split /\n/, $self->read_update_file($kid, 'awaited');
}

# A file of the core, or undef; without the last newline and without control characters.
# A file longer than a page may change while it is read, so it is read until two
# reads agree.
sub attribute ($self, $name) {
    my ($text, $is_whole) = $self->read_attribute($name) or return undef;
    for (1 .. 20) {
        last if $is_whole;
        my $before = $text;
        ($text) = $self->read_attribute($name) or return undef;
        $is_whole = $text eq $before;
    }
    $text =~ tr/\n\t\x20-\x7e/?/c;
    return $text =~ s/\n\z//r;
}

# -> (text, whether one read was enough); nothing if it cannot be read.
sub read_attribute ($self, $name) {
    sysopen my $file, "$self->{sysfs}/$name", O_RDONLY or return;
    my ($text, $reads) = ('', 0);
    while (1) {
        my $n = sysread $file, $text, $page, length $text;
        next if !defined $n && $!{EINTR};
        return unless defined $n;
        $reads++;
        return ($text, $reads == 1) if $n < $page;
    }
}

# One write(2): its errno is the answer.
sub write_attribute ($self, $name, $text) {
    my $file;
    sysopen $file, "$self->{sysfs}/$name", O_WRONLY or return write_problem($name);
    my $n;
    do { $n = syswrite $file, "$text\n" } until defined $n || !$!{EINTR};
    return write_problem($name) unless defined $n;
    return 'short write' if $n != length($text) + 1;
    close $file or return "$!";
    return '';
}

# The meaning of errno values there, where strerror is misleading.
sub write_problem ($name) {
    my $words = "$!";
    return "$words; CAP_SYS_MODULE in the initial user namespace is required" if $!{EPERM};
    return "$words; the program and all directories of its path must belong to root, "
        . 'and only root may write there' if $!{EACCES} && $name eq 'helper';
    return $words;
}

# --- its words -------------------------------------------------------------

# A position in the kernel log.
sub log_mark ($self) {
    sysopen my $file, '/dev/kmsg', O_RDONLY | O_NONBLOCK or return undef;
    sysseek $file, 0, 2;
    return $file;
}

# The messages of ksplice and its modules since then.
sub log_since ($self, $mark) {
    return unless $mark;
    my @lines;
    while (1) {
        my $n = sysread $mark, my ($record), 8192;
        if (!defined $n) {
            next if $!{EPIPE} || $!{EINTR};
            last;
        }
        last if $n == 0;
        my ($text) = $record =~ /^[^;]*;([^\n]*)/ or next;
        push @lines, $text if $text =~ /^ksplice\w*: /;
    }
    return @lines;
}

# The log of the core about an update, or undef; the same as in debugfs, which need not
# be mounted.
sub debug_log ($self, $kid) {
    my $log = $self->attribute("$kid/debug");
    return defined $log ? "$log\n" : undef;
}

1;
