# SPDX-License-Identifier: GPL-2.0-only
#
# Test::RandomTree - headers and sources of C at random, and changes of a header
#
# Each header is a list of items: functions, macros, variables, types, conditions.  An item
# defines names, and uses those of the items before it and of the headers that are included:
# by themselves or in one of many other ways to write a name.

package Test::RandomTree;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter   qw(import);
use List::Util qw(shuffle);

our @EXPORT = qw(random_tree random_change);

my $paste = <<'END';
#define ___PASTE(a, b) a##b
#define __PASTE(a, b) ___PASTE(a, b)
#define PASTE3(a, b, c) __PASTE(a, __PASTE(b, c))
#define PASTE_ALL(a, ...) a##__VA_ARGS__
#define PASTER() __PASTE
#define IDENTITY(...) __VA_ARGS__
#define CALL(f, ...) f(__VA_ARGS__)
#define SECOND(a, b, ...) b
#define SECOND_OF(...) SECOND(__VA_ARGS__)
#define NOTHING
#define LAST_3(a, b, c) c
#define WITH_get_(x) get_##x
#define WITH_put_(x) __PASTE(put_, x)
#define NUMBER_1 1
#define NUMBER_2 2
#define NUMBER_3 3
END

# What an item may be, and how often.
my @kinds = (
    [8, \&function], [5, \&macro], [4, \&value], [3, \&variable], [2, \&type], [3, \&condition],
    [3, \&made], [2, \&alias], [2, \&kept], [2, \&renamed], [2, \&rest], [1, \&declared],
    [2, \&pasting_macro], [1, \&redefined], [1, \&guarded], [1, \&text_function],
);
my @any_kind = map { ($_->[1]) x $_->[0] } @kinds;

# FILE => TEXT.  The headers that a change may be in are include/hN.h.
sub random_tree ($seed) {
    srand $seed;
    my $tree = { n => 0, headers => [] };
    push @{ $tree->{headers} }, header($tree, $_) for 0 .. 1 + int rand 3;
    my %files = ('include/paste.h' => $paste, map { $_->{name} => $_->{text} }
        @{ $tree->{headers} });
    $files{"kernel/s$_.c"} = source($tree) for 1 .. 3 + int rand 3;
    $files{'kernel/both.c'} = source($tree) . source_includes($tree, 'kernel/s1.c')
        if chance(8);
    return %files;
}

sub chance ($n) { return !int rand $n }

sub one_of (@list) { return $list[rand @list] }

sub number () { return 1 + int rand 99 }

# --- headers and sources ---------------------------------------------------

sub header ($tree, $n) {
    my $header = { name => "include/h$n.h", text => "#ifndef H${n}_H\n#define H${n}_H\n"
        . "#include <paste.h>\n", names => [] };
    for my $other (grep { chance(2) } @{ $tree->{headers} }) {
        $header->{text} .= '#include <' . $other->{name} =~ s{.*/}{}r . ">\n";
        push @{ $header->{names} }, @{ $other->{names} };
    }
    $header->{text} .= item($tree, $header) for 1 .. 3 + int rand 8;
    $header->{text} .= "#endif\n";
    return $header;
}

sub item ($tree, $header) {
    my $text = one_of(@any_kind)->($tree, $header);
    $text =~ s{ }{ /* get_one */ }   if chance(15) && $text !~ /^#|"/;
    $text =~ s/, /, \\\n\t/g        if chance(10) && $text =~ /\A#define[^\n]*\n\z/;
    return $text;
}

sub source ($tree) {
    my @headers = (shuffle @{ $tree->{headers} })[0 .. int rand 2];
    my $scope = { names => [map { @{ $_->{names} } } grep { $_ } @headers] };
    my $text = join '', map { '#include <' . $_->{name} =~ s{.*/}{}r . ">\n" } grep { $_ } @headers;
    $text .= macro($tree, $scope) if chance(4) && @{ $scope->{names} };
    $text .= pasting_macro($tree, $scope) if chance(6) && @{ $scope->{names} };
    my $f = 'f' . $tree->{n}++;
    my @sum = map { expression($scope, 'a') } 1 .. rand 3;
    my $value = first_value($scope);
    $text .= "#if $value > " . number() . "\nint g$f;\n#endif\n" if defined $value && chance(5);
    return "$text#include <paste.h>\nint $f(int a) { return " . join(' + ', 'a', @sum) . "; }\n";
}

sub source_includes ($tree, $file) { return '#include "' . $file =~ s{.*/}{}r . "\"\n" }

# --- using names -----------------------------------------------------------

# Of type int, of what is there; FORM says how a name is used.
sub expression ($scope, $argument) {
    my $used = one_of(@{ $scope->{names} }) or return number();
    my ($name, $form) = @$used;
    my $written = written($scope, $name);
    return {
        call  => sub { chance(5) ? "CALL($written, $argument)" : "$written($argument)" },
        value => sub { $written },
        array => sub { "$written\[$argument & 1]" },
        type  => sub { "(int)sizeof(struct $name)" },
    }->{$form}();
}

# A name, in one of many ways; WITH(get_)(x) would be one that is not found (t/208).
sub written ($scope, $name) {
    return $name if chance(2);
    my $cut = 1 + int rand(length($name) - 1);
    my ($one, $two) = (substr($name, 0, $cut), substr $name, $cut);
    my @ways = ("__PASTE($one, $two)", "IDENTITY($name)", "SECOND(0, $name, 0)",
        "SECOND_OF(0, $name, 0)", "PASTE_ALL($one, $two)", "PASTER()($one, $two)",
        "__PASTE($one NOTHING, $two)", "PASTE3($one, NOTHING, $two)",
        "__PASTE(IDENTITY($one), $two)", "LAST_3(0, 0, $name)", "__PASTE(, $name)");
    push @ways, "WITH_$1($2)"                 if $name =~ /^(get_|put_)(.+)/;
    push @ways, "__PASTE($1, NUMBER_$2)"      if $name =~ /^(.+)([123])\z/;
    @ways = grep { !/\(\d|, *\d+\w*\b[^,]*\)\z/ || /SECOND|LAST|NUMBER|WITH/ } @ways
        if $two =~ /^\d/;
    push @ways, map { "$_->[0]($_->[2])" } grep { $_->[1] eq 'paste' && $_->[3] eq $name }
        @{ $scope->{pasters} // [] };
    return one_of(@ways);
}

# A new name; made of few parts, so that some are made by other macros.
sub new_name ($tree, $header, $form) {
    my $name = one_of(qw(get_ put_ do_)) . one_of(qw(one two x)) . '_' . $tree->{n}++ . one_of(
        '', 1, 2, 3, '_t');
    push @{ $header->{names} }, [$name, $form];
    return $name;
}

# Of a macro for a plain number.
sub first_value ($scope) {
    my ($value) = grep { $_->[1] eq 'value' && $_->[2] } @{ $scope->{names} };
    return $value ? $value->[0] : undef;
}

# --- items -----------------------------------------------------------------

sub function ($tree, $header) {
    my $sum = expression($header, 'a');
    my $name = new_name($tree, $header, 'call');
    my $qualifier = one_of('inline ', 'inline ', '', '__attribute__((noinline)) ');
    return "static ${qualifier}int $name(int a)\n{\n\treturn $sum + " . number() . ";\n}\n";
}

sub macro ($tree, $header) {
    my $sum = expression($header, 'x');
    my $name = new_name($tree, $header, 'call');
    return "#define $name(x) (($sum) * " . number() . ")\n";
}

sub value ($tree, $header) {
    my $name = new_name($tree, $header, 'value');
    my $is_plain = $header->{names}[-1][2] = !chance(3);
    return "#define $name " . number() . "\n" if $is_plain;
    my $scope = { names => [grep { $_->[0] ne $name } @{ $header->{names} }] };
    return "#define $name (" . expression($scope, 1) . ' + ' . number() . ")\n";
}

sub variable ($tree, $header) {
    return "static const int " . new_name($tree, $header, 'array') . '[2] = { ' . number() . ', '
        . number() . " };\n" if chance(2);
    my $attribute = one_of('', '', ' __attribute__((unused))');
    return one_of('static const int ', 'static int ', 'static volatile int ')
        . new_name($tree, $header, 'value') . "$attribute = " . number() . ";\n";
}

sub type ($tree, $header) {
    return 'struct ' . new_name($tree, $header, 'type') . ' { char c[' . number() . "]; };\n"
        if chance(2);
    return 'enum { ' . new_name($tree, $header, 'value') . ' = ' . number() . " };\n";
}

# Something is defined in two ways.
sub condition ($tree, $header) {
    my $value = first_value($header);
    my $condition = defined $value && chance(2) ? "#if $value > " . number()
        : defined $value && chance(2) ? '#if ' . written($header, $value) . ' > ' . number()
        : '#ifdef ' . one_of('NUMBER_1', 'NONE', map { $_->[0] } @{ $header->{names} });
    my $name = new_name($tree, $header, 'call');
    my @ways = map { one_of("#define $name(a) ((a) + $_)\n",
        "static inline int $name(int a) { return a + $_; }\n") } number(), number();
    return "$condition\n$ways[0]#else\n$ways[1]#endif\n";
}

# By a macro that pastes its name.
sub made ($tree, $header) {
    my $maker = 'MAKE_' . $tree->{n}++;
    my $sum = expression($header, 'a');
    my $name = new_name($tree, $header, 'call');
    my ($first, $last) = $name =~ /^(\w+?_)(.*)/;
    return "#define $maker(x, n) static inline int $first##x(int a) { return $sum + n; }\n"
        . "$maker($last, " . number() . ")\n" if chance(2);
    return "static inline int __PASTE($first, $last)(int a) { return $sum + " . number() . "; }\n";
}

sub alias ($tree, $header) {
    my ($old) = grep { $_->[1] =~ /^(?:call|value)$/ } shuffle @{ $header->{names} } or return '';
    my $new = new_name($tree, $header, $old->[1]);
    return "#define $new " . written({}, $old->[0]) . "\n";
}

sub kept ($tree, $header) {
    my $keep = '__keep_' . $tree->{n}++;
    my $define = "#define $keep " . one_of('__attribute__((used))', '__attribute__((unused))')
        . "\n";
    return $define . "static $keep int " . new_name($tree, $header, 'call')
        . '(int a) { return a + ' . number() . "; }\n" if chance(2);
    return $define . 'static int ' . new_name($tree, $header, 'value') . " $keep = " . number()
        . ";\n";
}

# The name that it is defined by is a macro.
sub renamed ($tree, $header) {
    my $old = 'old_' . $tree->{n}++;
    my $sum = expression($header, 'a');
    my $name = new_name($tree, $header, 'call');
    my $form = one_of($old, "$old(a)");
    my $new = $form =~ /\(/ ? "$name(a)" : $name;
    push @{ $header->{names} }, [$old, 'call'];
    return "#define $form $new\nstatic inline int $old(int a) { return $sum + " . number()
        . "; }\n";
}

# Arguments that are handed on.
sub rest ($tree, $header) {
    my ($used) = grep { $_->[1] eq 'call' && $_->[0] =~ /^\w+?_\w/ } shuffle @{ $header->{names} }
        or return '';
    my ($first, $last) = $used->[0] =~ /^(\w+?_)(.*)/;
    my $inner = 'INNER_' . $tree->{n}++;
    my $name = new_name($tree, $header, 'call');
    return "#define $inner(n, x, ...) $first##x(__VA_ARGS__)\n"
        . "#define ARGUMENTS_$inner 0, $last\n"
        . "#define OUTER_$inner(...) $inner(__VA_ARGS__)\n"
        . "#define $name(x) (" . one_of("OUTER_$inner(0, $last, x)",
        "OUTER_$inner(ARGUMENTS_$inner, x)") . ' + ' . number() . ")\n";
}

sub declared ($tree, $header) {
    my $name = new_name($tree, $header, 'call');
    return "extern int $name(int a) __attribute__((" . one_of('const', 'pure', 'cold')
        . "));\n";
}

sub pasting_macro ($tree, $header) {
    my ($used) = grep { $_->[1] ne 'type' } shuffle @{ $header->{names} } or return '';
    my $macro = 'PASTING_' . $tree->{n}++;
    my ($first, $last) = $used->[0] =~ /^(\w+?_)(.*)/;
    push @{ $header->{pasters} }, [$macro, 'paste', $last, $used->[0]];
    return "#define $macro(x) " . one_of("$first##x", "__PASTE($first, x)",
        "PASTE3($first, NOTHING, x)") . "\n";
}

sub redefined ($tree, $header) {
    my ($old) = grep { $_->[1] eq 'value' && $_->[2] } shuffle @{ $header->{names} } or return '';
    return "#undef $old->[0]\n#define $old->[0] " . number() . "\n";
}

# Its name is in parentheses.
sub guarded ($tree, $header) {
    my $sum = expression($header, 'a');
    my $name = new_name($tree, $header, 'call');
    return "static inline int ($name)(int a) { return $sum + " . number() . "; }\n";
}

# What it does depends on a string.
sub text_function ($tree, $header) {
    my $name = new_name($tree, $header, 'call');
    return "static inline int $name(int a) { return \"a b  c " . number() . "\"[a & 7]; }\n";
}

# --- changes ---------------------------------------------------------------

# (FILE, TEXT): a header with one change.
sub random_change ($seed, %files) {
    srand $seed;
    my $file = one_of(sort grep { m{/h\d\.h\z} } keys %files);
    my @lines = split /^/, $files{$file};
    my $n = 3 + int rand(@lines - 4);
    my $kind = int rand 12;
    if ($kind == 0)    { @lines[$n, $n - 1] = @lines[$n - 1, $n] if $n > 3 }
    elsif ($kind == 1) { splice @lines, $n, 1 }
    elsif ($kind == 2) { $lines[$n] =~ s/\bunused\b/used/ || $lines[$n] =~ s/\bused\b/unused/ }
    elsif ($kind == 3) { $lines[$n] =~ s/\binline\b/__attribute__((noinline))/ }
    elsif ($kind == 4) { $lines[$n] =~ s/ \+ / - / }
    elsif ($kind == 5) { $lines[$n] =~ s/  / / }
    elsif ($kind == 6) { $lines[$n] =~ s/\bconst\b/volatile/ }
    my $text = join '', @lines;
    return ($file, $text) if $text ne $files{$file};
    my @at;
    push @at, $-[0] while $text =~ /(?<=[ (])\d+\b/g;
    return if !@at;
    my $at = one_of(@at);
    $text =~ s/\A.{$at}\K(\d+)/$1 + 1/se;
    return ($file, $text);
}

1;
