# SPDX-License-Identifier: GPL-2.0-only
#
# Console.pm - judges what a kernel wrote on its console
#
# Finds what a sound kernel never says: a warning, an oops, a lockup, a hung
# task, an RCU stall, a panic.  A report is the lines from the first such one to
# the kernel's own end mark ("---[ end ...").  Reports that the caller expects
# are dropped; all that follows the first one left counts as the kernel's words.
# That a module is out-of-tree or unsigned, and what a mitigation has to say
# about itself at boot, are no faults.

package Console;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter qw(import);

our @EXPORT_OK = qw(faults_in);

# At most so many lines of the console are handed on.
use constant MAX_LINES => 200;

# How the line starts that a fault is known by, behind its time stamp.
my @faults = (
    qr/------------\[ cut here \]/,
    qr/WARNING: /,
    qr/BUG: /,
    qr/kernel BUG at /,
    qr/(?:\S+: )?Oops: /,
    qr/Kernel panic /,
    qr/general protection fault/,
    qr/(?:int3|divide error|invalid opcode|stack segment|double fault|bounds|traps): .*\[#\d+\]/,
    qr/(?:PANIC|FATAL)\b/,
    qr/watchdog: /,
    qr/NMI watchdog: Watchdog detected/,
    qr/(?:rcu: )?INFO: (?:rcu_\w+ |task \S+ blocked|NMI handler .* took too long)/,
    qr/rcu: rcu_\w+ kthread (?:starved|timer wakeup)/,
    qr/INFO: /,
    qr/(?:list_(?:add|del) corruption|refcount_t: |UBSAN: |Bad page |Bad rss-counter )/,
    qr/(?:\S+: )?Call Trace:/,
    qr/unchecked MSR access error/,
    qr/irq \d+: nobody cared/,
    qr/Kernel Offset: /,
    qr/module \S+: overflow in relocation/,
    qr/Out of memory: /,
    qr/sysrq: Trigger a crash/,
);
my $fault = do {
    my $any = join '|', @faults;
    qr/\A(?:$any)/;
};

# Lines of which the start looks like that of a fault.
my $harmless = qr/\A(?:INFO: lockdep is turned off|watchdog: (?:Delayed|Disabling|NMI watchdog))/;

my $end = qr/---\[ end /;

# faults_in($text, PATTERN...): the console's lines from the first report of a
# fault on that no pattern matches, none if all is well.  In any case
# the number of reports that were expected comes first.
sub faults_in ($text, @expected) {
    my @lines = split /\r*\n/, $text;
    my $dropped = 0;
    my $at = 0;
    while ($at < @lines) {
        if (message_of($lines[$at]) !~ $fault || message_of($lines[$at]) =~ $harmless) {
            $at++;
            next;
        }
        my $last = report_end($at, @lines);
        my $report = join "\n", @lines[$at .. $last];
        if (grep { $report =~ /$_/ } @expected) {
            $dropped++;
            $at = $last + 1;
            next;
        }
        my $stop = $at + MAX_LINES - 1;
        return ($dropped, @lines[$at .. ($stop < $#lines ? $stop : $#lines)]);
    }
    return ($dropped);
}

# What the kernel said, without time and thread.
sub message_of ($line) {
    return $line =~ s/\A\[\s*\d+\.\d+\](?:\[\s*[TC]\d+\])?\s//r;
}

# The index of a report's last line; of one without an end mark its own only.
sub report_end ($first, @lines) {
    for my $at ($first .. $#lines) {
        return $at if $lines[$at] =~ $end;
        return $first if $at > $first && $lines[$at] =~ /\[ cut here \]/;
    }
    return $first;
}

1;
