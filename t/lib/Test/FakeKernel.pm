# SPDX-License-Identifier: GPL-2.0-only
#
# Test::FakeKernel - a kernel for tests of Ksplice::Apply that need no kernel
#
# Keeps the same rules as the real one where the commands depend on them: a
# module cannot be loaded twice, old code needs the core, `applied` needs all
# modules, a module that is in use stays.  What it was asked to do is in {did}.
# refuse => {'insmod FILE' or 'rmmod NAME' or 'stage STAGE' => [WORDS, CAUSE,
# REASON]} makes a step fail; a coderef is called instead (and returns such a
# list, or nothing to go on).

package Test::FakeKernel;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use File::Basename  qw(basename);
use Ksplice::Update qw(API_VERSION);

sub new ($class, %with) {
    return bless {
        release => '6.1.0-56-amd64', arch => 'x86_64', root => 1, core_has => API_VERSION,
        modules => [], update => {}, order => [], refuse => {}, did => [], paused => 0, log => [],
        %with,
    }, $class;
}

sub release ($self) { return $self->{release} }
sub arch    ($self) { return $self->{arch} }
sub is_root ($self) { return $self->{root} }
sub missing ($self) { return $self->{missing} // '' }

# Held by another for so many seconds.
sub lock ($self, $patience) {
    my $held = $self->{held} // 0;
    Ksplice::busy('locked') if $held > $patience;
    $self->{paused} += $held;
    return $held;
}

# secret => [NAME...] are those that this user may not read.
sub may_read ($self, $kid, $name) {
    return !grep { $_ eq $name } @{ $self->{secret} // [] };
}

sub pause ($self, $seconds) {
    $self->{paused} += $seconds;
    return;
}

# aside => sub: what the usermode helper does then.
sub step_aside ($self, $seconds) {
    my $helper = delete $self->{aside};
    $helper->($self) if $helper;
    return $self->pause($seconds);
}

sub lock_turn ($self, $patience) { return $self->lock($patience) }

sub now ($self) { return $self->{paused} }

# running => {KID => sub}: what a request leads to that a killed command has made.
sub wait_request ($self, $kid) {
    my $end = delete $self->{running}{$kid};
    $end->($self->{update}{$kid}) if $end;
    return 'none';
}

sub write_kick ($self, $kid, $kick) {
    push @{ $self->{did} }, "kick $kick";
    return '';
}

sub has_module ($self, $name) { return scalar grep { $_ eq $name } @{ $self->{modules} } }
sub modules    ($self)        { return join ' ', @{ $self->{modules} } }

# What the step is refused with, or nothing.
sub refusal ($self, $step) {
    push @{ $self->{did} }, $step;
    my $refusal = $self->{refuse}{$step} // return;
    return ref $refusal eq 'CODE' ? $refusal->($self) : @$refusal;
}

sub module_name ($self, $path) {
    return $self->{names}{ basename($path) } // basename($path) =~ s/\.ko\z//r =~ s/-/_/gr;
}

# ksplice-KID-TARGET-SIDE.ko; no KID or TARGET of the tests has '-' or '_'.  The
# parameter is kept as the core keeps it.
sub insmod ($self, $path, @parameters) {
    my $file = basename($path);
    my $name = $file =~ s/\.ko\z//r =~ s/-/_/gr;
    my (undef, $kid, $target, $side) = split /_/, $name;
    my ($words, $cause, $reason) = $self->refusal("insmod $file");
    return 'File exists' if $self->has_module($name);
    return 'Unknown symbol in module' if $kid && !$self->has_module('ksplice');
    if ($kid && $side eq 'old') {
        push @{ $self->{order} }, $kid unless $self->{update}{$kid};
        my $update = $self->{update}{$kid} //=
            { stage => 'preparing', match => '', n => $self->{n} // 0 };
        @$update{qw(abort_cause reason)} = ($cause // 'ok', $reason // '');
        my $hash = "@parameters" =~ s/^hash=//r;
        return 'Exec format error' if ($update->{hash} //= $hash) ne $hash;
        $update->{match} .= "$target matched 2 of 2 functions in 7 us\n" unless $words;
        $update->{stage} = 'matched' unless $words || $update->{stage} eq 'applied';
    }
    return $words if $words;
    push @{ $self->{modules} }, $name;
    return '';
}

sub rmmod ($self, $name) {
    my ($words) = $self->refusal("rmmod $name");
    return $words if $words;
    return "Module $name is not currently loaded" unless $self->has_module($name);
    my (undef, $kid, $target, $side) = split /_/, $name;
    my @users = grep { $kid ? /_${kid}_${target}_new\z/ && $side eq 'old' : /^ksplice_/ }
        @{ $self->{modules} };
    return "Module $name is in use by: @users" if @users;
    return "Module $name is in use" if $kid && $self->{update}{$kid}{stage} eq 'applied'
        && ($self->{update}{$kid}{awaits}{$target} // 1);
    @{ $self->{modules} } = grep { $_ ne $name } @{ $self->{modules} };
    $self->drop($kid) if $kid && $self->{update}{$kid}{stage} ne 'applied'
        && !grep { /^ksplice_${kid}_/ } @{ $self->{modules} };
    return '';
}

sub drop ($self, $kid) {
    delete $self->{update}{$kid};
    @{ $self->{order} } = grep { $_ ne $kid } @{ $self->{order} };
    return;
}

sub core_version ($self) { return $self->has_module('ksplice') ? $self->{core_has} : undef }
sub updates ($self) { return map { [$_, $self->{update}{$_}{stage}] } @{ $self->{order} } }

sub stage ($self, $kid) {
    my $update = $self->{update}{$kid} // return undef;
    return $update->{stage};
}

sub read_update_file ($self, $kid, $name) {
    return '' unless $self->{update}{$kid};
    return ($self->{update}{$kid}{$name} // '') =~ s/\n\z//r;
}

sub write_stage ($self, $kid, $stage) {
    my ($words, $cause, $reason, $conflicts) = $self->refusal("stage $stage");
    my $update = $self->{update}{$kid};
    @$update{qw(abort_cause reason conflicts)} = ($cause // 'ok', $reason // '', $conflicts // '');
    return $words if defined $words;
    my @old = grep { /^ksplice_${kid}_.*_old\z/ } @{ $self->{modules} };
    my @new = grep { /^ksplice_${kid}_.*_new\z/ } @{ $self->{modules} };
    my $n = $update->{n} && $update->{stage} ne 'applied' ? $update->{n} : @old;
    my @absent = grep { my $target = $_; !grep { /_${target}_old\z/ } @old }
        keys %{ $update->{awaits} // {} };
    return 'Invalid argument' if @new != @old || $n != @old
        + ($update->{stage} eq 'applied' ? 0 : @absent);
    for my $target (keys %{ $update->{awaits} // {} }) {
        $update->{awaits}{$target} = 1 if grep { /_${target}_new\z/ } @new;
    }
    $update->{stage} = $stage unless $stage eq 'try';
    if ($stage eq 'applied') {
        my $replaces = ref $update->{replaces} ? $update->{replaces} : [];
        $self->{update}{$_}{stage} = 'reversed' for @$replaces;
        $update->{replaces} = "@$replaces";
    }
    $update->{patches} =
        @old ? $self->{patches} // "vmlinux f 01 02\nvmlinux g 03 04\n" : '';
    $update->{pause_ns} = $stage eq 'try' ? 0 : 123456;
    return '';
}

sub store ($self) { return $self->{store} }

sub await ($self, $kid, $hash, $n, $program, @targets) {
    my ($words) = $self->refusal("await $kid");
    return $words if $words;
    push @{ $self->{order} }, $kid;
    $self->{update}{$kid} = { stage => $n == @targets ? 'matched' : 'preparing', match => '',
        n => $n, hash => $hash, awaits => { map { $_ => 0 } @targets } };
    return '';
}

sub name_others ($self, $kid, $how, @kids) {
    my ($words) = $self->refusal("$how @kids");
    return $words if $words;
    $self->{update}{$kid}{$how} = $how eq 'needs' ? "@kids" : [@kids];
    return '';
}

sub awaited ($self, $kid) {
    my $awaits = $self->{update}{$kid}{awaits} // {};
    return map { {
        target => $_, abort_cause => 'ok', reason => '',
        state => $awaits->{$_} ? 'applied' : $self->has_module($_) ? 'unpatched' : 'absent',
    } } sort keys %$awaits;
}

sub forget ($self, $kid) {
    push @{ $self->{did} }, "forget $kid";
    return 'Device or resource busy' if grep { /^ksplice_${kid}_/ } @{ $self->{modules} };
    $self->drop($kid);
    return '';
}

sub log_mark  ($self)        { return 1 }
sub log_since ($self, $mark) { return @{ $self->{log} } }
sub debug_log ($self, $kid)  { return $self->{update}{$kid} ? "log of $kid\n" : undef }

1;
