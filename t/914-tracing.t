#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The function tracer and kprobes work on a function before, while and after it
# is replaced; an update that would overwrite a kprobe is refused.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::Guest;

make_updates(function => 'vmlinux-function');

run_guest(27, <<'END');
cd /sys/kernel/tracing
traced() {
	: > trace
	cat /proc/version
	grep version_proc_show trace
}
tracer() { # function | nop
	echo nop > current_tracer
	echo version_proc_show > set_ftrace_filter
	echo $1 > current_tracer
}
probe() { # where
	echo "p:t/probe $1" > kprobe_events && echo 1 > events/t/enable
}
no_probe() {
	echo 0 > events/t/enable && : > kprobe_events
}
hits() {
	: > trace
	cat /proc/version
	grep 't*probe:' trace
}
tracer function
says 'it is traced before' 'version_proc_show <-' traced
apply function
says 'it is traced while it is replaced' 'version_proc_show <-' traced
says 'and the new code runs' '^patched: version$' cat /proc/version
undo function
says 'it is traced afterwards' 'version_proc_show <-' traced
tracer nop
apply function
tracer function
says 'a tracer that is attached later sees it' 'version_proc_show <-' traced
says 'and the new code runs' '^patched: version$' cat /proc/version
tracer nop
undo function
says_not 'the tracer left nothing' patched cat /proc/version

probe version_proc_show
says 'a kprobe at the entry is hit before' 'probe:' hits
apply function
says 'it is hit while it is replaced' 'probe:' hits
says 'and the new code runs' '^patched: version$' cat /proc/version
undo function
says 'it is hit afterwards' 'probe:' hits
no_probe
apply function
probe version_proc_show
says 'a kprobe that is set later is hit' 'probe:' hits
no_probe
undo function

# The first instruction after the ftrace site
probe version_proc_show+$(body_of version_proc_show)
says 'a kprobe in what the redirect overwrites' 'probe:' hits
refused 'makes the update refused' 1 kprobe ksplice-apply /updates/function.tar.gz
refused '... and a dry run, too' 1 kprobe ksplice-apply --dry-run /updates/function.tar.gz
says 'and still works' 'probe:' hits
no_probe
untouched 'nothing is left'
apply function
undo function
END
