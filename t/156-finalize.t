#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# "objmanip finalize" takes the debug information out of a module, has its exports of
# what the kernel has lead there, and refuses a module with an unknown section.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::More;

my $dir = scratch_dir();

sub build {
    my ($name, $text) = @_;
    spew("$dir/$name.c", <<"END" . $text);
#define place(name) __attribute__((used, section(name)))
int f(int x) { return x + 1; }
END
    return build_object("$dir/$name.c", "$dir/$name.ko");
}
my $is_module = 'char module[64] place(".gnu.linkonce.this_module") = { 1 };';

sub finalize {
    my ($in, $out, $option) = @_;
    return run_cmd($option // {}, 'objmanip/objmanip', 'finalize', $in, $out);
}

my $module = build('module', $is_module . <<'END');
const char pre[8] place(".init.ksplice_pre") = { 1 };
const long patches[2] place(".ksplice_replaced") = { 1 };
const long hooks[2] place(".ksplice_hooks") = { 1 };
long versions[8] place("__versions") = { 1 };
const char types[8] place(".BTF") = { 1 };
const char base[8] place(".BTF.base") = { 1 };
END
my ($status, $out, $err) = finalize($module, "$dir/out.ko");
is("$status $out$err", '0 ', 'a module');
ok((grep { /^\.debug_/ } keys %{ objdump_sections($module) }), 'it had debug information');
my $section = objdump_sections("$dir/out.ko");
ok(!(grep { /^\.debug_/ } keys %$section), 'and has none any more');
ok(!(grep { /^\.BTF/ } keys %$section), '... nor types for BPF');
ok($section->{$_}, "$_ is still there") for qw(.text.f .init.ksplice_pre .ksplice_replaced
    .ksplice_hooks);
ok((grep { $_->{name} eq 'f' && $_->{size} } objdump_symbols("$dir/out.ko")), 'and so are symbols');

# An export of what the kernel has, as kmodsrc/new-exports.c makes it
sub build_standin {
    my ($name, $origin, $directive) = (@_, '.quad');
    return build($name, $is_module . <<"END");
asm(".pushsection .ksplice_standins,\\"a\\"\\n.quad first\\n.globl there\\n"
    "there: $directive $origin\\n"
    ".popsection\\n.pushsection ___ksymtab+there,\\"a\\"\\n.long there - .\\n.popsection");
END
}
my $standin = build_standin('standin', 'origin');
is_deeply([export_of($standin)], ['there'], 'modpost has an export of a symbol of the module');
($status, $out, $err) = finalize($standin, "$dir/out.ko");
is("$status $out$err", '0 ', '... which is made complete');
is_deeply([export_of("$dir/out.ko")], ['origin'], '... and leads to the import then');
is_deeply([map { "$_->{name} $_->{section}" } grep { $_->{name} =~ /\A(?:there|origin)\z/ }
    objdump_symbols("$dir/out.ko")], [('origin *UND*') x 2], '... and the name is the kernel\'s');
for (['f', 'a function of the module'], ['origin + 8', 'a place beside it'], [42, 'a number'],
    ['origin', 'half a pointer', '.long 0 +']) {
    my ($origin, $what, @directive) = @$_;
    $standin = build_standin('odd', $origin, @directive);
    ($status, $out, $err) = finalize($standin, "$dir/odd-out.ko");
    is("$status $err", "1 objmanip: '$standin': an export stands for no symbol that is imported\n",
        "$what is refused");
    is_deeply([glob "$dir/odd-out*"], [], '... and nothing is written');
}

# The symbols that the entry in the export table has relocations of
sub export_of { return map { $_->{symbol} } @{ objdump_relocations($_[0])->{'___ksymtab+there'} } }

my $unknown = build('unknown', $is_module . <<'END');
int x place("strange") = 1;
int y place("odd") = 2;
END
($status, $out, $err) = finalize($unknown, "$dir/unknown-out.ko");
is($status, 1, 'a section that is not known is refused');
is_deeply([sort split /\n/, $err],
    [map { "objmanip: '$unknown': the section '$_' is not known" } qw(odd strange)],
    '... and so is the next one, each by its name');
ok(!-e "$dir/unknown-out.ko", '... and nothing is written');

my $object = build('object', '');
($status, $out, $err) = finalize($object, "$dir/object-out.ko");
is("$status $err", "1 objmanip: '$object' is not a kernel module\n", 'an object is no module');

($status, $out, $err) = finalize($module, "$dir/fails.ko", { env => { OBJCOPY => 'false' } });
is("$status $err", "1 objmanip: 'false' could not take the debug information out of '$module'\n",
    'an objcopy that fails');
($status, $out, $err) = finalize($module, "$dir/fails.ko", { env => { OBJCOPY => '/none' } });
is("$status $err", "1 objmanip: cannot run '/none': No such file or directory\n",
    'one that is not there');
is_deeply([glob "$dir/fails*"], [], 'neither leaves a file');

($status, $out, $err) = finalize("$dir/none.ko", "$dir/out2.ko");
is("$status $err", "1 objmanip: cannot read '$dir/none.ko': No such file or directory\n",
    'a module that is not there');
is((run_cmd("objmanip/objmanip", "finalize", $module))[0], 2, 'one name is a usage error');

done_testing;
