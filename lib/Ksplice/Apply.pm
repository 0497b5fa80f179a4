# SPDX-License-Identifier: GPL-2.0-only
#
# Apply.pm - apply an update to the kernel, and undo it
#
# The steps: core, each -old.ko (it matches), each -new.ko (the kernel links it),
# stage `applied`.  For a partial update, the other changes are kept (Store.pm) and
# the core gets the names of the awaited modules.  It runs ksplice-apply when one
# is loaded, and again when one is unloaded before undo.  Each completed step is
# recorded.  A failure reads the reason, then reverts the steps in reverse order: a
# failed apply leaves the machine as it was.  A stage counts as reached when the
# core reports it, whatever the write returned.  The kernel is a parameter
# (Kernel.pm), so tests run all of this.

package Ksplice::Apply;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter        qw(import);
use Ksplice         qw(busy fail failure_text no_such_update note printable progress verbose
    warning);
use Ksplice::Abort  qw(fail_abort is_busy);
use Ksplice::Report qw(fact);
use Ksplice::Store  qw(keep_update kept_update kept_kids drop_update);
use Ksplice::Update qw(API_VERSION is_kid module_name);

our @EXPORT_OK = qw(apply_update try_update undo_update undo_all complete_target
    release_target);

my @pauses = (0.25, 0.5, 1);    # the last again and again
my $shown = 8;                  # conflicting tasks, without -v
my $patience = 5;               # seconds for tasks to leave, without --wait
my $lock_patience = 60;         # for other commands
my $core = 'ksplice';

# Set by the command: the program for the core to run, ksplice-apply itself.
our $program = '';

# apply_update(KERNEL, UPDATE, {partial, replace, debug, wait, kick}): having nothing to
# do is success.
sub apply_update ($kernel, $update, $option) {
    my $kid = $update->{kid};
    $option = begin($kernel, $option);
    clear_unfinished($kernel);
    my $changes = changes_to_apply($kernel, $update, $option) or return;
    my ($present, $replaced) = @$changes{qw(present replaced)};
    with_steps_back($kernel, $update, $option, sub ($done) {
        announce_update($kernel, $update, $changes, $done);
        load_old_code($kernel, $update, $done, @$present);
        load_module($kernel, $update, $_, 'new', $done) for @$present;
        push @$done, @$replaced ? [replaced => @$replaced] : ['applied'];
        change_stage($kernel, $kid, 'applied', $option);
        @$done = ();
    });
    uninterrupted(sub {
        warning($_) for notes($kernel, $kid);
        note("update '$kid' is applied: " . describe_applied($kernel, $kid));
        remove_replaced($kernel, $kid, @$replaced);
    });
    # A module that was loaded before the core awaited it.
    apply_late($kernel, $update, $option);
    return;
}

# The same up to the stop, then reverts everything.
sub try_update ($kernel, $update, $option) {
    my $kid = $update->{kid};
    $option = begin($kernel, $option);
    clear_unfinished($kernel);
    my $changes = changes_to_apply($kernel, $update, $option) or return;
    with_steps_back($kernel, $update, $option, sub ($done) {
        my @present = @{ $changes->{present} };
        announce_update($kernel, $update, $changes, $done);
        load_old_code($kernel, $update, $done, @present);
        note($_) for split /\n/, $kernel->read_update_file($kid, 'match');
        load_module($kernel, $update, $_, 'new', $done) for @present;
        my $problem = $kernel->write_stage($kid, 'try');
        fail_stage($kernel, $kid, 'applied', $problem,
            $kernel->read_update_file($kid, 'abort_cause')) if $problem;
        note("update '$kid' can be applied: " . describe_applied($kernel, $kid)
            . '; nothing was changed');
    });
    return;
}

# undo_update(KERNEL, KID, {debug, wait, kick})
sub undo_update ($kernel, $kid, $option) {
    $option = begin($kernel, $option);
    check_core_version($kernel);
    clear_unfinished($kernel, $kid);
    my $stage = is_kid($kid) ? $kernel->stage($kid) : undef;
    if (!defined $stage) {
        my @there = applied_updates($kernel);
        my $problem = remove_core($kernel);
        fail("cannot remove the ksplice core: $problem") if $problem;
        no_such_update("no update '$kid' is applied; "
            . (@there ? 'applied: ' . join(' ', @there) : 'none is'));
    }
    if ($stage ne 'applied') {
        clear_leftovers($kernel, $kid);
        no_such_update("no update '$kid' is applied; its leftovers are removed now");
    }
    undo_applied($kernel, $kid, $option);
    return;
}

# undo_all(KERNEL, {debug, wait, kick}): the newest first, up to one that is refused.
sub undo_all ($kernel, $option) {
    $option = begin($kernel, $option);
    check_core_version($kernel);
    clear_unfinished($kernel);
    my @updates = reverse $kernel->updates;
    my @undone;
    fact(undone => \@undone);
    for (@updates) {
        my ($kid, $stage) = @$_;
        fact(update => $kid);
        if ($stage ne 'applied') {
            clear_leftovers($kernel, $kid);
            note("leftovers of update '$kid' are removed");
            next;
        }
        undo_applied($kernel, $kid, $option);
        push @undone, $kid;
    }
    my $problem = remove_core($kernel);
    fail("cannot remove the ksplice core: $problem") if $problem;
    note('no update was applied') if !@undone;
    return;
}

sub undo_applied ($kernel, $kid, $option) {
    eval { change_stage($kernel, $kid, 'reversed', $option); 1 } or do {
        my $error = $@;
        show_debug_log($kernel, $kid) if $option->{debug};
        die $error;
    };
    uninterrupted(sub {
        drop_update($kernel->store, $kid);
        my $problem = remove_leftovers($kernel, $kid, targets($kernel, $kid));
        busy("update '$kid' is reversed, but cannot be removed: $problem") if $problem;
        note("update '$kid' is undone");
    });
    return;
}

# The kernel is changed: reports that and removes what is left, even after a signal to
# stop.
sub uninterrupted ($body) {
    local @SIG{qw(INT TERM HUP)} = ('IGNORE') x 3;
    $body->();
    return;
}

# A killed command may have left updates between two stages.  No other command is running,
# so the kernel is waited for, which finishes the last request, and updates that are not
# applied then are removed.  The caller reports on the update $own itself.  Modules that
# were loaded by hand have no hash, and stay.
sub clear_unfinished ($kernel, $own = '') {
    return if ($kernel->core_version // API_VERSION) ne API_VERSION;
    $kernel->wait_request($_->[0]) for $kernel->updates;
    my @left = grep { $_->[1] ne 'applied' && $_->[0] ne $own
        && length $kernel->read_update_file($_->[0], 'hash') } $kernel->updates;
    my @removed;
    for (reverse @left) {
        my ($kid, $stage) = @$_;
        drop_update($kernel->store, $kid);
        my $problem = remove_modules($kernel, $kid, targets($kernel, $kid));
        warning("leftovers of update '$kid' from an earlier command cannot be removed: $problem")
            if $problem;
        next if $problem;
        forget($kernel, $kid);
        note("an earlier command has left update '$kid' ($stage); it is removed");
        push @removed, $kid;
    }
    fact(leftovers => \@removed) if @removed;
    my %is_known = map { $_->[0] => 1 } $kernel->updates;
    drop_update($kernel->store, $_) for grep { !$is_known{$_} } kept_kids($kernel->store);
    return;
}

sub clear_leftovers ($kernel, $kid) {
    drop_update($kernel->store, $kid);
    my $problem = remove_leftovers($kernel, $kid, targets($kernel, $kid));
    fail("no update '$kid' is applied; its leftovers cannot be removed: $problem")
        if $problem;
    return;
}

# --- modules that are loaded and unloaded ----------------------------------

# complete_target(KERNEL, TARGET, {debug}): applies the changes of all updates to a
# module that was loaded after them, the oldest update first.
sub complete_target ($kernel, $target, $option) {
    begin_late($kernel);
    check_core_version($kernel);
    my (@problems, $n);
    my $is_loaded = $kernel->has_module($target);
    for my $kid (map { $_->[0] } grep { $_->[1] eq 'applied' } $kernel->updates) {
        next unless grep { $_->{target} eq $target } $kernel->awaited($kid);
        $n++;
        next unless $is_loaded;
        eval { apply_late($kernel, kept_update($kernel->store, $kid), $option, $target); 1 }
            or push @problems, "update '$kid': " . failure_text($@);
    }
    fail("no update awaits the module '$target'") if !$n;
    fail("module '$target' is not loaded") if !$is_loaded;
    fail("module '$target' is not patched by " . join "\n  ", @problems) if @problems;
    return;
}

# release_target(KERNEL, TARGET): unloads the modules of all changes to a module that
# was unloaded before undo, the newest update first.
sub release_target ($kernel, $target) {
    begin_late($kernel);
    for my $kid (reverse map { $_->[0] } $kernel->updates) {
        next if grep { $_->{target} eq $target && $_->{state} eq 'applied' }
            $kernel->awaited($kid);
        my $problem = remove_modules($kernel, $kid, $target);
        fail("the modules of update '$kid' for '$target' cannot be unloaded: $problem") if $problem;
    }
    return;
}

# Passes to the core what it needs before the modules: the awaited targets, whose
# modules are kept, and the updates that this one needs or replaces.
sub announce_update ($kernel, $update, $changes, $done) {
    my $kid = $update->{kid};
    my @absent = @{ $changes->{absent} };
    my %others = (needs => [map { "$_->{kid}=$_->{hash}" } @{ $update->{needs} // [] }],
        replaces => $changes->{replaced});
    return if !@absent && !grep { @$_ } values %others;
    push @$done, ['awaited'];
    keep_update($kernel->store, $update, @absent) if @absent;
    my $n = @{ $update->{changes} };
    my $problem = $kernel->await($kid, $update->{hash}, $n, $program,
        map { $_->{target} } @absent);
    fail("cannot have the core await the modules of '$kid': $problem") if $problem;
    for my $how (grep { @{ $others{$_} } } sort keys %others) {
        $problem = $kernel->name_others($kid, $how, @{ $others{$how} });
        fail("cannot pass the updates that '$kid' $how to the core: $problem") if $problem;
    }
    return;
}

# Applies the changes, of one target or all, whose modules have been loaded since.
sub apply_late ($kernel, $update, $option, $only = undef) {
    my $kid = $update->{kid};
    my @open = grep { $_->{state} eq 'unpatched' } $kernel->awaited($kid);
    for my $target (map { $_->{target} } @open) {
        next if defined $only && $target ne $only;
        my ($change) = grep { $_->{target} eq $target } @{ $update->{changes} };
        fail("update '$kid' has no change of '$target'") unless $change;
        my $problem = remove_modules($kernel, $kid, $target);
        fail("cannot remove leftovers for '$target': $problem") if $problem;
        with_steps_back($kernel, $update, $option, sub ($done) {
            load_late($kernel, $update, $change, $done);
            load_module($kernel, $update, $change, 'new', $done);
            change_stage($kernel, $kid, 'applied', { %$option, is_late => 1 });
            @$done = ();
        });
        note("module '$target' is patched by update '$kid'");
    }
    return;
}

# Retries while the module runs its init function.
sub load_late ($kernel, $update, $change, $done) {
    for my $pause (@pauses, 4, 8, undef) {
        last if eval { load_module($kernel, $update, $change, 'old', $done); 1 };
        my $error = $@;
        my $cause = $kernel->read_update_file($update->{kid}, 'abort_cause');
        die $error unless $cause eq 'module_busy' && defined $pause;
        pop @$done;
        $kernel->pause($pause);
    }
    return;
}

# --- before anything is touched --------------------------------------------

# Returns the options, with the time that was spent waiting for another command
# subtracted from `wait`.
sub begin ($kernel, $option) {
    check_rights($kernel);
    my $wait = $option->{wait};
    my $waited = $kernel->lock($wait // $lock_patience);
    return $option if !defined $wait;
    return { %$option, wait => $wait > $waited ? $wait - $waited : 0 };
}

# For a module that is held until we are done: without the lock that another command may
# have for as long as it waits for tasks.
sub begin_late ($kernel) {
    check_rights($kernel);
    $kernel->lock_turn($lock_patience);
    return;
}

sub check_rights ($kernel) {
    fail('only root can change the running kernel: run it as root') unless $kernel->is_root;
    my $missing = $kernel->missing;
    fail($missing) if length $missing;
    return;
}

# -> {present, absent, replaced}: the changes whose targets are loaded, the others, and
# the ids of the updates to replace; nothing if the update is already applied.  Fails if
# it is for another kernel, if an update that it needs is not applied, and without
# --partial if a target is not loaded.
sub changes_to_apply ($kernel, $update, $option) {
    my $kid = $update->{kid};
    for my $what (qw(release arch)) {
        my ($ours, $theirs) = ($update->{$what}, $kernel->$what);
        fail("update '$kid' is for a kernel of $what '$ours', but '$theirs' is running")
            if $ours ne $theirs;
    }
    check_module_names($kernel, $update);
    check_core_version($kernel);
    my $stage = $kernel->stage($kid);
    my @replaced = updates_to_replace($kernel, $update, $option->{replace});
    if (defined $stage && $stage eq 'applied') {
        check_same($kernel, $update);
        fail("update '$kid' is already applied, and so are the updates to replace: "
            . quoted(@replaced) . '; undo them') if @replaced;
        fact(stage => $stage);
        note("update '$kid' is already applied");
        apply_late($kernel, $update, $option) unless $option->{'dry-run'};
        return;
    }
    my @changes = @{ $update->{changes} };
    my @targets = map { $_->{target} } @changes;
    my @absent = grep { $_ ne 'vmlinux' && !$kernel->has_module($_) } @targets;
    my $names = join ', ', map { "'$_'" } @absent;
    fail_abort('target_not_loaded', $names)
        if @absent && !$option->{partial};
    note("not loaded, will be patched when loaded: $names") if @absent;
    my $problem = defined $stage ? remove_leftovers($kernel, $kid, @targets) : '';
    fail("cannot remove leftovers of update '$kid': $problem") if $problem;
    my %is_absent = map { $_ => 1 } @absent;
    return {
        replaced => \@replaced,
        present => [grep { !$is_absent{$_->{target}} } @changes],
        absent  => [grep { $is_absent{$_->{target}} } @changes],
    };
}

# Fails unless the update that is applied under this id is the same one.
sub check_same ($kernel, $update) {
    my ($kid, $hash) = @$update{qw(kid hash)};
    my $applied = $kernel->read_update_file($kid, 'hash');
    return if $applied eq $hash;
    fact(applied_hash => $applied);
    fail("another update with the id '$kid' is applied: its hash is "
        . (length $applied ? $applied : 'not known')
        . ", that of '$update->{path}' is $hash\n"
        . "  undo '$kid' first, or build this one with another --id");
}

# A module is loaded under its internal name, whatever the name of its file.
sub check_module_names ($kernel, $update) {
    my %expected = ($update->{core} => $core);
    for my $change (@{ $update->{changes} }) {
        $expected{ $change->{$_} } = module_name($update->{kid}, $change->{target}, $_)
            for qw(old new);
    }
    for my $file (sort keys %expected) {
        my $name = $kernel->module_name("$update->{dir}/$file");
        next if $name eq $expected{$file};
        fail("'$file' of '$update->{path}' is the module '$name', not '$expected{$file}'; "
            . 'build the update again');
    }
    return;
}

sub applied_updates ($kernel) {
    return map { $_->[0] } grep { $_->[1] eq 'applied' } $kernel->updates;
}

sub quoted (@names) { return join ', ', map { "'$_'" } @names }

# The ids in the order of applying.  Fails if one is not applied or must stay, or if an
# update that this one needs is not applied.
sub updates_to_replace ($kernel, $update, $wanted) {
    my $kid = $update->{kid};
    my @applied = applied_updates($kernel);
    my %is_applied = map { $_ => 1 } @applied;
    my @needs = @{ $update->{needs} // [] };
    check_needed($kernel, $update, $is_applied{ $_->{kid} }, $_) for @needs;
    return if !defined $wanted;
    my %is_wanted = map { $_ => 1 } $wanted eq 'all' ? grep { $_ ne $kid } @applied
        : split /,/, $wanted;
    if ($is_applied{$kid}) {
        my @was = split / /, $kernel->read_update_file($kid, 'replaces');
        delete @is_wanted{ grep { !$is_applied{$_} } @was };
    }
    fail("update '$kid' cannot replace itself: give it another id (ksplice-create --id)")
        if $is_wanted{$kid};
    for my $other (sort keys %is_wanted) {
        fail_abort('missing_update', "'$kid' should replace '$other'") if !$is_applied{$other};
        fail("update '$kid' was built on top of '$other' and cannot replace it: build it from the "
            . 'source without it') if grep { $_->{kid} eq $other } @needs;
    }
    return grep { $is_wanted{$_} } @applied;
}

# The update that this one was built on top of, and not only another one of its id.
sub check_needed ($kernel, $update, $is_applied, $need) {
    my ($ours, $kid, $hash) = ($update->{kid}, @$need{qw(kid hash)});
    fail_abort('missing_update', "'$ours' needs '$kid'") if !$is_applied;
    my $applied = $kernel->read_update_file($kid, 'hash');
    return if $applied eq $hash;
    fact(applied_hash => $applied);
    fail("'$ours' was built on top of the update '$kid' with the hash $hash,\n"
        . "  but the '$kid' that is applied has "
        . (length $applied ? "the hash $applied" : 'no known hash')
        . "\n  undo that and apply the other one, or build '$ours' again with --on-top-of the "
        . 'applied one');
}

sub check_core_version ($kernel) {
    my $version = $kernel->core_version // return;
    return if $version eq API_VERSION;
    fail("the loaded ksplice core has api version '$version', this command has "
        . API_VERSION . ': undo all updates with the ksplice that applied them first');
}

# --- steps -----------------------------------------------------------------

# Runs the body with a list of steps, [module => NAME], ['awaited'] (there are
# files in the store), ['applied'] or [replaced => KID...], each added
# just before it is tried.  Reverts those that are in the list at the end, also
# after a failure or a signal.  An update that has replaced others stays: without
# it their fixes would be missing.
sub with_steps_back ($kernel, $update, $option, $body) {
    my $had_core = defined $kernel->core_version;
    my @done;
    my $ok = eval {
        load_core($kernel, $update, \@done) unless $had_core;
        $body->(\@done);
        1;
    };
    my $error = $@;
    uninterrupted(sub {
        show_debug_log($kernel, $update->{kid}) if !$ok && $option->{debug};
        take_back($kernel, $update->{kid}, @done);
    });
    die $error unless $ok;
    return;
}

sub take_back ($kernel, $kid, @done) {
    while (my $step = pop @done) {
        my ($kind, $name) = @$step;
        if ($kind eq 'applied') {
            $kernel->wait_request($kid);
            next if ($kernel->stage($kid) // '') ne 'applied';
            my ($problem) = write_stage($kernel, $kid, 'reversed', {});
            next unless $problem;
            warning("cannot reverse update '$kid', which stays applied: $problem");
            return;
        }
        if ($kind eq 'replaced') {
            my (undef, @replaced) = @$step;
            $kernel->wait_request($kid);
            next if ($kernel->stage($kid) // '') ne 'applied';
            warning("update '$kid' stays applied, because it has replaced " . quoted(@replaced));
            remove_replaced($kernel, $kid, @replaced);
            return;
        }
        if ($kind eq 'awaited') {
            drop_update($kernel->store, $kid);
            next;
        }
        forget($kernel, $kid) if $name eq $core;
        next if $name eq $core && (grep { $_->[0] ne $kid } $kernel->updates);
        my $problem = $kernel->has_module($name) ? remove_module($kernel, $name) : '';
        warning("cannot remove the module '$name': $problem") if $problem;
    }
    forget($kernel, $kid);
    return;
}

# An update without modules stays in the core until it is forgotten.
sub forget ($kernel, $kid) {
    return if !defined $kernel->stage($kid) || $kernel->stage($kid) eq 'applied';
    my $problem = $kernel->forget($kid);
    warning("cannot forget update '$kid': $problem") if $problem;
    return;
}

sub load_core ($kernel, $update, $done) {
    my $mark = $kernel->log_mark;
    push @$done, [module => $core];
    my $problem = $kernel->insmod("$update->{dir}/$update->{core}");
    if ($problem) {
        my @words = $kernel->log_since($mark);
        fail(join "\n  kernel: ", "cannot load the ksplice core: $problem", @words);
    }
    fail('the ksplice core is loaded, but has no files in /sys/kernel/ksplice')
        unless defined $kernel->core_version;
    check_core_version($kernel);
    return;
}

sub load_old_code ($kernel, $update, $done, @changes) {
    for my $change (@changes) {
        progress("matching $change->{target}",
            sub { load_module($kernel, $update, $change, 'old', $done) });
    }
    return;
}

sub load_module ($kernel, $update, $change, $side, $done) {
    my $kid = $update->{kid};
    my $mark = $kernel->log_mark;
    push @$done, [module => module_name($kid, $change->{target}, $side)];
    my $problem = $kernel->insmod("$update->{dir}/$change->{$side}", "hash=$update->{hash}")
        || return;
    my @words = map { "kernel: $_" } $kernel->log_since($mark);
    my ($cause, $reason) = map { $kernel->read_update_file($kid, $_) } qw(abort_cause reason);
    fail_abort($cause, $reason, verbose ? @words : ()) if $cause !~ /^(?:|ok)\z/;
    fail(join "\n  ", "cannot load '$change->{$side}': $problem", @words);
}

# Fails unless the stage is reached; retries for a while if code is busy.
sub change_stage ($kernel, $kid, $stage, $option) {
    my $kicks = $kernel->read_update_file($kid, 'kick') eq '1';    # of a killed command
    my $problem = $option->{kick} || $kicks ? $kernel->write_kick($kid, $option->{kick} ? 1 : 0)
        : '';
    fail("cannot kick tasks: $problem") if $problem;
    ($problem, my $cause) = write_stage($kernel, $kid, $stage, $option);
    $kernel->write_kick($kid, 0) if $option->{kick};
    fail_stage($kernel, $kid, $stage, $problem, $cause) if $problem;
    my $ns = $kernel->read_update_file($kid, 'pause_ns');
    fact(stage => $stage, $ns =~ /^\d+\z/ ? (pause_ns => \$ns) : ());
    return;
}

# Fails with the reason of the core; `stage` is the one that was not reached.
sub fail_stage ($kernel, $kid, $stage, $problem, $cause) {
    my $reason = $kernel->read_update_file($kid, 'reason');
    my @conflicts = conflicts($kernel->read_update_file($kid, 'conflicts'));
    fact(conflicts => \@conflicts);
    my @details = $cause eq 'code_busy' ? describe_conflicts($stage, @conflicts) : ();
    fail_abort($cause, $reason, @details) if $cause !~ /^(?:|ok)\z/;
    fail_abort('unexpected', "the stage of '$kid' is not '$stage' after writing it: $problem");
}

# -> (problem, abort cause); no problem if the core reports the stage.  While it waits for
# tasks, modules that are loaded are patched for the updates that are applied.  The change
# of such a module does not wait for another command, which may undo its update.
sub write_stage ($kernel, $kid, $stage, $option) {
    my $wait = $option->{is_late} ? 'pause' : 'step_aside';
    my $until = $kernel->now + ($option->{wait} // $patience);
    my @left = @pauses;
    while (1) {
        my $problem = $kernel->write_stage($kid, $stage);
        my $now = $kernel->stage($kid) // 'gone';
        return ('', 'ok') if !$problem && $now eq $stage;
        my $cause = $kernel->read_update_file($kid, 'abort_cause');
        my $pause = @left > 1 ? shift @left : $left[0];
        return ($problem || "it is '$now'", $cause)
            if !is_busy($cause) || $kernel->now + $pause > $until;
        $kernel->$wait($pause);
    }
}

# The conflicting tasks, from the text of the core.
sub conflicts ($text) {
    my @conflicts;
    for my $line (split /\n/, $text) {
        if ($line =~ /^(\d+) (.*) (\S+)\+0x([0-9a-f]+)\z/) {
            push @conflicts, { pid => \"$1", command => $2, function => $3, offset => \hex $4,
                stack => [] };
        }
        elsif (@conflicts && $line =~ /^  (\S+)/) { push @{ $conflicts[-1]{stack} }, $1 }
    }
    return @conflicts;
}

# A line for each of the first few; with -v for all, with their stacks.  Then the
# remedies.
sub describe_conflicts ($stage, @conflicts) {
    my (@lines, %in);
    for my $conflict (@conflicts) {
        $in{$conflict->{function}}++;
        next if @lines == $shown && !verbose;
        push @lines, sprintf "task %d (%s) is in %s+0x%x", ${ $conflict->{pid} },
            @$conflict{qw(command function)}, ${ $conflict->{offset} };
        push @lines, map { "  $_" } @{ $conflict->{stack} } if verbose;
    }
    push @lines, '... and more, see -v or --json' if @conflicts > $shown && !verbose;
    return @lines if $stage ne 'applied';
    delete $in{kprobe_slot};    # of no function; soon left
    return (@lines, map { "if some task is always in '$_', try --kick, or have the patch "
        . "mark it ksplice_allow_running($_)" } sort keys %in);
}

# --- after -----------------------------------------------------------------

# Unloads the modules of an update that is not applied, new code first, then the core
# if no other update needs it.  Returns '' or the problem.
sub remove_leftovers ($kernel, $kid, @targets) {
    my $problem = remove_modules($kernel, $kid, @targets);
    return $problem if $problem;
    forget($kernel, $kid);
    return remove_core($kernel);
}

# Unloads it if no update needs it.  Returns '' or the problem.
sub remove_core ($kernel) {
    return '' if $kernel->updates || !$kernel->has_module($core);
    return remove_module($kernel, $core);
}

# Unloads the modules of replaced updates, the last applied first.
sub remove_replaced ($kernel, $kid, @replaced) {
    for my $other (reverse @replaced) {
        drop_update($kernel->store, $other);
        my $problem = remove_leftovers($kernel, $other, targets($kernel, $other));
        if ($problem) {
            warning("update '$other' is replaced, but its modules cannot be removed: $problem; "
                . "'ksplice-undo $other' removes them later");
        } else {
            note("update '$other' is replaced by '$kid'");
        }
    }
    fact(replaced => \@replaced) if @replaced;
    return;
}

# Returns '' or the problem.
sub remove_modules ($kernel, $kid, @targets) {
    for my $side (qw(new old)) {
        for my $target (reverse @targets) {
            my $name = module_name($kid, $target, $side);
            next unless $kernel->has_module($name);
            my $problem = remove_module($kernel, $name);
            return $problem if $problem;
        }
    }
    return '';
}

# A reader of one of its files may hold it for a moment: retries shortly after.
sub remove_module ($kernel, $name) {
    my $problem;
    for my $pause (0.1, 0.4, undef) {
        $problem = $kernel->rmmod($name) || return '';
        $kernel->pause($pause) if defined $pause;
    }
    return $problem;
}

# The core lists them in `match`, one per line.
sub targets ($kernel, $kid) {
    return map { (split / /)[0] } split /\n/, $kernel->read_update_file($kid, 'match');
}

sub describe_applied ($kernel, $kid) {
    my (%n, @parts);
    for (split /\n/, $kernel->read_update_file($kid, 'patches')) {
        my ($target, undef, undef, undef, $kind) = split / /;
        $n{$target}{ $kind // 'function' }++;
    }
    for my $target (sort keys %n) {
        my ($functions, $data) = @{ $n{$target} }{qw(function data)};
        push @parts, "$functions function" . ($functions == 1 ? '' : 's') . " of $target"
            if $functions;
        push @parts, "$data variable" . ($data == 1 ? '' : 's') . " of $target" if $data;
    }
    push @parts, 'only hooks' if !@parts && targets($kernel, $kid);
    my $ns = $kernel->read_update_file($kid, 'pause_ns');
    push @parts, sprintf 'stopped for %.0f us', $ns / 1000 if $ns =~ /^[1-9]\d*\z/ && @parts;
    return join(', ', @parts) || 'awaits its modules';
}

# The notes in the log of the core, each once.
sub notes ($kernel, $kid) {
    my %seen;
    return grep { !$seen{$_}++ } map { /^note: (.*)/ ? $1 : () }
        split /\n/, $kernel->debug_log($kid) // '';
}

sub show_debug_log ($kernel, $kid) {
    my $log = $kernel->debug_log($kid);
    if (defined $log) { print STDERR printable($log) }
    else              { warning("the core has no log of update '$kid'") }
    return;
}

1;
