#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# cycles.pl - the guest's part of bench/cycles
#
# cycles.pl CYCLES FIRST MODULES COMMANDS: applies and undoes /guest/cycles.tar.gz so
# many times under the load of /guest/load.  Each cycle changes the stage as the
# commands do; after each one whose number divides by MODULES the modules are removed,
# and loaded anew for the next; each one whose number divides by COMMANDS is done
# by ksplice-apply and ksplice-undo.  After the cycle FIRST and after the last the load
# is ended, all is removed, and memory is measured.
#
# Prints lines "cycle N RETRIES SECONDS", "retried STAGE WHY", "memory WHAT KB", "objects
# CACHE NUMBER", "area CALLER KB", "forks N lost M" and so on, "message TEXT", and
# "measured".

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Errno qw(EAGAIN EPERM);
use Fcntl qw(O_NONBLOCK O_RDONLY O_WRONLY);

use constant { DELETE_MODULE => 176, FINIT_MODULE => 313, TIME => 60 };

my ($cycles, $first, $modules, $commands) = @ARGV;
my $sysfs = '/sys/kernel/ksplice/cycles';
my @targets = qw(vmlinux ext4);
my ($load, $messages, $comm, $is_there);

sub run (@command) {
    system(@command) == 0 or die "@command: status $?\n";
    return;
}

sub get ($name) {
    open my $file, '<', $name or die "$name: $!\n";
    local $/ = undef;
    return scalar readline $file;
}

# '' or why not.
sub put ($name, $text) {
    sysopen my $file, $name, O_WRONLY or return "$!";
    return defined syswrite($file, $text) ? '' : "$!";
}

sub uptime () { return (split ' ', get('/proc/uptime'))[0] }

sub rest ($seconds) { return select undef, undef, undef, $seconds }

# --- the update ------------------------------------------------------------

sub insert ($name) {
    open my $file, '<', "/tmp/update/$name.ko" or die "$name: $!\n";
    my $parameters = '';
    syscall(FINIT_MODULE, fileno $file, $parameters, 0) == 0 or die "cannot insert $name: $!\n";
    return;
}

# The thread that carried a request out may hold the core a moment longer.
sub remove ($name) {
    $name =~ tr/-/_/;
    for (1 .. 100) {
        return if syscall(DELETE_MODULE, $name, O_NONBLOCK) == 0;
        last if !$!{EAGAIN};
        rest(0.01);
    }
    die "cannot remove $name: $!\n";
}

# Until it is over, as the commands do; returns how often it was busy.
sub change_stage ($stage) {
    for my $retries (0 .. TIME) {
        my $problem = put("$sysfs/request", $stage);
        die "$stage: $problem\n" if $problem;
        rest(0.01) while get("$sysfs/request") eq "running\n";
        my ($errno) = get("$sysfs/request") =~ /^done (\d+)$/ or die "no answer\n";
        return $retries if !$errno;
        print "retried $stage ", get("$sysfs/reason");
        if (get("$sysfs/abort_cause") ne "code_busy\n") {
            local $! = $errno;
            die "$stage: $!\n";
        }
        rest(0.25);
    }
    die "$stage: busy for too long\n";
}

# Which of the two runs?
sub is_new () {
    syswrite $comm, 'newcycle';
    my $is_open = open my $file, '<', '/dev/null';
    my $is_denied = !$is_open && $!{EPERM};
    syswrite $comm, 'cycles';
    return $is_denied;
}

sub insert_all () {
    return if $is_there;
    insert($_) for 'ksplice', map({ "ksplice-cycles-$_-old" } @targets),
        map { "ksplice-cycles-$_-new" } @targets;
    $is_there = 1;
    return;
}

sub remove_all () {
    return if !$is_there;
    remove($_) for map({ "ksplice-cycles-$_-new" } @targets),
        map({ "ksplice-cycles-$_-old" } @targets), 'ksplice';
    $is_there = 0;
    return;
}

sub by_stage () {
    insert_all();
    my $retries = change_stage('applied');
    is_new() or die "applied, but the old code runs\n";
    $retries += change_stage('reversed');
    is_new() and die "reversed, but the new code runs\n";
    return $retries;
}

sub by_command () {
    remove_all();
    run(qw(ksplice-apply -q), '--wait=' . TIME, '/guest/cycles.tar.gz');
    is_new() or die "applied, but the old code runs\n";
    run(qw(ksplice-undo -q), '--wait=' . TIME, 'cycles');
    is_new() and die "undone, but the new code runs\n";
    return 0;
}

# --- the load --------------------------------------------------------------

sub start_load () {
    run(qw(mount -t ext4 /dev/vda /mnt));
    my $pid = open my $from, '-|', qw(nice -n 5 /guest/load /mnt) or die "load: $!\n";
    readline $from;
    $load = { pid => $pid, from => $from };
    return;
}

sub end_load () {
    kill 'TERM', $load->{pid};
    print readline $load->{from};
    my $from = delete $load->{from};
    close $from or die "the load ended with status $?\n";
    run(qw(umount /mnt));
    return;
}

# Perl waits for it when it ends.
END { kill 'TERM', $load->{pid} if $load && $load->{from} }

# --- memory ----------------------------------------------------------------

# Frees what can be freed.
sub settle () {
    for (1 .. 3) {
        run('sync');
        put('/proc/sys/vm/drop_caches', '3');
        put("$_/shrink", '1') for glob '/sys/kernel/slab/*';
        rest(1);
    }
    return;
}

# The stacks of threads, which the kernel keeps a few of, are not counted.
sub measure () {
    settle();
    my $info = get('/proc/meminfo');
    my %kb = $info =~ /^(\w+): +(\d+) kB$/mg;
    my %area;
    for (split /\n/, get('/proc/vmallocinfo')) {
        my ($bytes, $caller) = /^\S+ +(\d+) (\S+?)\+0x/ or next;
        next if $caller =~ /^(?:dup_task_struct|copy_process|alloc_thread_stack_node)$/;
        $area{$caller} += $bytes / 1024;
    }
    my $vmalloc = 0;
    $vmalloc += $_ for values %area;
    my $modules = 0;
    $modules += $_ for map { (split)[1] / 1024 } split /\n/, get('/proc/modules');
    # Free pages that a processor keeps for itself.
    $kb{MemFree} += 4 * $_ for get('/proc/zoneinfo') =~ /^ +count: +(\d+)$/mg;
    my $other = $kb{MemTotal};
    $other -= $kb{$_} for qw(MemFree Buffers Cached AnonPages Slab KernelStack PageTables
        VmallocUsed Percpu);
    print "memory slab $kb{Slab}\n", "memory vmalloc $vmalloc\n", "memory modules $modules\n",
        "memory percpu $kb{Percpu}\n", "memory other $other\n", "memory free $kb{MemFree}\n";
    print "area $_ $area{$_}\n" for sort keys %area;
    my $bytes = 0;
    for (split /\n/, get('/proc/slabinfo')) {
        my ($cache, $active, $size) = /^(\S+) +(\d+) +\d+ +(\d+) / or next;
        print "objects $cache $active\n";
        $bytes += $active * $size;
    }
    printf "memory objects %d\nmeasured\n", $bytes / 1024;
    return;
}

# --- messages --------------------------------------------------------------

# What the kernel has said since it was asked last, but for the core's own, and what it
# says when memory is measured.
sub new_messages () {
    my @lines;
    if (!$messages) {
        sysopen $messages, '/dev/kmsg', O_RDONLY | O_NONBLOCK or die "kmsg: $!\n";
        sysseek $messages, 0, 2;
    }
    while (sysread $messages, my $record, 8192) {
        my ($text) = $record =~ /^[^;]*;([^\n]*)/ or next;
        next if $text =~ /^ksplice: update 'cycles' (?:applied|reversed), /;
        next if $text =~ /: drop_caches: |^EXT4-fs \(vda\): (?:un)?mount/;
        push @lines, $text;
    }
    return @lines;
}

$| = 1;
open $comm, '+<', '/proc/self/comm' or die "comm: $!\n";
$comm->autoflush(1);
mkdir '/tmp/update' or die $!;
mkdir '/mnt' or die $!;
run(qw(tar -xzf /guest/cycles.tar.gz -C /tmp/update --strip-components=1));
run('modprobe', $_) for qw(virtio_blk ext4);
run(qw(/sbin/mkfs.ext4 -q /dev/vda));
by_command();       # what the kernel says of the first module is no news after this
new_messages();

start_load();
for my $n (1 .. $cycles) {
    my $start = uptime();
    my $retries = $n % $commands ? by_stage() : by_command();
    remove_all() if $n % $modules == 0;
    printf "cycle %d %d %.2f\n", $n, $retries, uptime() - $start;
    print "message $_\n" for new_messages();
    if ($n == $first || $n == $cycles) {
        end_load();
        remove_all();
        measure();
        start_load() if $n < $cycles;
    }
}
