#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# What the author of a patch marks reaches the records, changes nothing else,
# and is refused if it has no effect.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

my $include = '-I' . root_dir() . '/ksplice-patch';
my $marks = "#include \"ksplice-patch.h\"\n";

# A function that is replaced, one with a .cold part, one that the compiler
# makes a clone of, and one that stays.
sub source {
    my ($extra) = @_;
    return $marks . <<"END";
#ifdef PATCHED
#define CHANGE 1
#else
#define CHANGE 0
#endif
int ext(int);
void __attribute__((cold)) fail(int);
int running(int x) { return ext(x) + CHANGE; }
int stays(int x) { return ext(x) * 3; }
int split(int x)
{
	if (__builtin_expect(x == 7, 0)) {
		fail(x + 2);
		fail(ext(x));
	}
	return ext(x) + CHANGE;
}
static __attribute__((noinline)) int clone(int *x, int y) { return ext(*x) + y + CHANGE; }
int calls(int *x) { return clone(x, 1) + clone(x + 1, 1); }
#ifdef PATCHED
$extra
#endif
END
}

sub replaced {
    my ($file) = @_;
    my ($status, $out, $err) = run_cmd('objmanip/objmanip', 'inspect', $file);
    is("$status $err", '0 ', 'inspect finds no fault');
    return { map { /: function ([^, @]+)\S*, .*?, (?:\.\S+), (.*)$/ ? ($1 => $2) : () }
            split /\n/, $out };
}

my $plain = diff_text(source(''), $include);
is($plain->{status}, 0, 'without a mark') or diag $plain->{err};
my $none = replaced("$plain->{dir}/old.o");
is($none->{running}, 'replaced', 'nothing is allowed');
my ($cold) = grep { /cold/ } keys %$none;
my ($clone) = grep { /^clone\./ } keys %$none;
ok($cold && $clone, 'the fixture has a part and a clone') or diag explain $none;

my $marked = diff_text(source(<<'END'), $include);
ksplice_allow_running(running);
ksplice_allow_running(split);
ksplice_allow_running(clone);
END
is($marked->{status}, 0, 'three marks') or diag $marked->{err};
my $spans = replaced("$marked->{dir}/old.o");
is($spans->{running}, 'replaced, tasks may finish in it', 'a function is marked');
is($spans->{split}, 'replaced, tasks may finish in it', 'and another one');
like($spans->{$cold}, qr/^tasks may finish in it, replaced with span/, '... with its part');
is($spans->{$clone}, 'replaced, tasks may finish in it', '... and the clone of a third');
is_deeply([map { [@$_{qw(name size section)}] } objdump_symbols("$marked->{dir}/new.o")],
    [map { [@$_{qw(name size section)}] } objdump_symbols("$plain->{dir}/new.o")],
    'the new code is the same');
ok(!exists objdump_sections("$marked->{dir}/new.o")->{'.ksplice_marks'}, '... without the marks');

is_refused(diff_text(source('ksplice_allow_running(stays);'), $include),
    "dir/1.o: 'stays' is marked ksplice_allow_running, but not replaced: "
    . 'mark the function that it is part of, or remove the mark',
    'a mark of what is not replaced is refused');
is_refused(diff_text(source('ksplice_allow_running(run);int run(int x) { return x; }'
        =~ s/(k.*;)(int.*)/$2 $1/r), $include),
    "dir/1.o: 'run' is marked ksplice_allow_running, but not replaced: "
    . 'mark the function that it is part of, or remove the mark',
    '... also one with the name of which another one starts');

# Nothing changes but the mark: that is no case for "no changes".
my $only = "$marks int f(int x) { return x; }\n#ifdef PATCHED\nksplice_allow_running(f);\n#endif\n";
my @pair = build_pair($only, $include);
is(compare(@pair), 0, 'a mark alone is a change');
like(diff(@pair)->{err}, qr/'f' is marked ksplice_allow_running, but not replaced/,
    '... and is refused');

eval { build_pair("$marks ksplice_allow_running(none);\n", $include) };
like($@, qr/'none' undeclared/, 'the compiler finds a name that is misspelt');

is_refused(diff_text(source('__ksplice_mark("bogus", running);'), $include),
    "dir/1.o: 'running' has the unknown mark 'bogus'", 'a mark that we do not know is refused');
my ($pre, $post) = build_pair(source('ksplice_allow_running(running);'), $include);
for (["bogus\0", "'bogus' has no name"], ['bogus', 'the last one has no end']) {
    my ($text, $message) = @$_;
    my $file = spew(scratch_dir() . '/marks', $text);
    my ($status, undef, $err) =
        run_cmd('objcopy', '--update-section', ".ksplice_marks=$file", $post, "$post.bad");
    is("$status$err", '0', 'marks that no macro writes');
    like(diff($pre, "$post.bad")->{err}, qr/^objmanip: '\S+': broken marks: \Q$message\E$/,
        '... are broken');
}

done_testing;
