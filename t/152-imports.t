#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# What the new code needs is imported: under its own name if the kernel exports
# it, under a placeholder if not, or if the target itself exports it.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

my $long = 'a_function_with_a_name_that_is_much_longer_than_fits';
my $symvers = join '', map { "$_\n" }
    "0x12345678\tplain\tvmlinux\tEXPORT_SYMBOL\t",
    "0x00000000\tfor_gpl\tfs/ext4/ext4\tEXPORT_SYMBOL_GPL\t",
    "0x9abcdef0\tin_space\tvmlinux\tEXPORT_SYMBOL_GPL\tKSPLICE_TEST",
    "0x9abcdef1\tin_space_too\tvmlinux\tEXPORT_SYMBOL_GPL\tKSPLICE_TEST",
    "0x9abcdef4\tfor_some\tvmlinux\tEXPORT_SYMBOL_GPL\tmodule:kvm-amd,kvm-intel",
    "0x9abcdef2\tshown\tvmlinux\tEXPORT_SYMBOL",
    "0x9abcdef3\tlocal\tvmlinux\tEXPORT_SYMBOL";
my @pair = build_pair(<<"END");
#define alone __attribute__((noipa))
int plain(int), for_gpl(int), in_space(int), in_space_too(int), hidden(int), for_some(int);
int $long(int);
void *reg(void *);
alone static int local(int x) { return plain(x); }
alone int shown(int x)
{
#ifdef PATCHED
	reg(shown);
	x += for_gpl(x) + in_space(x) + in_space_too(x) + hidden(x) + for_some(x) + $long(x);
	return plain(x) + local(x);
#else
	return plain(x) + local(x);
#endif
}
#ifdef PATCHED
alone int again(int x) { return hidden(x) + 1; }
#else
alone int again(int x) { return hidden(x); }
#endif
END
my $diff = diff({ symvers => $symvers }, @pair);
is($diff->{status}, 0, 'new code with imports') or diag $diff->{err};

my $header = slurp("$diff->{dir}/imports.h");
my %undefined = map { $_->{name} => 1 }
    grep { $_->{section} eq '*UND*' && $_->{name} } objdump_symbols("$diff->{dir}/new.o");
ok($undefined{$_}, "the exported '$_' keeps its name") for qw(plain for_gpl in_space in_space_too);
ok($undefined{shown}, 'so does a replaced function that is exported');
my ($shown) = grep { $_->{name} eq 'shown' && $_->{section} ne '*UND*' }
    objdump_symbols("$diff->{dir}/new.o");
is($shown->{global}, 0, 'whose new body leaves the name to it');

my @placeholders = $header =~ /^KSPLICE_IMPORT\((\S+)\)$/mg;
is_deeply([sort grep { /^ksplice_/ } keys %undefined], [sort @placeholders],
    'each placeholder is in imports.h, once');
is(scalar(grep { /^ksplice_abc_vmlinux_\d+_hidden$/ } @placeholders), 1,
    'what is not exported has one, even if two functions use it');
is(scalar(grep { /^ksplice_abc_vmlinux_\d+_local$/ } @placeholders), 1,
    'a static function has one, though another of that name is exported');
is(scalar(grep { /_for_some$/ } @placeholders), 1, 'what is exported to other modules has one');
is(scalar(grep { /_reg$/ } @placeholders), 1, 'a new reference has one, too');
my ($cut) = grep { /_a_function/ } @placeholders;
is(length $cut, 55, 'a long name is cut to what fits into a symbol version');
my @spaces = $header =~ /^KSPLICE_IMPORT_NS\((\S+)\)$/mg;
is_deeply(\@spaces, ['KSPLICE_TEST'], 'a namespace is declared once');
unlike($header, qr/plain|for_gpl/, 'exported symbols are not in imports.h');

my ($status, $out, $err) = run_cmd('objmanip/objmanip', 'inspect', "$diff->{dir}/old.o");
is($status, 0, 'the pre image is fine') or diag $err;
like($out, qr/^import hidden as ksplice_abc_vmlinux_\d+_hidden$/m,
    'it has the imports with placeholders');
like($out, qr/^import plain$/m, 'and the exported ones without');
like($out, qr/^import in_space$/m, '... and those that pre does not refer to');
like($out, qr/^label plain, global, exported, undefined$/m, 'labels show exports');
like($out, qr/^label \Q$long\E, global, undefined$/m, 'labels are never cut');
like($out, qr{^label local\@dir/1\.o, symbol local, function, span \d+$}m, 'a static one is not');

# Of which functions has new code a pointer that the original has not?
my $pointers = diff_text(<<'END');
#define alone __attribute__((noipa))
int called(int), taken(int), both(int), known(int), listed(int), entered(int);
int before(int), after(int);
extern int variable;
void *reg(void *);
typedef int function(int);
function *const list[] = { listed };
alone void *owner(void) { return reg(known); }
alone static int local(int x) { return called(x); }
#ifdef PATCHED
function *const ops[] = { called, after };
alone int user(int x)
{
	reg(taken);
	reg(both);
	reg(known);
	reg(listed);
	reg((char *)entered + 1);
	reg(local);
	reg(&variable);
	return called(x) + both(x) + local(x) + 1;
}
alone int again(int x) { return called(x) + 2; }
#else
function *const ops[] = { called, before };
alone int user(int x) { return called(x) + local(x); }
alone int again(int x) { return called(x) + (long)reg((char *)entered + 2); }
#endif
END
is($pointers->{status}, 0, 'new code with pointers') or diag $pointers->{err};
my (undef, $imports) = run_cmd('objmanip/objmanip', 'inspect', "$pointers->{dir}/old.o");
my %has_pointer;
$has_pointer{$1} = $2 ? 1 : 0 while $imports =~ /^import ([^ ,\@]+).*?(, pointer)?$/mg;
is_deeply(\%has_pointer, {
    reg => 0,
    called => 0,       # by ops of both
    taken => 1,
    both => 1,         # and it is called
    known => 0,        # by owner, which does not change
    listed => 0,       # by a table
    entered => 1,      # into it is not to it
    local => 1,
    variable => 1,     # what it is, the core sees
    after => 1,        # by a table that is overwritten
}, '... which the original has not');

# A module that is just being loaded does not give its exports to others yet.
$diff = diff({ symvers => $symvers =~ s{fs/ext4/ext4}{drivers/x/my-mod}r, target => 'my_mod' },
    @pair);
like(slurp("$diff->{dir}/imports.h"), qr/^KSPLICE_IMPORT\(ksplice_abc_my_mod_\d+_for_gpl\)$/m,
    "what the target itself exports has a placeholder");
unlike(slurp("$diff->{dir}/imports.h"), qr/plain/, 'what others export has none');

# Module.symvers
for (
    ['nothing',           '',                                        0],
    ['four fields',       "0x1\ta\tvmlinux\tEXPORT_SYMBOL\n",        0],
    ['three fields',      "0x1\ta\tvmlinux\n",                       1],
    ['no CRC',            "one\ta\tvmlinux\tEXPORT_SYMBOL\t\n",      1],
    ['a CRC too long',    "0x123456789\ta\tvmlinux\tEXPORT_SYMBOL\t\n", 1],
    ['no kind of export', "0x1\ta\tvmlinux\tvmlinux\t\n",            1],
    ['six fields',        "0x1\ta\tvmlinux\tEXPORT_SYMBOL\t\t\n",    1],
) {
    my ($what, $text, $expected) = @$_;
    my $read = diff({ symvers => "0x2\tfirst\tvmlinux\tEXPORT_SYMBOL\t\n$text" }, @pair);
    is($read->{status}, $expected, "Module.symvers with $what");
    like($read->{err}, qr/^objmanip: \S+:2: not a line of a Module\.symvers$/, '... names the line')
        if $expected;
    is_deeply([glob "$read->{dir}/*.o"], [], '... and writes no object') if $expected;
}
($status, $out, $err) = run_cmd('objmanip/objmanip', 'diff', '--kid=abc', '--target=vmlinux',
    '--symvers=/nonexistent', "--out=$diff->{dir}", "u.o=$pair[0]=$pair[1]");
is("$status $err", "1 objmanip: cannot read '/nonexistent': No such file or directory\n",
    'a Module.symvers that is not there');

done_testing;
