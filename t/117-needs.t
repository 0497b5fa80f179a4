#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# What new code refers to and the original did not is listed, to be looked for;
# what another target of the update needs of new symbols is exported for it.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib', dirname(__FILE__) . '/../lib';
use Ksplice::Kallsyms qw(read_kallsyms);
use Ksplice::Exports qw(write_new_exports);
use Ksplice::Symbols qw(check_clashes wanted_symbols missing_symbols);
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

my @pair = build_pair(<<'END');
int old(int), fresh(int), sold(int);
int perhaps(int) __attribute__((weak));
int g(int x) { return old(x); }
#ifdef PATCHED
int f(int x) { return old(x) + fresh(x) + sold(x) + (perhaps ? perhaps(x) : 0); }
#else
int f(int x) { return x + 1; }
#endif
END
my $diff = diff({ symvers => "0x00000001\tsold\tvmlinux\tEXPORT_SYMBOL\t\n" }, @pair);
is($diff->{status}, 0, 'new code may refer to anything');
is(slurp("$diff->{dir}/needs"), "fresh dir/1.o f\n",
    '... and symbols of neither the original nor an export are listed, with their users');

# A new symbol for another target
my @vmlinux = build_pair(<<'END');
int h(int);
int f(int x) { return h(x) + 1; }
#ifdef PATCHED
int fresh(int x) { return h(x) + 2; }
int count = 3;
int spare(int x) { return h(x) + 4; }
#endif
END
$diff = diff({ wanted => "fresh\ncount\nf\nother\n" }, @vmlinux);
is("$diff->{status} $diff->{err}", '0 ', 'new symbols are reason enough if they are wanted');
is($diff->{summary} =~ s/^(new (?:function|data) .*?) \(.*/$1/mgr, <<'END', '... and reported');
new function dir/1.o fresh
new data dir/1.o count
ignored dir/1.o spare (new, but nothing that is replaced refers to it)
new export dir/1.o fresh (for another target of the update)
new export dir/1.o count (for another target of the update)
END
is(slurp("$diff->{dir}/imports.h") =~ s/^KSPLICE_IMPORT\(.*\n//mgr,
    "KSPLICE_EXPORT_GPL(fresh)\nKSPLICE_EXPORT_GPL(count)\n", '... and no other is exported');
my %symbol = map { $_->{name} => $_ } objdump_symbols("$diff->{dir}/new.o");
is($symbol{fresh}{global}, 1, '... and it is global');

# Which are wanted
my $dir = scratch_dir();
my $symvers = spew("$dir/symvers", "0x00000001\tsold\tvmlinux\tEXPORT_SYMBOL\t\n");
my ($in_module, $in_vmlinux) = map { { pre => $_->[0], post => $_->[1], targets => [$_->[2]] } }
    [@pair, 'mod'], [@vmlinux, 'vmlinux'];
is(join(' ', wanted_symbols($symvers, 'vmlinux', $in_module, $in_vmlinux)), 'fresh old perhaps',
    'what objects of other targets need and nothing exports');
is(join(' ', wanted_symbols($symvers, 'vmlinux', $in_vmlinux)), '', '... of no other target none');

# A new one with the name of an export of another module
sub clash ($exports, @objects) {
    my $file = spew("$dir/clash",
        join '', map { "0x00000001\t$_\tEXPORT_SYMBOL\t\n" } @$exports);
    return eval { check_clashes($file, @objects); 1 } ? '' : $@->{message};
}
my @exports = ("sold\tvmlinux", "fresh\tdrivers/x/third-one");
is(clash(\@exports, $in_module, $in_vmlinux), "'fresh', a new symbol of 'vmlinux' that 'mod' "
    . "refers to, has the name of an export of 'third_one': rename it",
    'a name that a module exports');
is(clash(\@exports, { %$in_module, targets => ['vmlinux'] }, { %$in_vmlinux, targets => ['mod'] }),
    "'fresh', a new symbol of 'mod' that 'vmlinux' refers to, has the name of an export of "
    . "'third_one': rename it", '... in a module');
is(clash(["fresh\tthird"], $in_vmlinux), '', '... does no harm if no other target refers to it');
is(clash(["fresh\tthird"], { %$in_module, pre => $pair[1] }, $in_vmlinux), '',
    '... nor if that did so before');
is(clash(["fresh\tthird"], $in_module, { %$in_vmlinux, pre => $vmlinux[1] }), '',
    '... nor if it is not new');
is(clash(["fresh\tvmlinux"], $in_module, $in_vmlinux), '', '... nor if that is the one');
is(clash(["fresh\tx/mod"], $in_module, $in_vmlinux), '', '... nor if it is of the other target');

# What the update exports
mkdir "$dir/target";
spew("$dir/target/imports.h", "KSPLICE_EXPORT_GPL(fresh)\n");
ok(!eval { write_new_exports("$dir/target", 'ksplice_abc_vmlinux_new',
    spew("$dir/clash", "0x00000001\tfresh\tdrivers/x/third\tEXPORT_SYMBOL\t\n")); 1 },
    'a new export with the name of another one');
is($@->{message}, "the patch exports 'fresh', which 'third' exports already: rename it",
    '... is a failure');
write_new_exports("$dir/target", 'ksplice_abc_vmlinux_new',
    spew("$dir/clash", "0x00000001\tfreshen\tthird\tEXPORT_SYMBOL\t\n"));
like(slurp("$dir/clash"), qr/\tfresh\tksplice_abc_vmlinux_new\tEXPORT_SYMBOL_GPL\t$/m,
    'one with another name is added to the list');

# Are they there?
my $map = spew("$dir/System.map", "ffffffff81000000 T there\nffffffff81000000 t hidden\n" x 100);
my $config = { release => '1.2.3-none', system_map => $map };
sub missing ($needs, $target, @objects) {
    return join "\n", missing_symbols($config, $target, spew("$dir/needs", $needs), @objects);
}
is(missing("there a.o f\n", 'vmlinux'), '', 'a global symbol of the kernel');
is(missing("none a.o f\n", 'vmlinux'), "a.o: 'none', which 'f' refers to, does not exist: "
    . 'neither the kernel nor the patch has it', 'one that there is not');
is(missing("hidden a.o f\n", 'vmlinux'), "a.o: 'hidden', which 'f' refers to, does not exist: "
    . 'neither the kernel nor the patch has it', '... and a static one');
is(missing("fresh a.o f\n", 'mod', $in_module, $in_vmlinux), "a.o: 'fresh', which 'f' refers to, "
    . "is in 'vmlinux' and not exported: export it", 'one of another target');
is(missing("fresh a.o f\n", 'vmlinux', { %$in_vmlinux, pre => $vmlinux[1] }), '',
    'one that the original has, as an update has added it that this one is on top of');
{
    my $n = 0;
    no warnings 'redefine';
    local *Ksplice::Symbols::release_image = sub ($release) { $n++; die "no $release\n" };
    local @$config{qw(release system_map)} = ('1.2.4-none', undef);
    my $warnings = '';
    open my $stderr, '>&', \*STDERR or die;
    close STDERR;
    open STDERR, '>', \$warnings or die;
    missing("none a.o f\n", $_) for qw(vmlinux mod other);
    close STDERR;
    open STDERR, '>&', $stderr or die;
    is($n, 1, 'the image of the kernel is looked for once');
    like($warnings, qr/'none', .* cannot be checked: there is no list/, '... which is reported');

    # Of a kernel that was built here
    my $none = qr/^a\.o: 'none',.* does not exist: neither the kernel nor 'one_two' nor/;
    mkdir "$dir/$_" for qw(config tree modules modules/extra);
    symlink "$dir/tree", "$dir/modules/build" or die $!;
    spew("$dir/tree/System.map", slurp($map));
    for my $place ('tree', 'modules/extra') {
        local @$config{qw(release dir build)} = ("1.2.5-$place", "$dir/config", "$dir/tree");
        unlink "$dir/config/build";
        symlink $dir . ($place eq 'tree' ? '/tree' : '/modules/build'), "$dir/config/build"
            or die $!;
        link $vmlinux[1], "$dir/$place/one-two.ko" or die $!;
        like(missing("none a.o f\n", 'one_two'), $none, "a module in $place: refused as well");
        is(missing("there a.o f\nfresh a.o f\n__this_module a.o f\n", 'one_two'), '',
            '... and what the module has is found');
        unlink "$dir/$place/one-two.ko";
    }
}

# The list in an image, made as scripts/kallsyms does: pieces, markers, numbers
my @names = map { ($_ % 2 ? 'T' : 't') . "name_$_" } 0 .. 999;
push @names, 'Dlong_' . 'x' x 200;
my ($text, @markers) = ('');
for my $i (0 .. $#names) {
    push @markers, length $text if $i % 256 == 0;
    my $packed = $names[$i] =~ s/name_/\x01/r;
    my $length = length $packed;
    $text .= ($length > 127 ? pack 'C C', $length & 0x7f | 0x80, $length >> 7 : pack 'C', $length)
        . $packed;
}
my @pieces = map { chr =~ /[\w.]/ && $_ < 128 ? chr : '' } 0 .. 255;
$pieces[1] = 'name_';
# As it is before 7.3, and there: aligned to fewer bytes, and with no table in between
for ([8, "\x11\x22\x33" x @names], [4]) {
    my ($align, @between) = @$_;
    my $where = 0;
    my $kernel = ("\x7fELF" . "\xaa" x 1020) . join '',
        map { $_ . "\0" x (-length($_) % $align) }
        "\xaa" x $align, pack('V', scalar @names), $text, pack('V*', @markers), @between,
        join('', map { "$_\0" } @pieces),
        pack('v*', map { my $w = $where; $where += 1 + length; $w } @pieces), "\xbb" x 64;
    my $found = read_kallsyms($kernel);
    is(scalar(keys %$found), 501, "all global names of an image are found, aligned to $align");
    is($found->{name_1} . $found->{ 'long_' . 'x' x 200 } . ($found->{name_2} // ''), '11',
        '... and only they');
}
ok(!eval { read_kallsyms("\0" x 100000); 1 }, 'a kernel without a list');
is($@->{message}, 'the kernel has no list of its symbols in a known format', '... is a failure');

done_testing;
