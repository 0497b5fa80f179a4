# SPDX-License-Identifier: GPL-2.0-only
#
# View.pm - describe updates, those in the kernel and those in files
#
# A description is a structure for Json.pm, whose keys are an interface that
# scripts rely on; the show subs print the same as text.

package Ksplice::View;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter        qw(import);
use Ksplice         qw(fail no_such_update printable quiet raw_errors read_file verbose);
use Ksplice::Abort  qw(abort_sentence);
use Ksplice::Update qw(is_kid);

our @EXPORT_OK = qw(describe_update describe_file show_list show_update show_file);

# An update in the kernel; fails if there is none with this id.
sub describe_update ($kernel, $kid) {
    my $stage = is_kid($kid) ? $kernel->stage($kid) : undef;
    if (!defined $stage) {
        my @there = map { $_->[0] } $kernel->updates;
        no_such_update("no update '$kid' in the kernel; "
            . (@there ? 'it has: ' . join(' ', @there) : 'it has none'));
    }
    my %text = map { $_ => $kernel->read_update_file($kid, $_) }
        qw(abort_cause reason patches pause_ns match hash needs replaces);
    my %may = map { $_ => $kernel->may_read($kid, $_) } qw(patches reason);
    my (@functions, @data, %seen);
    for my $line (split /\n/, $text{patches}) {
        my ($target, $name, $old, $new, $kind) = split / /, $line;
        push @{ defined $kind ? \@data : \@functions },
            { target => $target, name => $name, old => $old, new => $new };
    }
    my @matched = map {
        my ($target, $text) = split / /, $_, 2;
        { target => $target, text => $text };
    } split /\n/, $text{match};
    my @targets = grep { !$seen{$_}++ } map { $_->{target} } @matched, @functions, @data;
    my @awaited = $kernel->awaited($kid);
    my %is_open = map { $_->{target} => 1 } grep { $_->{state} ne 'applied' } @awaited;
    my @held = $stage eq 'applied' ? grep { $_ ne 'vmlinux' && !$is_open{$_} } @targets : ();
    return {
        id => $kid, hash => $text{hash}, stage => $stage,
        (map { $_ => [map { s/=.*//r } split / /, $text{$_}] } qw(needs replaces)),
        functions => $may{patches} ? \@functions : undef, data => $may{patches} ? \@data : undef,
        targets => \@targets, matched => \@matched, awaited => \@awaited, holds => \@held,
        abort_cause => $text{abort_cause}, reason => $may{reason} ? $text{reason} : undef,
        pause_ns => $text{pause_ns} =~ /^\d+\z/ ? \$text{pause_ns} : undef,
    };
}

# An update from read_update.
sub describe_file ($update) {
    my $dir = $update->{dir};
    my $patch = -f "$dir/patch" ? read_file("$dir/patch") : '';
    my $summary = -f "$dir/summary" ? read_file("$dir/summary") : '';
    my @modules = map { { target => $_->{target}, old => $_->{old}, new => $_->{new} } }
        @{ $update->{changes} };
    return {
        (map { $_ => $update->{$_} } qw(release arch core hash)), id => $update->{kid},
        needs => [map { $_->{kid} } @{ $update->{needs} }],
        description => $update->{description} =~ s/\s+\z//r, changes => \@modules,
        summary => [split /\n/, $summary], patch => $patch,
        patched_files => [patched_files($patch)],
    };
}

# The files that a patch changes, without their first directory.
sub patched_files ($patch) {
    my %seen;
    my @files = $patch =~ m{^(?:---|\+\+\+) ([^\t\n]+)}mg;
    return grep { !$seen{$_}++ } map { s{^[^/]+/}{}r } grep { $_ ne '/dev/null' } @files;
}

sub show_list ($updates) {
    if (!@$updates) {
        print "the kernel has no updates\n" unless quiet;
        return;
    }
    my $layout = "%-16s  %-9s  %9s  %s\n";
    printf $layout, qw(id stage functions targets) unless quiet;
    for my $update (@$updates) {
        my %said = (absent => 'awaited', unpatched => 'not patched');
        my %open = map { $_->{target} => $said{ $_->{state} } }
            grep { $said{ $_->{state} } } @{ $update->{awaited} };
        my @targets = ((grep { !$open{$_} } @{ $update->{targets} }),
            map { "$_ ($open{$_})" } sort keys %open);
        my $functions = $update->{functions};
        print printable(sprintf $layout, @$update{qw(id stage)},
            $functions ? scalar @$functions : '?', join(' ', @targets) || '-');
    }
    return;
}

sub show_update ($update) {
    show_pair('id', $update->{id});
    show_pair('hash', $update->{hash}) if length $update->{hash};
    show_pair('stage', $update->{stage});
    show_others($update);
    my ($cause, $reason) = @$update{qw(abort_cause reason)};
    show_pair('refused', refusal_text($cause, $reason)) if $cause !~ /^(?:|ok)\z/;
    show_pair('paused', sprintf '%.0f us', ${ $update->{pause_ns} } / 1000) if $update->{pause_ns};
    show_pair('target', "$_->{target}: $_->{text}") for @{ $update->{matched} };
    show_pair('awaits', "$_->{target}: " . awaited_text($_)) for @{ $update->{awaited} };
    show_pair('holds', join ' ', @{ $update->{holds} }) if @{ $update->{holds} };
    show_pair('functions', 'visible to root only') if !$update->{functions};
    for my $kind (qw(functions data)) {
        my @replaced = @{ $update->{$kind} // [] };
        printf "\n%-16s  %-16s  %s\n", qw(original new), $kind =~ s/s\z//r if @replaced && !quiet;
        for my $one (@replaced) {
            print printable(sprintf "%-16s  %-16s  %s\n", @$one{qw(old new)},
                $one->{target} eq 'vmlinux' ? $one->{name} : "$one->{name} [$one->{target}]");
        }
    }
    return;
}

sub refusal_text ($cause, $reason) {
    my $text = raw_errors ? $cause : abort_sentence($cause) // $cause;
    return "$text: the reason is visible to root only" if !defined $reason;
    return length $reason ? "$text: $reason" : $text;
}

sub awaited_text ($awaited) {
    my ($state, $cause, $reason) = @$awaited{qw(state abort_cause reason)};
    return 'not loaded, will be patched when loaded' if $state eq 'absent';
    return 'patched when it was loaded'           if $state eq 'applied';
    return 'loaded, but NOT patched: ' . ($cause eq 'ok' ? 'ksplice-apply --complete was not run'
        : refusal_text($cause, $reason));
}

sub show_file ($file) {
    show_pair($_, $file->{$_}) for qw(id hash release arch);
    show_others($file);
    show_pair('target', $_->{target}) for @{ $file->{changes} };
    show_pair('file', $_) for @{ $file->{patched_files} };
    print printable(join '', "\n", map { "$_\n" } @{ $file->{summary} }) if @{ $file->{summary} };
    print printable("\n$file->{description}\n") if length $file->{description};
    print printable("\n$file->{patch}") if verbose && length $file->{patch};
    return;
}

# The ids of the updates that it needs or replaces.
sub show_others ($update) {
    for my $how (qw(needs replaces)) {
        my @kids = @{ $update->{$how} // [] };
        show_pair($how, "@kids") if @kids;
    }
    return;
}

sub show_pair ($name, $text) {
    print printable(sprintf "%-9s %s\n", "$name:", $text);
    return;
}

1;
