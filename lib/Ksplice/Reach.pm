# SPDX-License-Identifier: GPL-2.0-only
#
# Reach.pm - which of the sources that include a changed header it can change
#
# A change inside a static inline function or a macro can only be seen in code that
# uses it.  So the names that have changed are followed: a function or a macro of a
# header that uses one has changed too, and in the end a source is compiled if it
# has one of the names in it.  A name that ## makes of parts counts where it is made
# (Pasting.pm).
#
# This is about text, not about a compiler's view of it: conditions, scopes and types are
# not looked at, so it may reach too much.  It must never reach too little.  What is
# changed or reached in another way than by name (a type, a condition, a declaration
# that is not understood) is taken to reach all that includes its file.
#
# A reached name is {macro, plain, shape, at}: whether it is one of a macro; of something
# else; whether more than a body changes (a type, a value at compile time, whether it is
# there at all); and the set of sources for which it is so.  Only those are reached
# through a use of it that include what uses it, too.

package Ksplice::Reach;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter            qw(import);
use Ksplice             qw(capture run read_file temp_dir write_file);
use Ksplice::Constructs
    qw(read_constructs read_macros plain_text is_kept maybe_kept);
use Ksplice::Includes   qw(included_by kernel_dirs split_words);
use Ksplice::Pasting    qw(new_pasting pasted_names);

our @EXPORT_OK = qw(reached_sources);

# The macros that are set by an option -D, as if in a header of this name.
my $options = '(options).h';

# What a macro has that gives a static function or variable an attribute by which it is
# there without being used, for grep -E.
my @keepers = (qw{__used __retain __visible externally_visible constructor destructor
    alias ifunc weakref asm}, '(^|[(,])[[:space:]]*(used|retain)');

# reached_sources(TREE, {FILE => [TEXT...]}, SOURCE...): of the sources those that
# one of the files can change.  The texts are all that a file is in turn: in the tree, with
# the updates below, and with the patch.
sub reached_sources ($tree, $texts, @sources) {
    my $reach = {
        dir => $tree->{dir}, texts => $texts, sources => \@sources,
        set => included_by($tree, @sources),
        constructs => {}, names => {}, uses => {}, todo => [], reached => '',
        jobs => $tree->{jobs},
    };
    $reach->{files} = [grep { is_header($reach, $_) } sort keys %{ $reach->{set} }];
    add_options($reach, $tree);
    for my $file (sort keys %$texts) {
        start_from($reach, $file, $texts->{$file}) if defined $reach->{set}{$file};
    }
    if (@{ $reach->{todo} }) {
        reach_file($reach, $_) for grep { defined $reach->{set}{$_} } split_words($tree);
    }
    follow_names($reach);
    my $pasting = new_pasting({
        headers    => $reach->{files},
        sources    => \@sources,
        is_header  => sub ($file) { is_header($reach, $file) },
        constructs => sub ($file) { constructs_of($reach, $file) },
        texts      => sub ($file) { texts_of($reach, $file) },
        with_words => sub ($files, @words) { files_with($reach, $files, '-Fw', @words) },
        with_text  => sub ($files, @texts) { files_with($reach, $files, '-F', @texts) },
        lines      => sub ($regex, $but) { lines_with($reach, $regex, $but) },
        options    => sub () { map { $_->{names}[0] } constructs_of($reach, $options) },
    });
    while (my @made = pasted_names($pasting, keys %{ $reach->{names} })) {
        push @{ $reach->{uses}{ $_->[2] } }, [@$_[0, 1], 1] for @made;
        use_of($reach, @$_, 1) for @made;
        last if !@{ $reach->{todo} };
        follow_names($reach);
    }
    find_in_sources($reach);
    return map { $sources[$_] } grep { vec $reach->{reached}, $_, 1 } 0 .. $#sources;
}

# Is it more than a source of its own?
sub is_header ($reach, $file) {
    $reach->{own} //= do {
        my %own;
        vec($own{ $reach->{sources}[$_] } = '', $_, 1) = 1 for 0 .. $#{ $reach->{sources} };
        \%own;
    };
    my $own = $reach->{own}{$file};
    return !defined $own || ($own ^. $reach->{set}{$file}) =~ /[^\0]/;
}

sub add_options ($reach, $tree) {
    my @defined = map { s/['"\\]//gr } capture({ dir => $tree->{dir}, ok => [0, 1] },
        'grep', '-rhoP', '--include=Makefile*', '--include=Kbuild*', '-e',
        '-D\s*\K[A-Za-z_]\w*(=\S*)?', kernel_dirs($tree));
    $reach->{texts} = { %{ $reach->{texts} },
        $options => [join '', map { '#define ' . s/=/ /r . "\n" } @defined] };
    $reach->{set}{$options} = '';
    vec($reach->{set}{$options}, $_, 1) = 1 for 0 .. $#{ $reach->{sources} };
    push @{ $reach->{files} }, $options;
    return;
}

# --- what has changed ------------------------------------------------------

sub start_from ($reach, $file, $texts) {
    my @versions = map { [read_constructs($_ // '')] } @$texts;
    for my $i (0 .. $#versions) {
        for my $j ($i + 1 .. $#versions) {
            my ($old, $new) = changed($versions[$i], $versions[$j]);
            return reach_file($reach, $file) if !$old;
            start_with($reach, $file, $_, @$new) for @$old;
            start_with($reach, $file, $_, @$old) for @$new;
        }
    }
    return;
}

sub key ($construct) { return "$construct->{within}\0$construct->{text}" }

# The constructs that only one of two lists has, each with its place: before how many
# of those that both have it is.  Nothing if these are in another order.
sub changed ($old, $new) {
    my (%n, @old, @new);
    $n{ key($_) }++ for @$old;
    my @both;
    for (@$new) {
        if ($n{ key($_) }) { $n{ key($_) }--; push @both, key($_) }
        else               { push @new, { %$_, place => scalar @both } }
    }
    my %left = %n;
    my @kept;
    for (reverse @$old) {
        if ($left{ key($_) }) { $left{ key($_) }--; unshift @old, { %$_, place => @both - @kept } }
        else                  { unshift @kept, key($_) }
    }
    return if "@both" ne "@kept";
    return (\@old, \@new);
}

# A construct of one version that the others have not.
sub start_with ($reach, $file, $construct, @others) {
    my $kind = $construct->{kind};
    return reach_file($reach, $file)
        if $kind !~ /^(?:function|macro|variable|prototype)$/ || declares_more($construct);
    my $is_body = $kind =~ /^(?:function|macro)$/ && grep { $_->{kind} eq $kind
        && $_->{head} eq $construct->{head} && $_->{within} eq $construct->{within}
        && $_->{place} == $construct->{place} } @others;
    add_names($reach, $file, $construct, !$is_body, $reach->{set}{$file});
    return;
}

# Whether a body declares what is elsewhere: an attribute of that holds for all that follows.
sub declares_more ($construct) {
    return ($construct->{body} // $construct->{text}) =~ /\bextern\b|\b__attribute/
        if $construct->{kind} eq 'macro';
    return $construct->{kind} eq 'function'
        && substr($construct->{text}, length $construct->{head}) =~ /\bextern\b|\b__attribute/;
}

# --- names -----------------------------------------------------------------

# What a construct defines has changed, for the sources AT.
sub add_names ($reach, $file, $construct, $is_shape, $at) {
    my $kind = $construct->{kind};
    return reach_file($reach, $file, $at)
        if $kind =~ /^(?:function|variable)$/ && is_kept_by_macro($reach, $construct->{head});
    add_name($reach, $_, $kind eq 'macro' ? 'macro' : 'plain', $is_shape, $at)
        for @{ $construct->{names} };
    return;
}

sub add_name ($reach, $name, $what, $is_shape, $at) {
    my $entry = $reach->{names}{$name} //= { macro => 0, plain => 0, shape => 0, at => '' };
    $at = $entry->{at} |. $at;
    return if $entry->{$what} && $entry->{shape} >= $is_shape && $entry->{at} eq $at;
    $entry->{$what} = 1;
    $entry->{shape} ||= $is_shape ? 1 : 0;
    $entry->{at} = $at;
    push @{ $reach->{todo} }, $name;
    return;
}

sub is_kept_by_macro ($reach, $head) {
    $reach->{kept} //= do {
        my ($files, %kept) = $reach->{files};
        my @new = map { $_->{names}[0] } grep { defined $_->{body} && is_kept($_->{body}) }
            map { read_macros($_, maybe_kept) } map { texts_of($reach, $_) }
            files_with($reach, $files, '-E', @keepers);
        while (@new) {
            $kept{$_} = 1 for @new;
            my ($any, $like) = (any_of(@new), join '|', @new);
            @new = map { $_->{names}[0] }
                grep { defined $_->{body} && $_->{body} =~ $any && !$kept{ $_->{names}[0] } }
                map { read_macros($_, qr/$like/) } map { texts_of($reach, $_) }
                files_with($reach, $files, '-Fw', @new);
        }
        any_of(keys %kept);
    };
    return $head =~ $reach->{kept};
}

# All sources that include the file, or those of them that AT has.
sub reach_file ($reach, $file, $at = $reach->{set}{$file}) {
    $reach->{reached} |.= $at;
    return;
}

sub follow_names ($reach) {
    while (@{ $reach->{todo} }) {
        my %new = map { $_ => 1 } @{ $reach->{todo} };
        $reach->{todo} = [];
        find_uses($reach, grep { !$reach->{uses}{$_} } keys %new);
        for my $name (sort keys %new) {
            use_of($reach, @$_[0, 1], $name, $_->[2]) for @{ $reach->{uses}{$name} };
        }
    }
    return;
}

# NAME => [[FILE, CONSTRUCT, whether ## makes it there]...]
sub find_uses ($reach, @names) {
    $reach->{uses}{$_} = [] for @names;
    my $any = any_of(@names);
    for my $file (files_with($reach, $reach->{files}, '-Fw', @names)) {
        for my $construct (constructs_of($reach, $file)) {
            my %used = map { $_ => 1 } $construct->{text} =~ /$any/g;
            push @{ $reach->{uses}{$_} }, [$file, $construct, 0] for keys %used;
        }
    }
    return;
}

sub any_of (@names) {
    my $any = join('|', map { quotemeta } sort @names) || '(?!)';
    return qr/(?<![A-Za-z0-9_])($any)(?![A-Za-z0-9_])/;
}

# Those of the files that have one of the words; those of the patch always.
sub files_with ($reach, $files, $how, @words) {
    my @own = grep { $reach->{texts}{$_} } @$files;
    return (@own, grep { !$reach->{texts}{$_} } grep_files($reach, $files, $how, @words));
}

sub grep_files ($reach, $files, $how, @words) {
    return if !@words || !@$files;
    $reach->{scratch} //= temp_dir();
    my ($list, $patterns) = map { "$reach->{scratch}/$_" } qw(files words);
    write_file($list, join "\0", @$files);
    write_file($patterns, join '', map { "$_\n" } @words);
    local $ENV{LC_ALL} = 'C';
    # Each name is written at once, as more than one grep may be at work.
    my @found = capture({ dir => $reach->{dir}, ok => [0, 1, 123] }, 'xargs', '-0', '-a', $list,
        '-P', $reach->{jobs}, '-n', int(@$files / $reach->{jobs}) + 1,
        'grep', '-slf', $patterns, '--line-buffered', $how, '--');
    my %found = map { $_ => 1 } @found;
    return grep { $found{$_} } @$files;
}

# The lines of all files that match a regular expression, and do not match another one, of
# Perl's kind.
sub lines_with ($reach, $regex, $but) {
    $reach->{scratch} //= temp_dir();
    my ($list, $lines) = map { "$reach->{scratch}/$_" } qw(all lines);
    write_file($list, join "\0", @{ $reach->{files} }, @{ $reach->{sources} });
    local $ENV{LC_ALL} = 'C';
    run({ dir => $reach->{dir} }, 'sh', '-c',
        'xargs -0 -a "$1" grep -shE "$2" -- | grep -vP "$3" >"$4"; true',
        'sh', $list, $regex, $but, $lines);
    return split(/\n/, read_file($lines)), map { grep { /$regex/ } split /\n/ }
        map { grep { defined } @$_ } values %{ $reach->{texts} };
}

# Of a file of the patch those of each of its texts.
sub constructs_of ($reach, $file) {
    return @{ $reach->{constructs}{$file} //= [map { read_header($file, $_) }
        texts_of($reach, $file)] };
}

sub texts_of ($reach, $file) {
    return grep { defined } @{ $reach->{texts}{$file} } if $reach->{texts}{$file};
    return read_file("$reach->{dir}/$file");
}

# Assembly and whatever else is not C is one construct.
sub read_header ($file, $text) {
    return read_constructs($text) if $file =~ /\.(?:[ch]|inc|def|inl)\z/;
    return { kind => 'other', names => [], within => '', text => $text };
}

# A construct of a header uses a reached name, or makes it by ##.
sub use_of ($reach, $file, $construct, $name, $is_made) {
    my $at = $reach->{names}{$name}{at} &. ($reach->{set}{$file} // '');
    return if $at !~ /[^\0]/ || ($at |. $reach->{reached}) eq $reach->{reached};
    my $kind = $construct ? $construct->{kind} : 'other';
    my $follow = $kind eq 'macro' ? \&used_by_macro
        : $kind =~ /^(?:function|variable)$/ ? \&used_by_definition : \&used_by_other;
    $follow->($reach, { file => $file, construct => $construct, name => $name,
        entry => $reach->{names}{$name}, at => $at, is_made => $is_made });
    return;
}

sub used_by_other ($reach, $use) {
    reach_file($reach, @$use{qw(file at)})
        if !is_harmless(@$use{qw(entry construct name is_made)});
    return;
}

sub used_by_macro ($reach, $use) {
    my ($macro, $name) = @$use{qw(construct name)};
    my ($own, $params, $body) = ($macro->{names}[0], $macro->{params} // [], $macro->{body});
    follow_other_name($reach, $use, $macro) if $name eq $own && $use->{entry}{plain};
    return if !$use->{is_made} && ($body !~ any_of($name) || grep { $_ eq $name } @$params);
    add_names($reach, $use->{file}, $macro, 0, $use->{at});
    return;
}

# A function or a variable that is defined by the name of a macro has another name.
sub follow_other_name ($reach, $use, $macro) {
    my ($body, $params) = @$macro{qw(body params)};
    return if $body =~ /^(?:$macro->{names}[0]|NULL|true|false|\d\w*|)\z/;
    if ($params) {
        my ($name, $arguments) = $body =~ /^(\w+) ?\(([\w ,]*)\)\z/ or return;
        add_name($reach, $name, 'plain', 1, $use->{at})
            if $arguments =~ s/ //gr eq join ',', @$params;
    } elsif ($body =~ /^\w+\z/) {
        add_name($reach, $body, 'plain', 1, $use->{at});
    } elsif ($body =~ /##|^\w+ ?\(.*\)\z/) {
        reach_file($reach, @$use{qw(file at)});
    }
    return;
}

# A macro in its head may do anything: take 'static' away, say.
sub used_by_definition ($reach, $use) {
    my ($entry, $construct, $name, $is_made) = @$use{qw(entry construct name is_made)};
    my $is_own = grep { $_ eq $name } @{ $construct->{names} };
    return if $is_own && !$entry->{macro};
    my $in_head = $is_made || $construct->{head} =~ any_of($name) && !$is_own;
    return reach_file($reach, @$use{qw(file at)}) if $in_head && !$is_made && $entry->{macro};
    add_names($reach, $use->{file}, $construct, $construct->{kind} eq 'variable'
        || $in_head && ($entry->{macro} || $entry->{shape}), $use->{at});
    return;
}

# A construct that has the name, but cannot become another one by that.
sub is_harmless ($entry, $construct, $name, $is_made) {
    return 0 if !$construct;
    my ($kind, $text) = @$construct{qw(kind text)};
    return 1 if $kind eq 'quiet' && $text !~ /^#(?:include|line)/;
    if ($kind eq 'condition') {
        return 0 if $entry->{shape};
        return 1 if !$entry->{macro};
        $text =~ s/(?:defined *\(? *|ifn?def +)\w+//g;
        return !$is_made && $text !~ any_of($name);
    }
    return 0 if $entry->{macro};
    # What a function does is nothing that a type or a declaration could ask for.
    return 1 if $kind eq 'prototype' && grep { $_ eq $name } @{ $construct->{names} };
    return $kind eq 'type' && !$entry->{shape};
}

# --- the sources -----------------------------------------------------------

sub find_in_sources ($reach) {
    my %number = map { $reach->{sources}[$_] => $_ } 0 .. $#{ $reach->{sources} };
    my @left = grep { !vec $reach->{reached}, $number{$_}, 1 } @{ $reach->{sources} };
    my @names = keys %{ $reach->{names} };
    return if !@names;
    my $any = any_of(@names);
    for my $source (grep_files($reach, \@left, '-Fw', @names)) {
        my $text = read_file("$reach->{dir}/$source");
        $text = plain_text($text) if $source =~ /\.c\z/;
        my %used = map { $_ => 1 } $text =~ /$any/g;
        vec($reach->{reached}, $number{$source}, 1) = 1
            if grep { vec $reach->{names}{$_}{at}, $number{$source}, 1 } keys %used;
    }
    return;
}

1;
