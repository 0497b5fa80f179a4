# SPDX-License-Identifier: GPL-2.0-only
#
# Diff.pm - the only reader of patches: from a text to its changes of files
#
# Unified diffs as diff(1), git(1) and quilt(1) write them, with whatever text
# around them.  Every line of a hunk is counted, so a patch that was cut short or
# edited by hand is refused, and not applied in part.  Anything without a certain
# meaning for a kernel source is refused by name: binary files, links, submodules,
# context and combined diffs, names outside the tree.  Later steps rely on this
# list of changes alone.

package Ksplice::Diff;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter qw(import);
use Ksplice  qw(fail warning);

our @EXPORT_OK = qw(read_diff reverse_changes strip_name hunk_text quote_name);

my $hunk_head = qr/^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

# Lines that are refused anywhere, and the reason.
my @foreign = (
    [qr/^diff --(?:cc|combined) |^@@@+ /,
        "is the combined diff of a merge: make it with 'git diff OLD NEW'"],
    [$hunk_head, 'has a hunk that belongs to no file'],
    [qr/^\* Unmerged path (.*?)\s*$/, "has no change of '%s', which git had not merged"],
);

# Of a change that was indented, quoted or coloured.
my $disguised = qr/^(?:\s|[>|]|\e\[[\d;]*m)+@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@/;

# Lines that are refused right after the change of a file; elsewhere they may be prose.
my @foreign_after = (
    [qr/^Only in ([^:]+: .*)/, "has no contents of '%s': make it with 'diff -ruN'"],
    [qr/^File (.*) is a .* while file /, "makes '%s' a file of another kind: remove that part"],
    [qr/^\d+(?:,\d+)?[acd]\d+(?:,\d+)?\s*$/, "is not a unified diff: make it with 'diff -u'"],
    [qr/^\s*(@@.*?)\s*$/, "is damaged: '%s' is not the head of a hunk"],
    [qr/^(?:Binary f|F)iles (.*) differ/, "has no text of '%s', a binary file: remove that part"],
);

# read_diff(TEXT, WHAT, STRIP) -> a list of changes.  WHAT names the patch in
# messages; STRIP is how many directories its names start with (-p).  A change:
#
#   kind       changed, added, deleted, renamed or copied
#   old, new   the names; added has no old, deleted no new.  A diff without git's
#              header may give a changed file two names, of which one is right
#   raw        a name as it was read
#   mode       of the new file, in octal, if the patch says so; old_mode
#   hunks      {old_start, old_count, new_start, new_count, lines} each
#   crlf       the lines of the patch ended in CR LF, of which CR was dropped
sub read_diff ($text, $what, $strip) {
    my $in = { lines => [split /^/m, $text], at => 0, what => $what, strip => $strip };
    my @changes;
    my $is_after = 1;
    while (defined(my $line = peek($in))) {
        if ($line =~ /^diff --git /) { push @changes, read_git_change($in) }
        elsif (is_head($in))         { push @changes, read_plain_change($in) }
        else {
            refuse_foreign($in, $line, $is_after);
            warning("line @{[$in->{at} + 1]} of the patch '$what' looks like a change that was "
                . 'indented, quoted or coloured: it is taken as text') if $line =~ /$disguised/;
            $is_after = 0 if $line !~ /^(?:diff |Index: |={20,}|\s*$)/;
            $in->{at}++;
            next;
        }
        $is_after = 1;
    }
    return @changes;
}

sub peek ($in, $n = 0) { return $in->{lines}[$in->{at} + $n] }

sub refuse ($in, $why) { fail("the patch '$in->{what}' $why") }

sub refuse_foreign ($in, $line, $is_after) {
    my $context = $line =~ /^\*\*\* / && (peek($in, 2) // '') =~ /^\*{15}/;
    refuse($in, "is a context diff: make it with 'diff -u'") if $context;
    for my $kind (@foreign, $is_after ? @foreign_after : ()) {
        my ($pattern, $why) = @$kind;
        next if $line !~ $pattern;
        my $found = $1 // '';
        refuse($in, $why =~ s/%s/$found/r);
    }
    return;
}

# --- headers ---------------------------------------------------------------

# Whether the two lines with the names of a file follow.
sub is_head ($in) {
    return (peek($in) // '') =~ /^--- / && (peek($in, 1) // '') =~ /^\+\+\+ /;
}

# A plain diff, which has only these two lines.
sub read_plain_change ($in) {
    my %change = (kind => 'changed');
    read_names($in, \%change);
    defined $change{old} || defined $change{new} or refuse($in, 'has a change without a file');
    read_hunks($in, \%change);
    @{ $change{hunks} } or refuse($in, "is cut short: it has no hunk for '$change{raw}'");
    my @hunks = @{ $change{hunks} };
    my %is_none = map { $_ => @hunks == 1 && !$hunks[0]{"${_}_count"} && !$hunks[0]{"${_}_start"} }
        qw(old new);
    if (!defined $change{old} || ($change{old_epoch} && $is_none{old})) {
        @change{qw(kind old)} = ('added', undef);
    } elsif (!defined $change{new} || ($change{new_epoch} && $is_none{new})) {
        @change{qw(kind new)} = ('deleted', undef);
    }
    return check_names($in, \%change);
}

# A git header; the two lines and hunks follow if the text changes.
sub read_git_change ($in) {
    my ($both) = $in->{lines}[$in->{at}++] =~ /^diff --git (.*?)\r?\n?\z/;
    my %change = (kind => 'changed', hunks => []);
    while (defined(my $line = peek($in))) {
        read_git_line($in, \%change, $line =~ s/\r?\n\z//r, $both) or last;
        $in->{at}++;
    }
    my %names = map { $_ => $change{$_} } grep { defined $change{$_} } qw(old new);
    if (is_head($in) && is_own_head($in, \%names, $both)) {
        read_names($in, \%change);
        read_hunks($in, \%change);
        @{ $change{hunks} } or refuse($in, "is cut short: it has no hunk for '$both'");
    } elsif (!%names) {
        @change{qw(old new)} = (name_of_both($in, \%change, $both)) x 2;
    }
    @change{ keys %names } = values %names;
    $change{old} = undef if $change{kind} eq 'added';
    $change{new} = undef if $change{kind} eq 'deleted';
    $change{kind} eq 'added'   || defined $change{old}
        or refuse($in, "has no old file for '$change{new}'");
    $change{kind} eq 'deleted' || defined $change{new}
        or refuse($in, "has no new file for '$change{old}'");
    refuse($in, "is cut short: it has no hunk for '$both'") if lacks_hunks(\%change);
    return check_names($in, \%change);
}

# Whether hunks are missing: the git header changes the text, or changes nothing.
sub lacks_hunks ($change) {
    return 0 if @{ $change->{hunks} };
    return 1 if $change->{kind} eq 'changed' && !defined $change->{mode};
    my ($old, $new) = @{ $change->{blobs} // ['', ''] };
    my $text = $change->{kind} eq 'added' ? $new : $change->{kind} eq 'deleted' ? $old
        : $old eq $new ? '' : $new;
    return length $text && $text !~ /^(?:e69de29|473a0f4)/;    # those of no text
}

# Whether the next two lines with names belong to this change.  Otherwise a plain diff
# of another file follows.
sub is_own_head ($in, $names, $both) {
    my %ahead = (%$in);
    read_names(\%ahead, \my %head);
    if (!%$names) {
        return 1 if $both =~ /"/;
        my ($old, $new) = map { $_ // '' } $head{old} // $head{new}, $head{new} // $head{old};
        return $both =~ m{(?:^|/)\Q$old\E } && $both =~ m{(?:^|/)\Q$new\E\z};
    }
    return !grep { ($head{$_} // '') ne ($names->{$_} // '') } qw(old new);
}

# One line after the first; returns whether it is of the header.
sub read_git_line ($in, $change, $line, $both) {
    if ($line =~ /^(old|new) mode (\d+)$/) {
        $change->{ $1 eq 'old' ? 'old_mode' : 'mode' } = $2;
    } elsif ($line =~ /^(deleted|new) file mode (\d+)$/) {
        $change->{kind} = $1 eq 'new' ? 'added' : 'deleted';
        $change->{ $1 eq 'new' ? 'mode' : 'old_mode' } = $2;
    } elsif ($line =~ /^(rename|copy) (from|to) (.+)$/) {
        $change->{kind} = $1 eq 'copy' ? 'copied' : 'renamed';
        $change->{ $2 eq 'from' ? 'old' : 'new' } = $change->{raw} =
            strip($in, unquote($3), $in->{strip} > 1 ? $in->{strip} - 1 : 0);
    } elsif ($line =~ /^index ([0-9a-f]+)\.\.([0-9a-f]+)(?: (\d+))?$/) {
        $change->{blobs} = [$1, $2];
        refuse_mode($in, $3, $both) if defined $3;
    } elsif ($line =~ /^GIT binary patch$|^Binary files .* differ$/) {
        refuse($in, "changes a binary file, '$both': remove that part");
    } else {
        return $line =~ /^(?:dis)?similarity index /;
    }
    refuse_mode($in, $change->{$_}, $both) for grep { defined $change->{$_} } qw(mode old_mode);
    return 1;
}

sub refuse_mode ($in, $mode, $both) {
    refuse($in, "changes a symbolic link, '$both': remove that part") if $mode =~ /^120/;
    refuse($in, "changes a submodule, '$both': remove that part")     if $mode =~ /^160/;
    refuse($in, "has the mode $mode for '$both', but a source has 100644 or 100755: "
        . 'remove that part')
        if $mode !~ /^100(?:644|755)\z/;
    return;
}

# Of "a/NAME b/NAME"; a name with blanks is found, as both are the same.
sub name_of_both ($in, $change, $both) {
    $change->{raw} = $both;
    if ($both =~ /^("(?:[^"\\]|\\.)*") ("(?:[^"\\]|\\.)*")$/) {
        return strip($in, $change->{raw} = unquote($1), $in->{strip});
    }
    while ($both =~ / /g) {
        my ($old, $new) = (substr($both, 0, pos($both) - 1), substr $both, pos $both);
        my @stripped = map { strip_name($_, $in->{strip}) } $old, $new;
        next if @stripped != 2 || $stripped[0] ne $stripped[1];
        $change->{raw} = $old;
        return $stripped[0];
    }
    my ($old, $new) = split / /, $both;
    my ($strip) = grep {
        my $name = strip_name($old, $_);
        defined $name && $name eq (strip_name($new // '', $_) // '');
    } 0 .. 6;
    refuse($in, "does not say which file it changes: '$both'"
        . (defined $strip ? "; use --patch-opt=-p$strip" : ''));
}

# --- and +++: sets old and new, undef for /dev/null; a time of 1970 is that of
# a file that does not exist, for diff(1), if no line of it is in the hunk.
sub read_names ($in, $change) {
    for my $side (qw(old new)) {
        my ($text) = $in->{lines}[$in->{at}++] =~ /^(?:---|\+\+\+) (.*?)\r?\n?\z/;
        my ($name, $time) = $text =~ /^("(?:[^"\\]|\\.)*")(.*)$/ ? (unquote($1), $2)
            : split /\t/, $text, 2;
        $name =~ s/\s+\z//;
        $change->{$side} = undef;
        next if $name eq '/dev/null';
        $change->{raw} = $name;
        $change->{$side} = strip($in, $name, $in->{strip});
        $change->{"${side}_epoch"} = ($time // '') =~
            /\b(?:1970-01-01|1969-12-31)\b|\b(?:Jan  ?1|Dec 31) .*\b(?:1970|1969)\b/;
    }
    return;
}

# --- names -----------------------------------------------------------------

# Git quotes a name with strange bytes as C does a string.
sub unquote ($name) {
    return $name if $name !~ s/^"(.*)"$/$1/;
    my %byte = (a => "\a", b => "\b", f => "\f", n => "\n", r => "\r", t => "\t", v => "\x0b");
    return $name =~ s/\\([0-3][0-7]{2}|.)/length $1 == 3 ? chr oct $1 : $byte{$1} \/\/ $1/ger;
}

# The inverse, for a diff of ours.
sub quote_name ($name) {
    return $name if $name !~ /[^ -~]|["\\]/;
    return '"' . $name =~ s/([^ -~]|["\\])/sprintf '\\%03o', ord $1/ger . '"';
}

# Without its first directories; nothing if it has not so many.
sub strip_name ($name, $strip) {
    for (1 .. $strip) {
        $name =~ s{^[^/]*/+}{} or return;
    }
    return $name =~ s{/+(?:\./+)*}{/}gr =~ s{^(?:\./)+}{}r;
}

sub strip ($in, $name, $strip) {
    return strip_name($name, $strip)
        // refuse($in, "has too few directories in the name for -p$strip, '$name': "
            . "use --patch-opt=-p" . ($name =~ tr{/}{}));
}

sub check_names ($in, $change) {
    for my $name (grep { defined } @$change{qw(old new)}) {
        refuse($in, "leaves the tree: '$name'") if $name =~ m{^/|(?:^|/)\.\.(?:/|\z)};
        refuse($in, 'has the name of a file with a control character: '
            . quote_name($name)) if $name =~ /[\0-\x1f\x7f]/;
        refuse($in, "names no file: '$name'") if $name eq '' || $name =~ m{(?:/|^|/\.)\z};
        refuse($in, "changes '$name', which is not of the source")
            if $name =~ m{\.KSPLICE_|(?:^|/)\.git/};
    }
    return $change;
}

# --- hunks -----------------------------------------------------------------

sub read_hunks ($in, $change) {
    $change->{hunks} = [];
    while ((peek($in) // '') =~ /$hunk_head/) {
        my $hunk = { old_start => $1, old_count => $2 // 1, new_start => $3,
            new_count => $4 // 1, lines => [] };
        push @{ $change->{hunks} }, $hunk;
        my $which = 'hunk #' . @{ $change->{hunks} } . " for '$change->{raw}'";
        refuse($in, "is damaged: $which has an impossible line number")
            if grep { length > 9 } @$hunk{qw(old_start old_count new_start new_count)};
        my $crlf = $in->{lines}[$in->{at}++] =~ /\r\n\z/;
        read_lines($in, $hunk, $which);
        next if !$crlf;
        $change->{crlf} = 1;
        s/\r\n\z/\n/ for @{ $hunk->{lines} };
    }
    return;
}

# Reads exactly the lines that the head of the hunk counts, all of them complete.
sub read_lines ($in, $hunk, $which) {
    my ($old, $new) = @$hunk{qw(old_count new_count)};
    while ($old > 0 || $new > 0) {
        my $line = peek($in) // refuse($in, "is cut short: $which lacks lines");
        $line =~ /\n\z/ or refuse($in, "is cut short: it ends within a line of $which");
        $line = " $line" if $line =~ /^\r?\n\z/;
        my $sign = substr $line, 0, 1;
        $sign =~ /[-+ \\]/ or refuse($in, "is cut short or damaged: $which lacks lines");
        $old-- if $sign =~ /[- ]/;
        $new-- if $sign =~ /[+ ]/;
        push @{ $hunk->{lines} }, $line;
        $in->{at}++;
    }
    my $next = peek($in) // '';
    if ($next =~ /^\\ /) {
        push @{ $hunk->{lines} }, $next =~ s/\n?\z/\n/r;
        $in->{at}++;
        $next = peek($in) // '';
    }
    refuse($in, "is damaged: $which has other lines than its head says")
        if $old || $new || ($next =~ /^(?:[-+]| \S)/ && $next !~ /^--\s*$/ && !is_head($in));
    return;
}

# The hunk in the format of patch(1).
sub hunk_text ($hunk) {
    return sprintf("@@ -%d,%d +%d,%d @@\n", @$hunk{qw(old_start old_count new_start new_count)})
        . join '', @{ $hunk->{lines} };
}

# The changes that revert these, in the order in which to apply them.
sub reverse_changes (@changes) {
    my %other = (added => 'deleted', deleted => 'added', copied => 'deleted');
    my %sign = ('-' => '+', '+' => '-');
    return reverse map {
        my $change = $_;
        my %back = (%$change, kind => $other{ $change->{kind} } // $change->{kind});
        @back{qw(old new mode old_mode)} = @$change{qw(new old old_mode mode)};
        $back{new} = undef if $back{kind} eq 'deleted';
        $back{hunks} = [map { {
            old_start => $_->{new_start}, old_count => $_->{new_count},
            new_start => $_->{old_start}, new_count => $_->{old_count},
            lines => [map { s/^([-+])/$sign{$1}/r } @{ $_->{lines} }],
        } } @{ $change->{hunks} }];
        \%back;
    } @changes;
}

1;
