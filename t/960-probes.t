#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Probes in the body of a function that is replaced: they rest while it is, and
# the one who applies is told; none can get into what undo puts back, also not
# in the middle of an instruction; and return addresses that probes and tracers
# took from a stack are found, and so is a task in the copy that a probe made of
# an instruction.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Guest;

make_updates(function => 'vmlinux-function', sleeper => 'sleeper');

# Where the long instruction is in the new code.
sub offset_of_rep ($update) {
    my $dir = scratch_dir();
    system('tar', '-xzf', $update, '-C', $dir) == 0 or die "cannot unpack '$update'";
    my ($status, $out, $err) =
        run_cmd('objdump', '-d', "$dir/ksplice-slot/ksplice-slot-vmlinux-new.ko");
    die "objdump: $err" if $status;
    my ($function, $at) = $out =~ /^([0-9a-f]+)\ <version_proc_show\.ksplice_slot>:.*?
        ^\s*([0-9a-f]+):[^\n]*\brep\ stos/msx or die "no 'rep stos' in\n$out";
    return hex($at) - hex $function;
}
my $rep = offset_of_rep(make_update(slot => 'slot'));

run_guest(51, "rep=$rep\n" . <<'END');
cd /sys/kernel/tracing
probes() { # OFFSET...: as many events t/at_OFFSET; prints those that are accepted
	for offset; do
		echo "p:t/at_$offset version_proc_show+$offset" >> kprobe_events &&
			echo $offset
	done 2> /dev/null
	return 0
}
enable() { echo 1 > events/t/enable; }
disable() { echo 0 > events/t/enable; }
no_probe() { # [OFFSET]
	if [ $# = 0 ]; then
		disable && : > kprobe_events
	else
		echo 0 > events/t/at_$1/enable && echo "-:t/at_$1" >> kprobe_events
	fi
}
hits() { # the events of one call
	: > trace
	cat /proc/version
	grep -o ' [a-z_0-9]*: (' trace | sort -u
}
n_hits() { hits | grep -c ': (' ; }
body=$(body_of version_proc_show)
offsets=$(seq $body $((body + 75)))
optimized() { # OFFSET
	grep -q "version_proc_show+0x$(printf %x $1) .*OPTIMIZED" \
		/sys/kernel/debug/kprobes/list
}

# What the kernel takes for the start of an instruction: the function is a
# straight line, so all but the padding behind it fire.
all=$(probes $offsets)
enable
hits > /tmp/hits
inside=$(for offset in $all; do grep -q "at_$offset:" /tmp/hits && echo $offset; done)
first=$(echo $inside | cut -d ' ' -f 1)
second=$(echo $inside | cut -d ' ' -f 2)
last=$(echo $inside | tr ' ' '\n' | tail -n 1)
no_probe
ok 'probes fire at several instructions' [ $last -gt $second ]

# In the body, before the update.
probes $second $last > /tmp/accepted
enable
ok 'a probe in the body is optimized' wait_for optimized $second
ok 'the update is applied' sh -c 'ksplice-apply /updates/function.tar.gz 2> /tmp/notes'
says 'and names the probes that rest' \
	"the kprobe at version_proc_show\+0x$(printf %x $second) does not fire until" \
	cat /tmp/notes
says 'each of them' "version_proc_show\+0x$(printf %x $last) does" cat /tmp/notes
says 'the new code runs' '^patched: version$' cat /proc/version
says_not 'they rest' 'at_' hits
undo function
says 'undone, one fires' "at_$second:" hits
says 'and so does the other' "at_$last:" hits
no_probe

# Optimized, in the way, and just gone.
probes $first > /tmp/accepted
enable
ok 'a probe at the first instruction is optimized' wait_for optimized $first
refused 'it conflicts' 1 'kprobe' ksplice-apply /updates/function.tar.gz
says 'and still works' "at_$first:" hits
disable
: > kprobe_events
apply function

# Set while the function is replaced: the redirect, and what lies behind it.
later=$(probes $offsets)
enable
in_way= stray=
for offset in $later; do
	if [ $offset -lt $second ]; then
		in_way="$in_way $offset"
	elif ! echo " $all " | tr '\n' ' ' | grep -q " $offset "; then
		stray="$stray $offset"
	fi
done
says_not 'none is accepted inside an instruction of the old body' . echo $stray
says 'the redirect can be probed' "at_$first:" hits
refused 'then it is not taken away' 1 "a kprobe is at 'version_proc_show'\+0x$(printf %x $first)" \
	ksplice-undo function
says 'it still works' '^patched: version$' cat /proc/version
for offset in $in_way; do no_probe $offset; done
undo function
says 'undone, those in the body fire' "at_$last:" hits
ok 'all of them' [ "$(n_hits)" = $(($(echo $inside | wc -w) - 1)) ]
no_probe
says_not 'the old code is whole' patched cat /proc/version

# In the new code; they go with it.
apply function
new=version_proc_show.ksplice_function
new_body=$(body_of $new)
echo "p:t/new $new" > kprobe_events
echo "p:t/new_body $new+$new_body" >> kprobe_events
enable
says 'a probe at the entry of the new code' 'new: ' hits
says 'and in its body' 'new_body:' hits
undo function
says_not 'they went with the code' 'patched|new' hits
no_probe

# Return addresses that are not on the stack.
mkfifo /tmp/fifo
start_reader() {
	sleep 1000 > /tmp/fifo &
	writer=$!
	perl -e 'sysread STDIN, $_, 100; print' < /tmp/fifo > /tmp/read &
	reader=$!
	wait_for reads_pipe $reader
}
end_reader() {
	echo something > /tmp/fifo
	wait $reader
	kill $writer
}
echo 'r:t/ret_schedule schedule' > kprobe_events
echo 'r:t/ret_read pipe_read' >> kprobe_events
enable
start_reader
refused 'a kretprobe waits in what it calls' 3 "$reader.*pipe_read\+0x" \
	ksplice-apply /updates/sleeper.tar.gz
end_reader
: > trace
apply sleeper
start_reader
refused 'and in the new code' 3 "$reader.*pipe_read.ksplice_sleeper\+0x" ksplice-undo sleeper
end_reader
says 'the task went on' something cat /tmp/read
says 'and its probe fired' 'ret_read: .* <- pipe_read' cat trace
undo sleeper
no_probe
echo schedule > set_ftrace_filter
echo pipe_read >> set_ftrace_filter
echo function_graph > current_tracer
start_reader
refused 'the graph tracer has its return addresses' 3 "$reader.*pipe_read\+0x" \
	ksplice-apply /updates/sleeper.tar.gz
echo nop > current_tracer
refused 'also when it is off again' 3 "$reader.*pipe_read\+0x" \
	ksplice-apply /updates/sleeper.tar.gz
end_reader
echo function_graph > current_tracer
apply sleeper
start_reader
refused 'and those into new code' 3 "$reader.*pipe_read.ksplice_sleeper\+0x" \
	ksplice-undo sleeper
end_reader
says 'it traces the function' 'pipe_read' cat trace
echo nop > current_tracer
undo sleeper

echo full > /sys/kernel/debug/sched/preempt
apply slot

# A task that runs in it for ever.  Some kernels cannot tell then whether others that have
# exited are gone: an update of something else is refused, and does not wait for it.  No
# probe has just been removed: the kernel would wait for that task, with its code locked.
perl -e '$0 = "filler"; open my $in, "<", "/proc/version"; readline $in' &
filler=$!
wait_for grep -q filler /proc/$filler/comm
sleep 1
refused 'a task runs in the kernel without sleeping' 3 \
	"task $filler .filler. is in version_proc_show.ksplice_slot\+0x" \
	ksplice-undo --wait=0 slot
if grep -qw tasks_rcu_exit_srcu /proc/kallsyms; then
	apply sleeper
	says 'an update of another function is applied' '^sleeper .*applied' ksplice-view
else
	refused 'an update of another function is refused' 3 \
		'a task runs in the kernel without sleeping, so tasks that have exited may' \
		timeout 60 ksplice-apply --wait=0 /updates/sleeper.tar.gz
	refused 'again' 3 'a task runs in the kernel without sleeping' \
		timeout 60 ksplice-apply --wait=3 /updates/sleeper.tar.gz
fi
finish -KILL $filler
# The kernel unloads no module while a task runs there for ever.
[ ! -e /sys/kernel/ksplice/sleeper ] || ksplice-undo -q sleeper
apply sleeper
undo sleeper

# Preempted in the copy of an instruction: it jumped there and will jump back.
new=version_proc_show.ksplice_slot
echo "p:t/copied $new+$rep" > kprobe_events
enable
ok 'a probe at a long instruction is optimized' \
	wait_for grep -q "$new+.*OPTIMIZED" /sys/kernel/debug/kprobes/list
: > trace
perl -e '$0 = "filler"; open my $in, "<", "/proc/version"; readline $in' &
filler=$!
ok 'a task is at it' wait_for grep -q copied: trace
refused 'it is found in the copy' 3 "task $filler .filler. is in kprobe_slot\+0x" \
	ksplice-undo --wait=0 slot
finish -KILL $filler
ok 'and continues: it can be killed' [ ! -e /proc/$filler ]
no_probe
undo slot
untouched 'nothing is left'
END
