# SPDX-License-Identifier: GPL-2.0-only
#
# Corpus::Create - make the update of one patch, and tell what came of it
#
# What ksplice-create says decides.  A compiler's error means that the patch is
# a part of a larger one: what it lacks is read out of the error.

package Corpus::Create;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter    qw(import);
use Ksplice     qw(run capture base_dir write_file);
use List::Util  qw(sum uniq);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

our @EXPORT_OK = qw(create_update);

# What gcc says if something of another file is missing; first match decides.
my @needs = (
    qr/implicit declaration of function '(\w+)'/,
    qr/'(\w+)' undeclared/,
    qr/unknown type name '(\w+)'/,
    qr/has no member named '(\w+)'/,
    qr/unknown field '(\w+)' specified/,
    qr/fatal error: (\S+): No such file/,
    qr/(?:conflicting types for|redefinition of|redeclaration of) '([\w ]+)'/,
    qr/too (?:many|few) arguments to function '(\w+)'/,
    qr/macro "(\w+)" (?:passed|requires)/,
    qr/(?:storage size of|incomplete type|undefined type) '([\w ]+)'/,
    qr/passing argument \d+ of '(\w+)'/,
    qr/(?:initialization of|assignment to) '([^']+)' from incompatible pointer type/,
    qr/static declaration of '(\w+)'/,
);

# create_update({release, patch, id, to, log, limit}): -> {status, seconds,
# processor (seconds of its time), result, reason, functions, targets}; the
# result is made, refused, failed, alone (it does not compile alone) or
# unchanged.
sub create_update ($job) {
    my ($start, $before) = (clock_gettime(CLOCK_MONOTONIC), sum(times));
    my $status = run({ ok => 'any', output => \my $said, group => 1 },
        'timeout', '-k', 60, $job->{limit}, base_dir() . '/ksplice-create', '-j2', '--explain',
        '--raw-errors', "--kernel=$job->{release}", "--patch=$job->{patch}", "--id=$job->{id}",
        '-o', $job->{to});
    my $seconds = clock_gettime(CLOCK_MONOTONIC) - $start;
    my $processor = sum(times) - $before;
    write_file($job->{log}, $said);
    my %replaced = map { $_ => 1 } $said =~ /^(\w+: replace \S+ \S+)/mg;
    my ($result, $reason) = judge($status, $said, $job->{limit});
    return {
        status    => $status,
        seconds   => sprintf('%.1f', $seconds),
        processor => sprintf('%.1f', $processor),
        result    => $result,
        reason    => $reason,
        functions => scalar keys %replaced,
        targets   => $result eq 'made' ? join(' ', targets_in($job->{to}, $job->{id})) : '',
    };
}

sub judge ($status, $said, $limit) {
    return ('made', '') if $status == 0;
    return ('unchanged', '') if $status == 66;
    return ('failed', "took longer than $limit s") if $status == 124 || $status == 137;
    my ($last) = $said =~ /^ksplice-create: (?!warning: )(.*)\n?\z/m;
    return ('failed', "status $status: " . ($said =~ s/.*\n(?=.)//sr)) if !defined $last
        || $status != 1 || $last =~ /^(?:internal error|no program )/;
    return ('alone', join ', ', missing($said)) if $last eq 'the patched source does not compile';
    my @reasons = $said =~ /^objmanip: (?!warning: )(.*)/mg;
    return ('refused', join '; ', @reasons ? @reasons : $last);
}

# What the compiler lacked, each once.
sub missing ($said) {
    my @errors = $said =~ s/\xe2\x80[\x98\x99]/'/gr =~ /(?:fatal )?error: .*/g;
    my @missing;
    for my $error (@errors) {
        for my $pattern (@needs) {
            next if $error !~ $pattern;
            push @missing, $1;
            last;
        }
    }
    @missing = uniq @missing;
    splice @missing, 3, @missing, '...' if @missing > 3;
    return @missing ? @missing : $errors[0] // 'nothing that the compiler names';
}

# Modules first.
sub targets_in ($file, $id) {
    return sort { ($a eq 'vmlinux') <=> ($b eq 'vmlinux') || $a cmp $b }
        map { m{/ksplice-\Q$id\E-(\w+)-old\.ko\z} ? $1 : () } capture('tar', '-tzf', $file);
}

1;
