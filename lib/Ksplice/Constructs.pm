# SPDX-License-Identifier: GPL-2.0-only
#
# Constructs.pm - what a header consists of, and what each part defines
#
# A construct is a directive of the preprocessor, or the text from one end of a
# declaration to the next at the top level of a file.  Most only matter to code that
# uses a name: a static function, a macro, a static variable, a prototype.  All others
# matter to whatever includes the file.  The reader is no compiler: where it is in
# doubt, a construct is of the kind 'other', which is right but wide.
#
# A construct is
#   kind    function   a static function with its body
#           macro      a #define
#           variable   a static variable
#           prototype  a declaration of one function
#           type       a struct, union, enum or typedef
#           condition  #if, #ifdef, #elif
#           quiet      #else, #endif, #undef, #include, #error, #warning, #line
#           other      anything else
#   names   those that it defines
#   head    of a function: all before its body; of a variable: all before its value; of a
#           macro: its name and parameters
#   text    all of it, without comments, with one blank for any white space
#   params  of a macro with parameters: their names
#   more    of a macro: whether the last one is all other arguments
#   body    of a macro: what is after its name and parameters
#   within  the conditions around it, joined

package Ksplice::Constructs;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter qw(import);

our @EXPORT_OK = qw(
    read_constructs read_macros split_macros plain_text split_arguments is_kept maybe_kept
);

# What may stand before the name of a function, with parentheses of its own.
my $attributes = qr{^__(?:attribute__|printf|scanf|acquires|releases|must_hold|cond_acquires
    |cond_lock|acquire|release|malloc|alloc_size|realloc_size|assume_aligned|nonnull|aligned
    |no_sanitize|diagnose_as|compiletime_error|compiletime_warning|typeof|__typeof__)$}x;

# What has a static function be there though nothing in the file refers to it, or does
# something else that its body does not show.
my $kept = qr{\b(?:__used|__used__|__visible|externally_visible|__externally_visible__
    |__retain__|__bpf_kfunc|__constructor__|__destructor__|__alias__|__alias|__ifunc__|__weakref__
    |asm|__asm__|__asm)\b|[(,][ ]*(?:used|retain|constructor|destructor|alias|ifunc|weakref)\b}x;

my $maybe_kept = qr/used|visible|retain|structor|alias|ifunc|weakref|asm|bpf_kfunc/;

my $keyword = qr{(?:const|volatile|unsigned|signed|void|int|long|short|char|bool|_Bool)\b}x;
my $plain_type = qr{(?:$keyword|(?:[us](?:8|16|32|64)|__\w+|\w+_t|(?:struct|union|enum)[ ]\w+)\b)
    [ *]*}x;

my $string = qr{"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'};

my $define = qr/^[ \t]*(?:#|%:)[ \t]*define[ \t]+/;

# Without comments, lines that a backslash joins joined.
sub plain_text ($text) {
    $text =~ s/\\[ \t]*\n//g;
    $text =~ s{(?=["'/])(?:$string(*SKIP)(*FAIL)|/\*.*?(?:\*/|\z)|//[^\n]*)}{ }gs;
    return $text;
}

# One blank for any white space, but in strings.
sub squeezed ($text) {
    return $text =~ s/\s+/ /gr if $text !~ /["']/;
    return $text =~ s/(?=["'\s])(?:$string(*SKIP)(*FAIL)|\s+)/ /gr;
}

sub is_kept ($text) { return $text =~ $maybe_kept && $text =~ $kept }

# What a text must match to be kept; fast.
sub maybe_kept () { return $maybe_kept }

# The constructs of a text, in their order.
sub read_constructs ($text) {
    my $state = { found => [], conditions => [], within => [], text => '', depth => 0, torn => 0 };
    for my $line (split /\n/, plain_text($text)) {
        if ($line =~ /^\s*(?:#|%:)\s*(\w*)\s*(.*?)\s*$/) { read_directive($state, $1, $2) }
        else                                              { read_code($state, $line) }
    }
    end_construct($state, 1) if $state->{text} =~ /\S/;
    return @{ $state->{found} };
}

# The macros of a text alone, of which only those that have something of LIKE in them.  One
# in a comment is one, too: too many is fine, and all comments take long to find.
sub read_macros ($text, $like = qr//) {
    $text =~ s/\\[ \t]*\n//g;
    $text = plain_text($text) if has_hidden_directive($text);
    return map { macro($_) } grep { $_ =~ $like } definitions($text);
}

# Is there a directive with a comment before its end?  One regular expression for all would
# be a hundred times as slow.
sub has_hidden_directive ($text) {
    return $text =~ m{\*/[ \t]*[#%]} || $text =~ m{#[ \t]*(?:define[ \t]*)?/\*}
        || $text =~ m{%:[ \t]*(?:define[ \t]*)?/\*};
}

# What is after each #define, in its line and those that a comment goes on to.  To look for
# the word is many times as fast as to look at each line.
sub definitions ($text) {
    my @found;
    while ($text =~ /define[ \t]/g) {
        my ($word, $at) = ($-[0], $+[0]);
        my $start = rindex($text, "\n", $word) + 1;
        next if substr($text, $start, $word - $start) !~ /^[ \t]*(?:#|%:)[ \t]*\z/;
        my $end = $word;
        my $definition;
        do {
            $end = index $text, "\n", $end + 1;
            $end = length $text if $end < 0;
            $definition = substr $text, $at, $end - $at;
        } while $end < length $text && has_open_comment($definition);
        push @found, $definition =~ m{/[*/]} ? plain_text($definition) : $definition;
        pos($text) = $end;
    }
    return map { s/^[ \t]+//r } @found;
}

sub has_open_comment ($text) {
    return $text =~ m{/\*} && $text =~ s{$string|/\*.*?\*/|//[^\n]*}{}gsr =~ m{/\*};
}

# Of a text without comments: its macros, and the rest.
sub split_macros ($text) {
    my (@macros, @rest);
    for (split /\n/, $text) {
        if (/$define(.*)/) { push @macros, macro($1) }
        else               { push @rest,   $_ }
    }
    return (join("\n", @rest, ''), @macros);
}

sub add ($state, %construct) {
    $construct{text} = squeezed($construct{text});
    push @{ $state->{found} }, { names => [], within => join("\n", @{ $state->{within} }),
        %construct };
    return;
}

# --- directives ------------------------------------------------------------

sub read_directive ($state, $word, $rest) {
    if ($word eq 'define') {
        add($state, %{ macro($rest) });
        return;
    }
    # Part of a declaration was before it: neither that nor the rest is understood.
    if (!$state->{depth} && $state->{text} =~ /\S/) {
        end_construct($state, 1);
        $state->{torn} = 1;
    }
    $state->{text} .= " \n#$word $rest\n" if $state->{depth};
    follow_condition($state, $word, $rest);
    my $kind = $word =~ /^(?:if|ifdef|ifndef|elif|elifdef|elifndef)$/ ? 'condition'
        : $word =~ /^(?:else|endif|undef|include|error|warning|line|)$/ ? 'quiet' : 'other';
    $kind = 'quiet' if $word eq 'pragma' && $rest =~ /^(?:once|GCC diagnostic\b)/;
    add($state, kind => $kind, text => "#$word $rest");
    return;
}

# Each branch starts as deep as the #if; all have to end equally deep, or what follows
# is not understood.
sub follow_condition ($state, $word, $rest) {
    my ($conditions, $within) = @$state{qw(conditions within)};
    if ($word =~ /^if/) {
        push @$conditions, { depth => $state->{depth}, end => undef };
        push @$within, "$word $rest";
    } elsif ($word =~ /^(?:el|endif)/ && @$conditions) {
        my $condition = $conditions->[-1];
        $state->{lost} = 1 if ($condition->{end} // $state->{depth}) != $state->{depth};
        $condition->{end} = $state->{depth};
        if ($word eq 'endif') {
            $state->{lost} = 1 if !$condition->{has_else} && $condition->{depth} != $state->{depth};
            pop @$conditions;
            pop @$within;
        } else {
            $condition->{has_else} = 1 if $word eq 'else';
            $state->{depth} = $condition->{depth};
            $within->[-1] .= " / $word $rest";
        }
    } elsif ($word eq 'endif') {
        $state->{lost} = 1;
    }
    return;
}

sub macro ($definition) {
    my ($name, $params, $body) = $definition =~ /^(\w+)(?:\(([^()]*)\))?(.*)$/s;
    return { kind => 'other', names => [], text => "#define $definition" } if !defined $name;
    s/^\s+|\s+\z//g for $body;
    my %macro = (kind => 'macro', names => [$name], text => "#define $definition",
        body => squeezed($body), head => $name);
    if (defined $params) {
        $macro{params} = [map { s/^\s+|\s+\z//gr } split /,/, $params];
        # GNU's "args..." is a name of its own; "..." is __VA_ARGS__.
        s/\s*\.\.\.\z// && ($_ eq '' && ($_ = '__VA_ARGS__'), $macro{more} = 1)
            for @{ $macro{params} };
        $macro{head} .= "($params)";
    }
    return \%macro;
}

# --- code ------------------------------------------------------------------

sub read_code ($state, $line) {
    for ($line) {
        pos = 0;
        while (/\G([^;{}()\["'\]]*)([;{}()\[\]]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|["']|\z)/gc) {
            my ($plain, $mark) = ($1, $2);
            $state->{text} .= $plain . $mark;
            last if $mark eq '';
            if    ($mark =~ /^[{(\[]$/) { open_bracket($state, $mark) }
            elsif ($mark =~ /^[})\]]$/) { close_bracket($state, $mark) }
            elsif ($mark eq ';' && !$state->{depth} && !$state->{lost}) { end_construct($state, 0) }
        }
    }
    $state->{text} .= "\n";
    # DEFINE_SOMETHING(...) by itself on a line, without a semicolon.
    end_construct($state, 0) if !$state->{depth} && !$state->{lost} && $line =~ /\)\s*\z/
        && !is_kept($state->{text})
        && !grep { $_->[0] !~ /^\s*[A-Z_][A-Z0-9_]*\s*\z/ } parentheses($state->{text});
    return;
}

sub open_bracket ($state, $mark) {
    if ($mark eq '{' && !$state->{depth}) {
        $state->{head} //= substr $state->{text}, 0, -1;
        $state->{n_bodies}++;
    }
    $state->{depth}++;
    return;
}

sub close_bracket ($state, $mark) {
    if (!$state->{depth}) {
        $state->{lost} = 1;
        return;
    }
    $state->{depth}--;
    end_construct($state, 0)
        if $mark eq '}' && !$state->{depth} && !$state->{lost} && is_function_head($state->{head});
    return;
}

# Of what is before a brace: nothing else has parentheses, but for attributes of types.
sub is_function_head ($head) {
    return $head =~ /\)/ && $head !~ /=/
        && $head !~ /^\s*(?:typedef\s+)?(?:struct|union|enum)\s+
            (?:\w+\s*)?(?:__\w+\s*\(.*\)\s*)*(?:\w+\s*)?\z/sx;
}

sub end_construct ($state, $in_doubt) {
    my ($text, $head, $n_bodies) = @$state{qw(text head n_bodies)};
    $in_doubt ||= $state->{torn} || $state->{lost};
    @$state{qw(text head n_bodies torn)} = ('', undef, 0, 0);
    $text = squeezed($text) =~ s/^ | \z//gr;
    return if $text eq '' || $text eq ';';
    my %construct = (kind => 'other', text => $text);
    if (!$in_doubt && ($n_bodies // 0) <= 1) {
        %construct = (%construct, defined $head ? with_body($text, $head) : declaration($text));
    }
    add($state, %construct);
    return;
}

sub with_body ($text, $head) {
    $head = squeezed($head) =~ s/^ | \z//gr;
    if (is_function_head($head)) {
        return if $head !~ /^[\w *]*\bstatic\b[\w *]*\(/ || is_kept($head);
        my $name = function_name($head);
        return defined $name ? (kind => 'function', names => [$name], head => $head) : ();
    }
    return (kind => 'type') if $head =~ /^(?:typedef|struct|union|enum)\b/ && $text !~ /=.*\{|\} ?=/
        && ($head =~ /^typedef\b/ || $text =~ /\} ?(?:__\w+(?: ?\(.*\))? ?)*;\z/);
    return variable($text);
}

# The function that is declared; nothing if it is not clear: a pointer to one, a name in
# parentheses, or perhaps a macro that makes the name of its arguments.
sub function_name ($head) {
    my ($name, $params);
    for (parentheses($head)) {
        my ($word) = $_->[0] =~ /(\w+) ?\z/ or return;
        next if $word =~ $attributes;
        return if defined $name;
        ($name, $params) = ($word, without_parentheses($_->[1] // ''));
    }
    return if !defined $name || $name =~ /^$keyword\z/ || $params !~ /\S/;
    return if grep { !/^ ?(?:\.\.\. ?|$plain_type|\w+\b ?[ *].*\w.*|\w+ ?\*[ *]*)\z/ }
        split /,/, $params, -1;
    return without_parentheses($head) =~ /[^\w *]/ ? undef : $name;
}

# What is before, and what is in, each pair of parentheses that is in no other.
sub parentheses ($text) {
    my ($depth, $plain, @found) = (0, '');
    for my $part ($text =~ /([()]|[^()]+)/g) {
        if ($part eq ')' && !--$depth) {
            push @{ $found[-1] }, $plain;
            $plain = '';
        } elsif ($part eq '(' && !$depth++) {
            push @found, [$plain];
            $plain = '';
        } else {
            $plain .= $part;
        }
    }
    return @found;
}

sub without_parentheses ($text) {
    1 while $text =~ s/\([^()]*\)//;
    return $text;
}

sub declaration ($text) {
    return (kind => 'type')
        if $text =~ /^typedef [^=]*;\z/ || $text =~ /^(?:struct|union|enum) \w+ ?;\z/;
    if ($text =~ /^(?:extern )?$plain_type+\w+ ?\([^={}]*;\z/ && $text !~ /^static\b/
        && !is_kept($text)) {
        my $name = function_name($text =~ s/;\z//r);
        return defined $name ? (kind => 'prototype', names => [$name], head => $text) : ();
    }
    return variable($text);
}

# Any word after the type may be the name, others attributes.  A type that is defined on
# the way is not understood; a volatile one is kept.
sub variable ($text) {
    my ($head, $value) = $text =~ /^static ([^=]*?) ?(=.*)?;\z/ or return;
    return if ($value // '') =~ /,/ && $value !~ /^= ?\{.*\} ?\z/;
    return if is_kept($text) || $text =~ /\bvolatile\b|\b(?:struct|union|enum)\b[^;=,&)]*\{/;
    my $words = $head =~ s/\[[^\]]*\]//gr;
    return if $words =~ /[^\w *]/;
    $words =~ s/^(?:const\b[ *]*)*(?:(?:struct|union|enum) )?\w+//;
    my @names = grep { !/^$keyword\z/ } $words =~ /(\w+)/g;
    return @names ? (kind => 'variable', names => \@names, head => $head) : ();
}

# --- arguments -------------------------------------------------------------

# The arguments in the parentheses that open at the position in the text, without
# comments, and where they end; nothing if they do not close.
sub split_arguments ($text, $at) {
    my ($depth, $argument, @arguments) = (0, '');
    pos($text) = $at;
    while ($text =~ m{\G("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'
        |/\*.*?\*/|//[^\n]*|\\\n|[^()\[\]\{\},"'/\\]+|.)}gcsx) {
        my $part = $1;
        if ($part =~ m{^(?:/[/*]|\\\n)}) { $part = ' ' }
        if ($part =~ /^[(\[{]\z/ && $depth++ == 0) { next }
        if ($part =~ /^[)\]}]\z/ && --$depth == 0) { return ([@arguments, $argument], pos $text) }
        if ($part eq ',' && $depth == 1) {
            push @arguments, $argument;
            $argument = '';
        } else {
            $argument .= $part;
        }
        return if length $argument > 20_000;
    }
    return;
}

1;
