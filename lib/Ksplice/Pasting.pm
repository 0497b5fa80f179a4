# SPDX-License-Identifier: GPL-2.0-only
#
# Pasting.pm - the names that ## makes of parts, where they are wanted ones
#
# A macro that pastes has patterns: "get_" and the first parameter, say.  What calls
# it makes names of them, or, if it is a macro as well, patterns of its own.  They are
# followed from the macros that have a ## to all that use them, but only those that
# some wanted name fits.  An argument counts as it is written, and as what it
# becomes if it is a macro; where that is not simple, it may become anything.
#
# A pattern is a list of elements:
#   [literal => WORD]
#   [argument => N]         what the parameter N of the macro is
#   [word => WORD]          the word, or what it is as a macro
#   [call => WORD, ITEMS...]  the same with arguments, of which each is a list of items
#   [number => '']          digits
#   [any => '']

package Ksplice::Pasting;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter            qw(import);
use Ksplice::Constructs qw(read_macros split_macros plain_text split_arguments);

our @EXPORT_OK = qw(new_pasting pasted_names);

# A macro of macros of macros: no deeper.
my $deepest = 12;
my $most_patterns = 200;

# The lines of macros for a plain number, of which there are millions; but for those of %s.
my $is_number = '^[ \t]*#[ \t]*define[ \t]+[A-Za-z0-9_]+[ \t]++'
    . '(?!(?:%s)\b)\(?-?(0[xX])?[0-9a-fA-F]+[uUlL]*\)?[ \t]*(/[/*].*)?$';

# SOURCE is what knows the files: headers, sources (lists of names), and the functions
# is_header, constructs (of a header), texts (of a file), with_words, with_text (those of a
# list of files that have one of the words, or of the texts), lines (of the files, by
# a regular expression of grep, but not another one), options (macros that are set by -D).
sub new_pasting ($source) {
    return { source => $source, done => {}, pieces => {}, uses => {},
        files => [@{ $source->{headers} }, @{ $source->{sources} }] };
}

# Where one of the wanted names is made: [FILE, CONSTRUCT, NAME], with the construct of
# a header, undef in a source.  What was returned once is not again.
sub pasted_names ($pasting, @wanted) {
    return if !@wanted;
    $pasting->{wanted} = join "\n", @wanted;
    $pasting->{bases} //= [read_bases($pasting)];
    read_definitions($pasting);
    my (%seen, @hits);
    my @todo = @{ $pasting->{bases} };
    while (@todo) {
        my %new;
        push @{ $new{ $_->{macro} } }, $_
            for grep { fits($pasting, $_->{pattern}) && !$seen{ key_of($_) }++ } @todo;
        @todo = ();
        for my $use (uses_of($pasting, sort keys %new)) {
            for my $base (@{ $new{ $use->{macro} } }) {
                my ($hits, $bases) = follow_use($pasting, $use, $base);
                push @hits, @$hits;
                push @todo, @$bases;
            }
        }
    }
    return @hits;
}

# The names that are made there, and what the macro has that it is in.
sub follow_use ($pasting, $use, $base) {
    my $piece = $use->{piece};
    my (@hits, @bases);
    for my $pattern (made_by($pasting, $use, $base)) {
        if (!grep { $_->[0] eq 'argument' } @$pattern) {
            push @hits, hits_of($pasting, $use, $pattern);
        } elsif (defined $piece->{macro}) {
            my $is_alias = is_alias($piece, $base->{macro});
            push @bases, base_of($piece->{macro}, $pattern, $is_alias ? $base : $piece);
        }
    }
    return (\@hits, \@bases);
}

# Another name for a macro.
sub is_alias ($piece, $macro) {
    return defined $piece->{macro} && !$piece->{params} && $piece->{text} eq $macro;
}

sub key_of ($base) { return join ' ', $base->{macro}, map { @$_ } @{ $base->{pattern} } }

sub hits_of ($pasting, $use, $pattern) {
    my $regex = regex($pattern);
    my %names = map { $_ => 1 } $pasting->{wanted} =~ /$regex/g;
    return map { [$use->{file}, $use->{piece}{construct}, $_] }
        grep { !$pasting->{done}{"$use->{file} $use->{piece} $_"}++ } sort keys %names;
}

sub fits ($pasting, $pattern) { return $pasting->{wanted} =~ regex($pattern) }

sub regex ($pattern) {
    my $text = join '', map {
        $_->[0] eq 'literal' ? $_->[1] : $_->[0] eq 'number' ? '\d+' : '\w*'
    } @$pattern;
    return qr/^($text)$/m;
}

# --- macros that paste -----------------------------------------------------

# {macro, pattern, params, more} of each ## that is in the files.
sub read_bases ($pasting) {
    my $source = $pasting->{source};
    my %bases;
    for my $file ($source->{with_text}->($pasting->{files}, '##', '%:%:')) {
        for my $macro (grep { defined $_->{body} } map { read_macros($_, qr/##|%:%:/) }
            $source->{texts}->($file)) {
            for my $item (grep { @$_ > 1 } all_items(items_of($macro->{body}, $macro->{params}))) {
                my $base = base_of($macro->{names}[0], merged($item), $macro);
                $bases{ key_of($base) } = $base;
            }
        }
    }
    return map { $bases{$_} } sort keys %bases;
}

sub base_of ($name, $pattern, $macro) {
    return { macro => $name, pattern => $pattern, params => $macro->{params},
        more => $macro->{more} };
}

# Those in the arguments of calls, too.
sub all_items (@items) {
    return map {
        ($_, all_items(map { @$_ } map { @$_[2 .. $#$_] } grep { $_->[0] eq 'call' } @$_))
    } grep { $_ } @items;
}

# The text as a list of items: patterns of what ## joins, or of one word or call;
# undef for another mark.
sub items_of ($text, $params) {
    my %number = map { $params->[$_] => $_ } 0 .. $#{ $params // [] };
    my ($joins, @items);
    my @parts = parts_of($text);
    for my $i (0 .. $#parts) {
        my $part = $parts[$i];
        if (!ref $part && $part =~ /^(?:##|%:%:)\z/) {
            $joins = 1;
            next;
        }
        my $is_operand = $joins || ($parts[$i + 1] // '') =~ /^(?:##|%:%:)\z/;
        my $item = ref $part
            ? [[call => $part->[0], map { [items_of($_, $params)] } @{ $part->[1] }]]
            : $part =~ /^\w/ ? [element($part, \%number, $is_operand)] : undef;
        if ($joins && @items && $items[-1] && $item) { push @{ $items[-1] }, @$item }
        else                                         { push @items, $item }
        $joins = 0;
    }
    return @items;
}

# Words, marks, and calls as [WORD, [ARGUMENT...]]; an operand of ## calls nothing.
my $part = qr/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[A-Za-z0-9_]+|\#\#|%:%:|\S/;

sub parts_of ($text) {
    my @parts;
    pos($text) = 0;
    while ($text =~ /\G\s*($part)/gc) {
        my $part = $1;
        if ($part =~ /^[A-Za-z_]/ && $text =~ /\G\s*(?=\()/gc) {
            my $at = pos $text;
            my ($arguments, $end) = split_arguments($text, $at);
            if ($arguments && !(@parts && !ref $parts[-1] && $parts[-1] =~ /^(?:##|%:%:)\z/)) {
                pos($text) = $end;
                $part = [$part, $arguments];
            } else {
                pos($text) = $at;
            }
        }
        push @parts, $part;
    }
    return @parts;
}

# An operand of ## is not expanded.
sub element ($word, $number, $is_operand) {
    return [argument => $number->{$word}] if defined $number->{$word};
    return [literal => $word] if $is_operand || $word =~ /^\d/;
    return [word => $word];
}

# Literals that follow each other are one.
sub merged ($pattern) {
    my @merged;
    for (@$pattern) {
        if (@merged && $merged[-1][0] eq 'literal' && $_->[0] eq 'literal') {
            $merged[-1] = [literal => $merged[-1][1] . $_->[1]];
        } elsif (!@merged || $merged[-1][0] ne 'any' || $_->[0] ne 'any') {
            push @merged, $_;
        }
    }
    return \@merged;
}

# --- uses ------------------------------------------------------------------

# Where the files use one of the macros: {macro, piece, arguments, file}; the arguments
# are lists of items, undef where there are none.
sub uses_of ($pasting, @macros) {
    my $uses = $pasting->{uses};
    my @new = grep { !$uses->{$_} } @macros;
    $uses->{$_} = [] for @new;
    find_uses($pasting, @new) if @new;
    return map { @{ $uses->{$_} } } @macros;
}

sub find_uses ($pasting, @macros) {
    my $any = join '|', @macros;
    $any = qr/(?<![A-Za-z0-9_])($any)(?![A-Za-z0-9_])/;
    for my $file ($pasting->{source}{with_words}->($pasting->{files}, @macros)) {
        for my $piece (pieces_of($pasting, $file)) {
            my $text = $piece->{text};
            while ($text =~ /$any/g) {
                my ($macro, $end) = ($1, pos $text);
                next if grep { $_ eq $macro } @{ $piece->{params} // [] };
                my ($texts) = $text =~ /\G\s*(?=\()/gc ? split_arguments($text, pos $text) : ();
                pos($text) = $end;
                my $arguments = $texts && [map { [items_of($_, $piece->{params})] } @$texts];
                push @{ $pasting->{uses}{$macro} }, { macro => $macro, piece => $piece,
                    file => $file, arguments => $arguments };
            }
        }
    }
    return;
}

# {text, macro, params, construct}: of a macro its body, with its name; other text.
sub pieces_of ($pasting, $file) {
    my $source = $pasting->{source};
    return @{ $pasting->{pieces}{$file} //= [$source->{is_header}->($file)
        ? map { piece_of($_) } $source->{constructs}->($file)
        : map { source_pieces($_) } $source->{texts}->($file)] };
}

sub piece_of ($construct) {
    return { construct => $construct, text => without_names($construct->{text}) }
        if $construct->{kind} ne 'macro';
    return { construct => $construct, text => $construct->{body},
        macro => $construct->{names}[0], params => $construct->{params},
        more => $construct->{more} };
}

sub source_pieces ($text) {
    my ($rest, @macros) = split_macros(plain_text($text));
    return ((map { { %{ piece_of($_) }, construct => undef } } grep { defined $_->{body} } @macros),
        { text => without_names($rest) });
}

# A directive may name a macro, which it is not for.
sub without_names ($text) {
    return $text if $text !~ /#|%:/;
    $text =~ s/^[ \t]*(?:#|%:)[ \t]*(?:undef|ifn?def|error|warning)\b.*//mg;
    return $text =~ s/\bdefined *\(? *\w+//gr;
}

# The patterns that a use of a macro makes of one that the macro has.
sub made_by ($pasting, $use, $base) {
    my $pattern = $base->{pattern};
    return if $use->{arguments} && !is_call_of($use, $base);
    my $arguments = $use->{arguments} && seen_arguments($pasting, $use, $base);
    return map { merged($_) } map { resolved($pasting, 0, $_) }
        grep { @$_ } substituted($pattern, @$arguments) if $arguments;
    # It may be handed on, to be called with arguments that are not seen.
    return $pattern if is_alias($use->{piece}, $use->{macro});
    return merged([map { $_->[0] eq 'argument' ? [any => ''] : $_ } @$pattern]);
}

# Another macro of the same name has another number of parameters; but what is handed on
# in the body of a macro may become many arguments.
sub is_call_of ($use, $base) {
    return 1 if !$base->{params} || grep { has_argument($_) } @{ $use->{arguments} };
    my ($n_params, $n) = map { scalar @$_ } $base->{params}, $use->{arguments};
    return $n == $n_params || $base->{more} && $n >= $n_params - 1
        || !$n_params && $n == 1 && !@{ $use->{arguments}[0] };
}

sub has_argument ($items) {
    return grep { $_->[0] eq 'argument' || $_->[0] eq 'call' && grep { has_argument($_) }
        @$_[2 .. $#$_] } map { @$_ } grep { $_ } @$items;
}

# The arguments of a use, all that "..." is as one; nothing if it is not clear which they
# are, or what is at their ends, as one becomes none or many.
sub seen_arguments ($pasting, $use, $base) {
    my @arguments = @{ $use->{arguments} };
    my $n = @{ $base->{params} // \@arguments };
    if ($base->{more}) {
        return if @arguments < $n - 1;
        return if grep { is_many($pasting, $use->{piece}, $_) } @arguments[0 .. $n - 2];
        my @last = map { (undef, @$_) } splice @arguments, $n - 1;
        push @arguments, [@last[1 .. $#last]];
    }
    @arguments = () if !$n;
    return if @arguments != $n || grep { is_open($pasting, $_) } @arguments;
    return \@arguments;
}

sub is_many ($pasting, $piece, $argument) {
    return grep { $_->[0] eq 'argument' && $piece->{more} && $_->[1] == $#{ $piece->{params} }
        || $_->[0] eq 'word' && $piece->{macro} && has_body($pasting, $_->[1], qr/,/) }
        map { @$_ } grep { $_ } @$argument;
}

# Is a word at one of its ends perhaps nothing?
sub is_open ($pasting, $argument) {
    return @$argument > 1 && grep { $_ && $_->[0][0] eq 'word'
        && has_body($pasting, $_->[0][1], qr/^\s*\z/) } @$argument[0, -1];
}

# Is the word perhaps a macro with such a body?
sub has_body ($pasting, $word, $regex) {
    return grep { !$_->[0] && (!defined $_->[1] || $_->[1] =~ $regex) }
        @{ $pasting->{definitions}{$word} // [] };
}

# The patterns with the arguments in: only the end of an argument that ## touches is
# part of a name.
sub substituted ($pattern, @arguments) {
    my @parts = ([]);
    for my $i (0 .. $#$pattern) {
        my $element = $pattern->[$i];
        if ($element->[0] eq 'call') {
            my (undef, $word, @lists) = @$element;
            push @{ $parts[-1] }, [call => $word, map { [in_list($_, @arguments)] } @lists];
            next;
        }
        if ($element->[0] ne 'argument') {
            push @{ $parts[-1] }, $element;
            next;
        }
        my @items = @{ $arguments[ $element->[1] ] // [] } or next;
        join_on(\@parts, $items[ @items > 1 && $i == 0 ? -1 : 0 ]);
        if (@items > 1 && $i > 0 && $i < $#$pattern) {
            push @parts, [];
            join_on(\@parts, $items[-1]);
        }
    }
    return @parts;
}

# The items of an argument with the arguments in: one of them may be many items.
sub in_list ($items, @arguments) {
    return map {
        !$_ ? undef
            : @$_ == 1 && $_->[0][0] eq 'argument' ? @{ $arguments[ $_->[0][1] ] // [] }
            : (substituted($_, @arguments))[0]
    } @$items;
}

# A mark that is no word ends the pattern.
sub join_on ($parts, $item) {
    if ($item) { push @{ $parts->[-1] }, @$item }
    else       { push @$parts, [] }
    return;
}

# --- words that are macros -------------------------------------------------

# The patterns that one becomes when its words and calls are expanded, but for those
# that no wanted name can have in it.
sub resolved ($pasting, $depth, $pattern) {
    my @patterns = ([]);
    for my $element (@$pattern) {
        my @choices = grep { is_in_wanted($pasting, $_) } choices_of($pasting, $depth, $element);
        my %seen;
        @patterns = grep { !$seen{ join ' ', map { @$_ } @$_ }++ }
            map { my $before = $_; map { merged([@$before, @$_]) } @choices } @patterns;
        return [[any => '']] if @patterns > $most_patterns;
    }
    return grep { is_in_wanted($pasting, $_) } @patterns;
}

sub is_in_wanted ($pasting, $pattern) {
    return !grep { $_->[0] eq 'literal' && index($pasting->{wanted}, $_->[1]) < 0 } @$pattern;
}

sub choices_of ($pasting, $depth, $element) {
    my ($kind, $word, @arguments) = @$element;
    return [$element] if $kind ne 'word' && $kind ne 'call';
    return [[number => '']] if $word =~ /^__(?:COUNTER|LINE|INCLUDE_LEVEL)__\z/;
    return [[literal => 'kmod_'], [any => '']] if $word eq '__KBUILD_MODNAME';
    return [[any => '']] if $word =~ /^KBUILD_\w+\z/ || $depth > $deepest;
    # Where nothing defines it, it is itself.
    return ([[literal => $word]], map { expanded($pasting, $depth, $kind, $_, @arguments) }
        @{ $pasting->{definitions}{$word} // [] });
}

# What the ends of a macro's body become.
sub expanded ($pasting, $depth, $kind, $macro, @arguments) {
    my ($params, $body) = @$macro;
    return if $kind eq 'word' && $params;
    return [[any => '']] if !defined $body;
    my @items = items_of($body, $params);
    # Without parameters of its own it may be the name of what is called.
    return [[any => '']] if $kind eq 'call' && !$params && @items;
    return [] if !@items;
    return map { resolved($pasting, $depth + 1, $_) }
        map { $params ? substituted($_, @arguments) : $_ }
        grep { $_ } @items > 1 ? @items[0, -1] : @items;
}

# WORD => [[PARAMS, BODY]...], undef as PARAMS without; undef as BODY if it is long, or is set
# by an option -D.  Those for numbers that are in no wanted name are left out.
sub read_definitions ($pasting) {
    my %number = map { $_ => 1 } map { prefixes($_) }
        $pasting->{wanted} =~ /(?=(\d[0-9A-Za-z]*))/g;
    my $numbers = join('|', sort keys %number) || '(?!)';
    return if ($pasting->{numbers} // '') eq $numbers;
    my %of;
    for ($pasting->{source}{lines}->('^[ \t]*#[ \t]*define', sprintf $is_number, $numbers)) {
        my ($name, $params, $body) = /define\s+(\w+)(?:\(([^()]*)\))?(.*)/ or next;
        my $is_long = $body =~ m{\\\s*\z|/\*(?!.*\*/)} || ($params // '') =~ /\./;
        my $list = defined $params ? [split /\s*,\s*/, $params =~ s/^\s+|\s+\z//gr] : undef;
        push @{ $of{$name} }, [$list, $is_long ? undef : plain_text($body)];
    }
    push @{ $of{$_} }, [] for $pasting->{source}{options}->();
    @$pasting{qw(numbers definitions)} = ($numbers, \%of);
    return;
}

sub prefixes ($text) { return map { substr $text, 0, $_ } 1 .. length $text }

1;
