# SPDX-License-Identifier: GPL-2.0-only
#
# Report.pm - the result of a command as JSON
#
# With --json a command prints one object and nothing else to stdout, after success
# and failure alike; the pod of ksplice-apply describes it.  Facts are recorded as
# they become known, since most are gone with the update.

package Ksplice::Report;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter      qw(import);
use Ksplice       qw(be_quiet);
use Ksplice::Json qw(to_json);

our @EXPORT_OK = qw(fact with_report);

# One command, one report.
my %facts;

# fact(NAME => VALUE, ...): a later value of a name replaces an earlier one.
sub fact (%new) {
    %facts = (%facts, %new);
    return;
}

# with_report(WANTED, sub {...}): runs the sub, then reports if WANTED.
sub with_report ($wanted, $body) {
    return $body->() unless $wanted;
    be_quiet();
    %facts = ();
    my $ok = eval { $body->(); 1 };
    my $error = $@;
    fact(status => \($ok ? 0 : ref $error ? $error->{status} : 1));
    fact(message => Ksplice::failure_text($error)) unless $ok;
    print to_json(\%facts), "\n";
    die $error unless $ok;
    return;
}

1;
