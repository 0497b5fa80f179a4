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

our @EXPORT_OK = qw(faults_in is_stale_int3);

# At most so many lines of the console are handed on.
use constant MAX_LINES => 200;

# Of a function, which the core may write: endbr64, the ftrace site and the jump.
use constant OUR_BYTES => 4 + 5 + 5;

# The start of the first line of a fault, after its time stamp.
my @faults = (
    qr/------------\[ cut here \]/,
    qr/(?:WARNING|BUG|INFO): /,
    qr/kernel BUG at /,
    qr/(?:Internal error: )?Oops: /,
    qr/Kernel panic /,
    qr/(?:general protection fault|double fault|unchecked MSR access error)/,
    qr/[\w ]+: [0-9a-f]{4} \[#\d+\]/,
    qr/watchdog: (?:BUG: |Watchdog detected )/,
    qr/NMI watchdog: Watchdog detected /,
    qr/(?:rcu: )?(?:INFO: rcu_|rcu_\w+ kthread )/,
    qr/(?:list_(?:add|del) corruption|refcount_t: |UBSAN: |Bad page )/,
    qr/Call Trace:/,
    qr/irq \d+: nobody cared/,
);
my $fault = do {
    my $any = join '|', @faults;
    qr/\A(?:$any)/;
};

my $end = qr/---\[ end /;

# faults_in($text, PATTERN...): the number of reports that a pattern matches, and
# the console's lines from the first one on that none does, if there is one.
sub faults_in ($text, @expected) {
    my @lines = split /\r*\n/, $text;
    my $dropped = 0;
    my $at = 0;
    while ($at < @lines) {
        if (message_of($lines[$at]) !~ $fault) {
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

# Whether the lines of a fault begin with an int3 that was not in memory any more, at a
# place where only the kernel writes any: our own are in the first bytes of a function.  RIP
# is behind the int3.
sub is_stale_int3 (@lines) {
    my @messages = map { message_of($_) } @lines;
    return 0 if ($messages[0] // '') !~ /\A(?:Oops: )?int3: 0000 \[#1\]/;
    my ($place) = grep { /\ARIP: / } @messages;
    my ($code)  = grep { /\ACode: / } @messages;
    my ($offset) = ($place // '') =~ /\ARIP: 0010:[\w.]+\+0x([0-9a-f]+)\// or return 0;
    my ($before) = ($code // '') =~ /\b([0-9a-f]{2}) <[0-9a-f]{2}>/ or return 0;
    return hex $offset > OUR_BYTES && $before ne 'cc' ? 1 : 0;
}

# The message of the kernel, without time and task.
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
