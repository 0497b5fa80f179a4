# SPDX-License-Identifier: GPL-2.0-only
#
# Corpus::Boot - apply and undo many updates in few boots
#
# The guest (bench/lib/corpus-guest.sh) reports each step before it takes it.  If it
# dies, that is the result of the current update, with the kernel's messages, and
# the rest is tried in another boot; likewise after a kernel warning.

package Corpus::Boot;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter     qw(import);
use Ksplice      qw(fail run base_dir temp_dir read_file progress);
use FindBin      qw($RealBin);
use lib "$RealBin/../dev/lib";
use Console      qw(faults_in);
use File::Copy   qw(copy);
use File::Path   qw(make_path remove_tree);

our @EXPORT_OK = qw(try_updates);

# So many updates in one boot, and seconds for a boot and for each.
my ($portion, $for_boot, $for_each) = (12, 300, 120);

# try_updates(RELEASE, SUB, {id, file, targets}...): calls SUB with the id and
# {result, reason, functions, said} of each as soon as its boot has ended.  The
# result is applied (and undone), refused, failed or unloadable.
sub try_updates ($release, $known, @updates) {
    while (@updates) {
        my @now = @updates[0 .. (@updates < $portion ? $#updates : $portion - 1)];
        my $n = @now;
        my ($told, $words) = progress("booting $release for $n updates",
            sub { boot($release, @now) });
        my %done;
        for my $update (@now) {
            my $steps = $told->{ $update->{id} } or last;
            my $ended = grep { $_->[0] eq 'end' } @$steps;
            $known->($update->{id}, verdict($steps, $ended ? '' : $words));
            $done{ $update->{id} } = 1;
        }
        fail("the guest did not get to the first update:\n$words") if !%done;
        @updates = grep { !$done{ $_->{id} } } @updates;
    }
    return;
}

# -> {id => [[step, text]...]}, and what dev/vm said.
sub boot ($release, @updates) {
    my $dir = temp_dir();
    make_path("$dir/corpus");
    open my $list, '>', "$dir/corpus/list" or fail("cannot write '$dir/corpus/list': $!");
    for my $update (@updates) {
        my $to = "$dir/corpus/$update->{id}.tar.gz";
        link $update->{file}, $to or copy($update->{file}, $to) or fail("cannot write '$to': $!");
        print $list "$update->{id} $update->{targets}\n";
    }
    close $list or fail("cannot write '$dir/corpus/list': $!");
    for my $name (qw(guest.sh imports.pl)) {
        copy(base_dir() . "/bench/lib/corpus-$name", "$dir/corpus/$name")
            or fail("cannot write '$dir/corpus/$name': $!");
    }
    run({ ok => 'any', group => 1, to => "$dir/told", output => \my $words },
        base_dir() . '/dev/vm', "--release=$release", '--modules', '--mem=3072',
        '--timeout=' . ($for_boot + $for_each * @updates), "--dir=$dir/corpus",
        '--', 'sh', '/corpus/guest.sh');
    my %told;
    for (split /\n/, read_file("$dir/told")) {
        my ($id, $step, $text) = /^\@(\w+) (\S+) ?(.*)/ or next;
        push @{ $told{$id} }, [$step, $text];
    }
    remove_tree($dir);
    return (\%told, $words);
}

# Of the reported steps; died is the message of the kernel if it did not reach the
# end.
sub verdict ($steps, $died) {
    my %text;
    push @{ $text{ $_->[0] } }, $_->[1] for @$steps;
    my %seen = (
        functions => $text{functions} ? $text{functions}[0] : 0,
        said      => join("\n", map { @{ $text{$_} // [] } } qw(log:apply log:undo)),
    );
    my $end = sub ($result, $reason) { return { %seen, result => $result, reason => $reason } };
    my $words = join '; ', @{ $text{words} // [] };
    if ($died ne '') {
        my $last = (grep { $_->[0] =~ /^(?:load|apply|undo)\z/ } @$steps)[-1];
        my $at = $last ? "$last->[0] $last->[1]" =~ s/ \z//r : 'start';
        $seen{said} .= "\n$died";
        return $end->($at =~ /^load/ ? 'unloadable' : 'failed', "the kernel died at $at: "
            . first_words($died));
    }
    return $end->('unloadable', $words) if $text{unloadable};
    my ($expected, @fault) = faults_in(join "\n",
        map { @{ $text{$_} // [] } } qw(log:apply log:undo));
    return $end->('failed', 'the kernel reported: ' . join ' ', @fault) if @fault;
    return $end->('refused', $words) if $text{refused};
    return $end->('failed', "wrong: @{ $text{wrong} }") if $text{wrong};
    return $end->('failed', "it cannot be undone: $words") if $text{stays};
    return $end->('failed', "something is left: $words") if $text{left};
    return $end->('failed', 'the guest is tainted by a fault') if $text{tainted};
    return $end->('failed', 'it is not undone') if !$text{undone};
    return $end->('applied', $text{kick} ? 'with --kick' : '');
}

# The kernel's first words about a fault, in a line.
sub first_words ($text) {
    my @lines = grep { /\S/ } split /\n/, $text;
    splice @lines, 12 if @lines > 12;
    return join ' | ', map { s/^\s+//r } @lines;
}

1;
