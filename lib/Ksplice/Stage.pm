# SPDX-License-Identifier: GPL-2.0-only
#
# Stage.pm - the state of a kernel tree after patches, without modifying it
#
# The changes that Diff.pm has read are applied to copies, one after the other; the
# tree is only read.  The files that differ at the end are written to the tree, and
# no others; which they are does not depend on the output of a program.  patch(1) is
# used for one thing only: to apply hunks to one text.
#
# The changes of one diff apply to the same state of the tree, so files can swap
# names; those of the next diff are on top of them.  Hunks must apply exactly.
# Another line is a warning; different context is allowed only on request.

package Ksplice::Stage;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter      qw(import);
use Ksplice       qw(fail run capture warning read_file write_file);
use Ksplice::Diff qw(reverse_changes strip_name hunk_text quote_name);

our @EXPORT_OK = qw(new_stage stage_changes staged_files staged_file stage_diff);

# SCRATCH is a directory for texts.  files: NAME => {text, mode} or undef, as
# they are now; origin: what a file was renamed or copied from.
sub new_stage ($dir, $scratch) {
    return { dir => $dir, scratch => $scratch, files => {}, order => [], origin => {},
        originals => {} };
}

# The current state, undef if there is no such file.
sub staged_file ($stage, $name) {
    return $stage->{files}{$name} if exists $stage->{files}{$name};
    return original($stage, $name);
}

# The state in the tree.  It is read once, as the tree may be patched later.
sub original ($stage, $name) {
    my $known = $stage->{originals};
    $known->{$name} = read_original($stage, $name) if !exists $known->{$name};
    return $known->{$name};
}

sub read_original ($stage, $name) {
    my $path = "$stage->{dir}/$name";
    my $part = $stage->{dir};
    for (split m{/}, $name) {
        $part .= "/$_";
        -l $part and fail("the path of '$name' has a symbolic link, '$part': "
            . 'leave it out of the patch');
    }
    return if !-e $path;
    -f _ or fail("'$name' is no file in '$stage->{dir}'");
    my $mode = (stat _)[2] & 07777;
    return { text => read_file($path), mode => $mode };
}

# The names of those that differ from the tree, in the order of the patches.
sub staged_files ($stage) {
    return grep { !same_file($stage->{files}{$_}, original($stage, $_)) } @{ $stage->{order} };
}

sub same_file ($one, $other) {
    return !$one && !$other if !$one || !$other;
    return $one->{text} eq $other->{text} && $one->{mode} == $other->{mode};
}

# stage_changes(STAGE, INPUT, CHANGE...): applies all of them, or fails.
# INPUT is {title, options}: what messages call it, and its options for patch(1).
sub stage_changes ($stage, $input, @changes) {
    my $before = copy_stage($stage);
    my @said;
    my $problem = try_changes($stage, $input, \@said, @changes);
    refuse_changes($before, $input, $problem, @changes) if $problem;
    refuse_directories($stage, $input);
    my %crlf = map { ($_->{new} // $_->{old}) => 1 } grep { $_->{crlf} } @changes;
    warn_of($input, 'has lines that end in CR LF; CR is dropped', sort keys %crlf);
    warn_of($input, 'applies at other lines than it states',
        map { @{ $_->{offsets} // [] } } @said);
    warn_of($input, 'applies only where lines may be ignored',
        map { @{ $_->{fuzzy} // [] } } @said);
    warn_of($input, 'adds lines without context; check that their place is right',
        map { @{ $_->{blind} // [] } } @said);
    return;
}

# Refuses a directory in place of a file: a revert restores the file under its name.
sub refuse_directories ($stage, $input) {
    my $files = $stage->{files};
    for my $name (sort grep { $files->{$_} } keys %$files) {
        my @parts = split m{/}, $name;
        for (map { join '/', @parts[0 .. $_] } 0 .. $#parts - 1) {
            fail("$input->{title} makes '$name', but '$_' is a file: "
                . 'give one of them another name') if $files->{$_} || -f "$stage->{dir}/$_";
        }
    }
    return;
}

sub warn_of ($input, $what, @places) {
    return if !@places;
    splice @places, 8, @places, '... and ' . (@places - 8) . ' more' if @places > 9;
    warning("$input->{title} $what: " . join ', ', @places);
    return;
}

sub copy_stage ($stage) {
    return { %$stage, files => { %{ $stage->{files} } }, order => [@{ $stage->{order} }],
        origin => { %{ $stage->{origin} } } };
}

# Returns nothing, or {change, why} of the first change that does not apply.
sub try_changes ($stage, $input, $said, @changes) {
    my $group = new_group();
    for my $change (@changes) {
        choose_name($stage, $group, $change);
        if (is_of_next_group($stage, $group, $change)) {
            my $problem = end_group($stage, $group);
            return $problem if $problem;
            $group = new_group();
        }
        my $why = make_change($stage, $group, $input, $change, $said);
        return { change => $change, why => $why } if defined $why;
    }
    return end_group($stage, $group);
}

# --- one diff --------------------------------------------------------------

# written: NAME => {text, mode}; removed; made: NAME => change, files that must not
# exist before.
sub new_group () { return { written => {}, removed => {}, made => {}, order => [] } }

# Chooses the existing one of two names.
sub choose_name ($stage, $group, $change) {
    return if $change->{kind} ne 'changed' || $change->{old} eq $change->{new};
    my @there = grep { $group->{written}{$_} || staged_file($stage, $_) } @$change{qw(old new)};
    fail("the patch gives a file two names, and both exist: '$change->{old}' and "
        . "'$change->{new}': leave one in it") if @there > 1;
    @$change{qw(old new)} = ($there[0] // $change->{new}) x 2;
    return;
}

# A diff has each file once: a second time means that another diff has begun.
sub is_of_next_group ($stage, $group, $change) {
    my ($old, $new) = @$change{qw(old new)};
    return 1 if defined $new && ($group->{written}{$new}
        || ($group->{removed}{$new} && $change->{kind} eq 'changed'));
    return 0 if !defined $old;
    return 1 if $group->{written}{$old} && !staged_file($stage, $old);
    return $change->{kind} =~ /^(?:deleted|renamed)$/
        && ($group->{removed}{$old} || ($group->{written}{$old} && !$group->{made}{$old}));
}

# Makes the changes of the group visible.
sub end_group ($stage, $group) {
    for my $name (sort keys %{ $group->{made} }) {
        next if $group->{removed}{$name} || !staged_file($stage, $name);
        return { change => $group->{made}{$name}, why => "'$name' already exists" };
    }
    my %state = ((map { $_ => undef } keys %{ $group->{removed} }), %{ $group->{written} });
    for my $name (@{ $group->{order} }) {
        push @{ $stage->{order} }, $name if !exists $stage->{files}{$name};
        $stage->{files}{$name} = $state{$name};
    }
    return;
}

# Returns why it does not apply, or nothing.
sub make_change ($stage, $group, $input, $change, $said) {
    my ($kind, $old, $new) = @$change{qw(kind old new)};
    my $file = defined $old ? staged_file($stage, $old) : { text => '', mode => 0644 };
    return "'$old' does not exist" . other_strip($stage, $change) if !$file;
    my $text = $file->{text};
    if (@{ $change->{hunks} }) {
        my @blind = blind_hunks($text, $change->{hunks});
        my $result = run_patch($stage, $text, $change->{hunks}, @{ $input->{options} });
        return "hunks do not fit: @{ $result->{failed} }" if !defined $result->{text};
        $text = $result->{text};
        my $name = $new // $old;
        push @$said, { map { my $what = $_;
            $what => [map { "$name $_" } @{ $result->{$what} }] } qw(offsets fuzzy) };
        push @$said, { blind => [map { "$name $_" } @blind] };
    }
    if ($kind eq 'deleted') {
        return "'$old' has more lines than the patch takes out of it" if length $text;
    } else {
        my $mode = defined $change->{mode} ? oct($change->{mode}) & 07777 : $file->{mode};
        $group->{written}{$new} = { text => $text, mode => $mode };
        $group->{made}{$new} = $change if $kind ne 'changed';
        $stage->{origin}{$new} = $old if $kind =~ /^(?:renamed|copied)$/;
    }
    $group->{removed}{$old} = 1 if $kind =~ /^(?:deleted|renamed)$/;
    push @{ $group->{order} }, $kind =~ /^(?:deleted|renamed)$/ ? $old : (),
        $kind ne 'deleted' ? $new : ();
    return;
}

# The cure, if another number of directories has to be stripped.
sub other_strip ($stage, $change) {
    my $raw = $change->{raw} // return '';
    for my $strip (0 .. 6) {
        my $name = strip_name($raw, $strip) // last;
        return "; '$name' does: try --patch-opt=-p$strip"
            if $name ne $change->{old} && $name !~ m{^/|\.\.} && -f "$stage->{dir}/$name";
    }
    return '';
}

# --- hunks into a text -----------------------------------------------------

# Hunks that only add lines, by their number alone, within a text.
sub blind_hunks ($text, $hunks) {
    return if !length $text;
    return map { "#" . ($_ + 1) } grep {
        !$hunks->[$_]{old_count} && $hunks->[$_]{old_start}
    } 0 .. $#$hunks;
}

# Those that add lines beyond the end, which patch(1) would append.
sub hunks_beyond ($text, $hunks) {
    my $n = $text =~ tr/\n//;
    return map { "#" . ($_ + 1) } grep {
        !$hunks->[$_]{old_count} && $hunks->[$_]{old_start} > $n + 1
    } 0 .. $#$hunks;
}

# -> {text, offsets, fuzzy} or {failed}: hunks by their numbers.
sub run_patch ($stage, $text, $hunks, @options) {
    my @beyond = hunks_beyond($text, $hunks);
    return { failed => \@beyond } if @beyond;
    my ($old, $new, $file) = map { "$stage->{scratch}/patch.$_" } qw(old new hunks);
    write_file($old, $text);
    write_file($file, join '', "--- old\n+++ new\n", map { hunk_text($_) } @$hunks);
    unlink $new;
    my $status = run({ ok => [0, 1], output => \my $output }, 'patch', '--force', '--unified',
        '--binary', '--no-backup-if-mismatch', '--fuzz=0', @options, '-r', '-', '-o', $new,
        $old, $file);
    return { failed => [$output =~ /^Hunk (#\d+) FAILED/mg] } if $status;
    my %result = (text => -e $new ? read_file($new) : '', offsets => [], fuzzy => []);
    my $fits = qr/^Hunk (#\d+) succeeded at (\d+)(?: with fuzz (\d+))?(?: \(offset (\S+))?/m;
    while ($output =~ /$fits/g) {
        my ($hunk, $line, $fuzz, $offset) = ($1, $2, $3, $4);
        my $places = count_lines($text, side_lines($hunks->[substr($hunk, 1) - 1], '-'));
        push @{ $result{offsets} }, sprintf '%s at line %d (%+d%s)', $hunk, $line, $offset,
            $places > 1 ? ", one of $places places" : '' if defined $offset;
        push @{ $result{fuzzy} }, "$hunk (fuzz $fuzz)" if defined $fuzz;
    }
    return \%result;
}

# The number of occurrences of lines in a text.
sub count_lines ($text, @lines) {
    my $wanted = "\n" . join '', @lines;
    my ($n, $at) = (0, -1);
    $n++ while ($at = index "\n$text", $wanted, $at + 1) >= 0;
    return $n;
}

sub side_lines ($hunk, $sign) {
    return map { substr $_, 1 } grep { /^[$sign ]/ } @{ $hunk->{lines} };
}

# --- explaining a patch that does not apply --------------------------------

# The stage as it was before the patch.
sub refuse_changes ($stage, $input, $problem, @changes) {
    my $patch = $input->{title};
    my $with = staged_files($stage) ? ' with the patches before it' : '';
    if (fits(copy_stage($stage), $input, reverse_changes(@changes))) {
        my $plain = new_stage(@$stage{qw(dir scratch)});
        fail("$patch is already in the source")
            if $with eq '' || fits($plain, $input, reverse_changes(@changes));
        fail("$patch is already in the source$with: leave it out");
    }
    my $fuzzy = { %$input, options => [@{ $input->{options} }, '--fuzz=3'] };
    my @there = fits(copy_stage($stage), $fuzzy, reverse_changes(@changes));
    fail("$patch seems to be in the source already, among other lines, in "
        . join(', ', @{ $there[1] }) . ': compare them; only if it is not there, pass '
        . '--patch-opt=-F3') if @there;
    my @fuzzy = fits(copy_stage($stage), $fuzzy, @changes);
    fail("$patch applies only if context lines are ignored, in "
        . join(', ', @{ $fuzzy[1] }) . ": check that it is correct there, then pass "
        . '--patch-opt=-F3') if @fuzzy;
    my ($in_already, @lines) = explain_hunks($stage, $input, @changes);
    @lines = () if "@lines" eq $problem->{why};
    STDOUT->flush();
    print STDERR map { "  $_\n" } @lines;
    my $why = $problem->{why} !~ /^hunks / ? ": $problem->{why}" : '';
    fail("$patch does not apply to '$stage->{dir}'$with$why" . ($in_already
        ? '; some of it is already in the source: remove that'
        : $why eq '' ? ': adapt it to that source' : ''));
}

# Returns (1, FUZZY HUNKS) if they apply, else nothing.
sub fits ($stage, $input, @changes) {
    my @said;
    my $problem = eval { [try_changes($stage, $input, \@said, @changes)] } // return;
    return if @$problem;
    return (1, [map { @{ $_->{fuzzy} // [] } } @said]);
}

# Each change by itself: the number of hunks that are already in the source, and a line
# for each that does not apply.
sub explain_hunks ($stage, $input, @changes) {
    my ($n, @lines) = (0);
    for my $change (@changes) {
        my $before = copy_stage($stage);
        my $problem = try_changes($stage, $input, [], $change) // next;
        %$stage = %$before;
        my $name = $change->{old} // $change->{new};
        my $file = staged_file($stage, $name);
        if (!$file || $problem->{why} !~ /^hunks /) {
            push @lines, $problem->{why};
            next;
        }
        my $number = 0;
        for my $hunk (@{ $change->{hunks} }) {
            $number++;
            next if count_lines($file->{text}, side_lines($hunk, '-'));
            my $is_in = count_lines($file->{text}, side_lines($hunk, '+'));
            $n++ if $is_in;
            push @lines, "hunk #$number of '$name', line $hunk->{old_start}, "
                . ($is_in ? 'is already in the source' : 'does not apply');
        }
    }
    splice @lines, 20, @lines, '...' if @lines > 20;
    return ($n, @lines);
}

# --- as one patch ----------------------------------------------------------

# The difference of these files, with a number of lines of context.
sub stage_diff ($stage, $lines, @names) {
    my $text = '';
    for my $name (@names) {
        my ($old, $new) = (original($stage, $name), staged_file($stage, $name));
        my @side = ([a => $old], [b => $new]);
        my (@labels, @files);
        for (@side) {
            my ($letter, $file) = @$_;
            push @labels, '--label', $file ? quote_name("$letter/$name") : '/dev/null';
            push @files, "$stage->{scratch}/$letter";
            write_file($files[-1], $file ? $file->{text} : '');
        }
        my $diff = capture({ ok => [0, 1] }, 'diff', '-a', "-U$lines", @labels, @files);
        $text .= mode_lines($name, $old, $new, length $diff) . $diff;
    }
    return $text;
}

# A git header, where the two lines of names are not sufficient.
sub mode_lines ($name, $old, $new, $has_text) {
    my @mode = map { $_ ? sprintf '100%o', $_->{mode} & 0111 ? 0755 : 0644 : '' } $old, $new;
    return '' if $mode[0] eq $mode[1] || ($has_text && (!$old || !$new) && $mode[1] !~ /755/);
    my ($from, $to) = map { quote_name("$_/$name") } qw(a b);
    return "diff --git $from $to\n" . (!$old ? "new file mode $mode[1]\n"
        : !$new ? "deleted file mode $mode[0]\n" : "old mode $mode[0]\nnew mode $mode[1]\n");
}

1;
