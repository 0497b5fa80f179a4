# SPDX-License-Identifier: GPL-2.0-only
#
# Rules.pm - what rules of Makefiles make of other files, and of what
#
# A rule may read a header as a text, or run a program that was compiled from it, and
# write a source.  No #include line shows that.  So make is asked for the rules, by its
# own list of what it has read, for the directories whose Makefiles have any.
#
# In a tree that was never built the sources that rules write are not there yet.  What
# they may include is read from what they are made of: a template, or the program that
# prints the #include line.

package Ksplice::Rules;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter          qw(import);
use File::Basename    qw(basename dirname);
use Ksplice           qw(fail capture progress read_file);
use Ksplice::Includes qw(find_includers kernel_dirs kept_lines plain_path);
use Ksplice::Tree     qw(ask_rules list_apart list_objects);
use List::Util        qw(uniq);

our @EXPORT_OK = qw(made_from unmade_sources written_files readers_of refuse_unread);

# For grep -P: a line of a Makefile that begins a rule, or includes another file.
my $rule_line = '^[^#\t=]*[^:=#\t]:([^=]|$)|^ *-?include ';

# What kbuild has rules of its own for, as find(1) is asked for them.
my @ruled = qw(*.asn1 *_shipped *.dts *.dtso);

# What no object is compiled from; and code in Rust, which an update does not compile.
my $no_target = qr{^[^/]*\z|(?:^|/)(?:built-in\.a|lib\.a|modules\.order|Makefile)\z
    |\.(?:mod|ko|rs)\z}x;

# All that rules make of the files, of sources that include them but are not compiled to an
# object, and of what they make of all these, TARGET => the directory of the Makefile; up to
# the objects that the kernel is linked from.
sub made_from ($tree, @files) {
    my $rules = rules_of($tree);
    my (%made, %seen);
    my @todo = @files;
    while (defined(my $file = shift @todo)) {
        next if $seen{$file}++ || $rules->{linked}{$file};
        push @todo, sources_without_object($tree, $rules, find_includers($tree, $file));
        for my $rule (rules_with($tree, $rules, $file)) {
            my ($dir, $target) = @$rule;
            $made{$target} //= $dir;
            push @todo, $target;
        }
    }
    return \%made;
}

# Those of the sources beside the rules that neither the kernel nor another part of the
# image is compiled from: programs, and what is compiled only to make a header of it, as
# arch/x86/kvm/kvm-asm-offsets.c.
sub sources_without_object ($tree, $rules, @sources) {
    my @found = grep { $rules->{is_dir}{ dirname($_) } && !$rules->{linked}{s/\.[cS]\z/.o/r} }
        @sources or return;
    my $apart = list_apart($tree, map { dirname($_) } @found);
    return grep { ($apart->{s/\.[cS]\z/.o/r} // '') ne 'apart' } @found;
}

# The sources of objects of the kernel that a rule will write: [SOURCE, TEXT...], where the
# texts are the files that it is made of, or that print it.  What is made in directories
# that match APART is not followed.
sub unmade_sources ($tree, $apart) {
    my $rules = rules_of($tree);
    my @unmade;
    for my $object (sort keys %{ $rules->{linked} }) {
        next if !$rules->{is_dir}{ dirname($object) };
        my @names = map { $object =~ s/\.o\z/$_/r } qw(.c .S .rs);
        my @needs = @{ $rules->{needs}{$object} // [] };
        next if grep { /\.rs\z/ || -e "$tree->{dir}/$_" } grep { /\.(?:[cS]|rs)\z/ } @needs;
        next if grep { -e "$tree->{dir}/$_" } @names;
        my ($source) = grep { needs($tree, $rules, $_) } @names[0, 1];
        push @unmade, [$source // $names[0],
            texts_behind($tree, $rules, $apart, $source // $object)];
    }
    return @unmade;
}

# What rules write, but objects, in the directories {DIR => 1}; without them in all.
sub written_files ($tree, $dirs) {
    my $rules = rules_of($tree);
    my @files = grep { !/\.o\z/ } keys %{ $rules->{needs} }, @{ $rules->{written} };
    return grep { !$dirs || $dirs->{ dirname($_) } } @files;
}

# [SOURCE, FILE] for each program beside the rules that has the path of one of the files in
# its text, and so may open it.  No rule tells, so kbuild does not run it again.
sub readers_of ($tree, @files) {
    my $rules = rules_of($tree);
    my @sources = grep { !$rules->{linked}{s/\.c\z/.o/r} }
        map { substr $_, 1 + length $tree->{dir} }
        map { glob "$tree->{dir}/$_/*.c" } @{ $rules->{dirs} };
    return if !@files || !@sources;
    my $any = join '|', map { quotemeta } @files;
    return map { m{^([^:]+):(?![ \t]*#[ \t]*include).*"($any)"} ? [$1, $2] : () } capture(
        { dir => $tree->{dir}, ok => [0, 1] }, 'grep', '-HF', (map { ('-e', qq("$_")) } @files),
        '--', @sources);
}

# Refuses files that are named by a Makefile whose rules are not known; by the Kbuild at the
# top, if it names the whole path.
sub refuse_unread ($tree, @files) {
    my $top = $tree->{dir};
    for my $makefile ('Kbuild', map { unread_makefiles($top, $_) }
        @{ rules_of($tree)->{unread} }) {
        my $text = -f "$top/$makefile" ? read_file("$top/$makefile") : next;
        my ($file) = grep {
            my $name = $makefile =~ m{/} ? basename($_) : $_;
            $text =~ /(?<![\w.-])\Q$name\E\b/;
        } @files;
        fail("'$makefile' names '$file', and what it makes of it is not known: only --full will do")
            if defined $file;
    }
    return;
}

# Of a directory with rules that make cannot read; of one with a Kbuild the Makefile, which
# that of the whole kernel includes.
sub unread_makefiles ($top, $dir) {
    my @files = map { substr $_, 1 + length $top } glob "$top/$dir/{Makefile,Kbuild}*";
    return @files if !-e "$top/$dir/Kbuild";
    return grep { m{/Makefile[^/]*\z} } @files;
}

# --- rules -----------------------------------------------------------------

# -> {needs => {TARGET => [PREREQUISITE...]}, users => {PREREQUISITE => [[DIR, TARGET]...]},
# makes => {the directory of TARGET => [[DIR, TARGET, PREREQUISITE...]...]}, the same by those
# of the prerequisites, uses, both of patterns; written => [what there are commands for], dirs,
# is_dir => {DIR => 1}, unread, linked => the objects of the kernel in these directories}
sub rules_of ($tree) {
    return $tree->{rules} //= progress('reading the rules of Makefiles', sub {
        my %rules = (needs => {}, users => {}, makes => {}, uses => {}, written => [],
            dirs => [], unread => []);
        my $dir;
        for (kept_lines($tree, 'rules', sub { read_rules($tree) })) {
            if    (/^d (.+)/) { push @{ $rules{dirs} }, $dir = $1 }
            elsif (/^u (.+)/) { push @{ $rules{unread} }, $1 }
            elsif (/^w (.+)/) { push @{ $rules{written} }, split / /, $1 }
            else              { add_rule(\%rules, $dir, split / /) }
        }
        $rules{linked} = list_objects($tree, @{ $rules{dirs} });
        $rules{is_dir} = { map { $_ => 1 } @{ $rules{dirs} } };
        \%rules;
    });
}

sub add_rule ($rules, $dir, $target, @needs) {
    if ($target =~ /%/) {
        my $pattern = [$dir, $target, @needs];
        push @{ $rules->{makes}{ dir_of($target) } }, $pattern;
        push @{ $rules->{uses}{$_} }, $pattern for uniq(map { dir_of($_) } @needs);
    } else {
        push @{ $rules->{needs}{$target} }, @needs;
        my $is_rust = grep { /\.rs\z/ } @needs;
        push @{ $rules->{users}{$_} }, [$dir, $target] for $is_rust ? () : @needs;
    }
    return;
}

# Of a name with %, which may stand for that, too: then '%'.
sub dir_of ($name) { return dirname($name) =~ /%/ ? '%' : dirname($name) }

# Those of an index of patterns that may match the name.
sub patterns_for ($index, $name) {
    return map { @{ $index->{$_} // [] } } dirname($name), '%';
}

# Lines "d DIR", with "TARGET PREREQUISITE..." for each rule after it, and "w FILE...";
# "u DIR" if make cannot read it.
sub read_rules ($tree) {
    my (%lines, @dirs, $dir, %is_read);
    for (ask_rules($tree, ruled_dirs($tree))) {
        if (/^d (.+)/) {
            push @dirs, $dir = $1;
            next;
        }
        $is_read{$dir} = 1 if /^ksplice_nothing:/;
        my ($targets, $needs) = /^([^:]+?) ?::?(?: (.*))?\z/ or next;
        my @needs = map { in_tree($tree, $_) } grep { $_ ne 'FORCE' }
            split ' ', ($needs // '') =~ s/\|.*//r;
        next if !@needs;
        push @{ $lines{$dir} }, join ' ', 'w', grep { !/\.o\z/ } @needs
            if $targets eq 'ksplice_targets';
        push @{ $lines{$dir} }, map { join ' ', $_, @needs }
            grep { !/$no_target/ } map { in_tree($tree, $_) } split ' ', $targets;
    }
    my $top = $tree->{dir};
    return ((map { $is_read{$_} ? ("d $_", @{ $lines{$_} // [] }) : "u $_" } @dirs),
        map { "u $_" } grep { -e "$top/$_/Kbuild" && -e "$top/$_/Makefile" && $is_read{$_} } @dirs);
}

sub in_tree ($tree, $name) { return plain_path($name =~ s{^\Q$tree->{dir}\E/}{}r) }

sub ruled_dirs ($tree) {
    my @dirs = kernel_dirs($tree);
    my %dirs = map { dirname($_) => 1 }
        capture({ dir => $tree->{dir}, ok => [0, 1] }, 'grep', '-rlP', '--include=Makefile*',
            '--include=Kbuild*', $rule_line, @dirs),
        capture({ dir => $tree->{dir} }, 'find', @dirs, '-type', 'f', '(',
            (map { ('-name', $_, '-o') } @ruled), '-false', ')');
    return grep { -e "$tree->{dir}/$_/Makefile" || -e "$tree->{dir}/$_/Kbuild" } sort keys %dirs;
}

# [DIR, TARGET] of each rule that the file is a prerequisite of.
sub rules_with ($tree, $rules, $file) {
    my @found = @{ $rules->{users}{$file} // [] };
    for my $pattern (patterns_for($rules->{uses}, $file)) {
        my ($dir, $target, @needs) = @$pattern;
        for my $need (@needs) {
            my $stem = stem_of($need, $file);
            push @found, [$dir, $target =~ s/%/$stem/r]
                if defined $stem && is_asked($tree, $rules, $target =~ s/%/$stem/r);
            push @found, map { [$dir, $_] } asked_names($rules, $target) if $need eq $file;
        }
    }
    return @found;
}

# What % stands for in a name.
sub stem_of ($pattern, $name) {
    my ($before, $after) = $pattern =~ /^([^%]*)%(.*)\z/s or return;
    return if index($name, $before) || $name !~ m{\Q$after\E\z};
    my $stem = substr $name, length $before;
    return if length $stem <= length $after;
    $stem = substr $stem, 0, length($stem) - length $after;
    return $stem =~ m{/} ? undef : $stem;
}

# Whether a rule or an object asks for a file of this name, so that a pattern makes it.
sub is_asked ($tree, $rules, $name) {
    return 1 if $rules->{users}{$name} || $rules->{needs}{$name} || -e "$tree->{dir}/$name";
    my $object = $name =~ s/\.[cS]\z/.o/r;
    return $rules->{linked}{$object} || $rules->{users}{$object};
}

sub asked_names ($rules, $pattern) {
    $rules->{names} //= do {
        my %names = map { $_ => 1 } keys %{ $rules->{needs} }, keys %{ $rules->{users} },
            map { my $object = $_; map { $object =~ s/\.o\z/$_/r } qw(.o .c .S) }
            keys %{ $rules->{linked} };
        [sort keys %names];
    };
    return grep { defined stem_of($pattern, $_) } @{ $rules->{names} };
}

# What a target is made of, by rules of its own and by a pattern.
sub needs ($tree, $rules, $target) {
    my @needs = @{ $rules->{needs}{$target} // [] };
    for my $pattern (patterns_for($rules->{makes}, $target)) {
        my ($dir, $name, @of_pattern) = @$pattern;
        my $stem = stem_of($name, $target) // next;
        my @of_target = map { s/%/$stem/r } @of_pattern;
        push @needs, @of_target if !grep { !can_be($tree, $rules, $_) } @of_target;
    }
    return @needs;
}

# Whether a file is there, or is made by more than kbuild's rules for everything.
sub can_be ($tree, $rules, $file) {
    return 1 if -e "$tree->{dir}/$file" || $rules->{needs}{$file};
    return grep { $_->[1] !~ m{/%(?:\.(?:o|i|s|S|lst|ll|symtypes|usyms))?\z}
        && defined stem_of($_->[1], $file) } patterns_for($rules->{makes}, $file);
}

# The texts that a target is made of in the end: sources, also those of programs, scripts,
# and the Makefile, whose recipe may print a line.
sub texts_behind ($tree, $rules, $apart, $target) {
    my (%seen, @texts);
    my @todo = ($target, dirname($target) . '/Makefile');
    while (defined(my $file = shift @todo)) {
        next if $seen{$file}++ || $file ne $target && $file =~ $apart && $file =~ /\.(?:o|so|lds)/;
        push @todo, needs($tree, $rules, $file);
        push @todo, map { $file =~ s/(?:\.o)?\z/$_/r } qw(.c .S) if $file =~ m{(?:\.o|/[^.]+)\z};
        next if !-f "$tree->{dir}/$file" || !-T _;
        push @texts, $file;
        push @todo, map { plain_path(dirname($file) . "/$_") }
            read_file("$tree->{dir}/$file") =~ /^[ \t]*#[ \t]*include[ \t]*"([^"]+)"/mg
            if $file =~ /\.[ch]\z/;
    }
    return sort @texts;
}

1;
