#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# No source that includes a file is missed, whatever way it names it.
use v5.32;
use warnings;
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Ksplice::Includes qw(find_includers includers_of_new included_sources depends_on
    plain_path split_words);
use Test::Ksplice;
use Test::More;

my $dir = scratch_dir();
my $tree = { dir => $dir };
my %file = (
    '.config'                         => "# Linux/x86 1.2.3 Kernel Configuration\n",
    'include/linux/a.h'               => "#include <linux/b.h>\n",
    'include/linux/b.h'               => '',
    'include/linux/kconfig.h'         => "#include <linux/c.h>\n",
    'include/linux/c.h'               => '',
    'include/asm-generic/d.h'         => '',
    'arch/x86/include/asm/e.h'        => '',
    'arch/x86/kernel/asm.S'           => "#include <asm/e.h>\n",
    'kernel/one.c'                    => " #  include <linux/a.h> /* why */\n",
    'kernel/two.c'                    => "#include \"sub/two.h\"\n#include <asm/d.h>\n",
    'kernel/sub/two.h'                => "#include \"../three.h\"\n",
    'kernel/three.h'                  => '',
    'drivers/x/own.c'                 => "#include <own-name.h>\n#include \"three.h\"\n",
    'drivers/x/inc/own-name.h'        => '',
    'drivers/x/three.h'               => '',
    'drivers/x/part.c'                => '',
    'drivers/x/all.c'                 => "# include \"./part.c\"\n",
    'fs/part.c'                       => '',
    'lib/part.c'                      => '',
    'lib/odd.c'                       => "#include <odd/other.c>\n",
    'fs/other.c'                      => '',
    'Documentation/sample.c'          => "#include <linux/a.h>\n",
    'arch/arm/kernel/x.c'             => "#include <linux/a.h>\n",
);
spew("$dir/$_", $file{$_}) for keys %file;

sub includers_are {
    my ($file, @expected) = @_;
    is_deeply([find_includers($tree, $file)], \@expected, "who includes $file");
}

includers_are('include/linux/a.h', 'kernel/one.c');
includers_are('include/linux/b.h', 'kernel/one.c');
includers_are('include/asm-generic/d.h', 'kernel/two.c');
includers_are('arch/x86/include/asm/e.h', 'arch/x86/kernel/asm.S');
includers_are('kernel/three.h', 'kernel/two.c');
includers_are('drivers/x/three.h', 'drivers/x/own.c');
includers_are('drivers/x/inc/own-name.h', 'drivers/x/own.c');
includers_are('kernel/one.c');
includers_are('include/linux/c.h', '*');
is_deeply([included_sources($tree, 'drivers/x/own.c', 'drivers/x/part.c')], ['drivers/x/part.c'],
    'which sources others include');
is_deeply([included_sources($tree, 'fs/part.c', 'lib/part.c')], [],
    '... and not one of the same name elsewhere');
is_deeply([included_sources($tree, 'fs/other.c')], ['fs/other.c'],
    '... unless it is not clear which one is meant');
is_deeply([included_sources($tree, 'drivers/x/own.c')], [], '... perhaps none');
ok(!-e "$tree->{dir}/.KSPLICE_includes", '... nothing is kept of a source that may be edited');
my %ours = (%$tree, is_ours => 1);
is_deeply([included_sources(\%ours, 'drivers/x/own.c', 'drivers/x/part.c')], ['drivers/x/part.c'],
    'the same in a tree of the cache');
is(slurp("$tree->{dir}/.KSPLICE_includes"), "*/other.c\ndrivers/x/part.c\n",
    '... where it is kept');
spew("$tree->{dir}/.KSPLICE_includes", "drivers/x/own.c\n");
is_deeply([included_sources(\%ours, 'drivers/x/own.c', 'drivers/x/part.c')], ['drivers/x/own.c'],
    '... and used');
unlink "$tree->{dir}/.KSPLICE_includes";

is(plain_path('arch/x86/kvm/../../../virt/./kvm/a.o'), 'virt/kvm/a.o', 'a path without ..');

ok(depends_on($tree, 'kernel/one.o', 'kernel/other.h'),
    'what was not built may depend on anything');
spew("$dir/kernel/.one.o.cmd", <<'CMD');
cmd_kernel/one.o := gcc -c -o kernel/one.o kernel/one.c

source_kernel/one.o := kernel/one.c

deps_kernel/one.o := \
    $(wildcard include/config/X) \
  include/linux/a.h \
  include/linux/b.h \

kernel/one.o: $(deps_kernel/one.o)

$(deps_kernel/one.o):
CMD
ok(depends_on($tree, 'kernel/one.o', $_), "what was built of $_ depends on it")
    for 'kernel/one.c', 'include/linux/a.h', 'include/linux/b.h';
ok(!depends_on($tree, 'kernel/one.o', 'kernel/three.h'), '... and on nothing else');
utime time + 100, time + 100, "$dir/include/linux/a.h";
ok(depends_on($tree, 'kernel/one.o', 'kernel/three.h'), '... but perhaps if one of them is newer');

# Each way to name a file
my %way = (
    comment   => qq(#include /* see "x.h" */ <net/odd.h>\n),
    before    => qq(/* " */ #include <net/odd.h>\n),
    next      => "#include_next <net/odd.h>\n",
    import    => "#import <net/odd.h>\n",
    continued => "#include \\\n<net/odd.h>\n",
    computed  => "#define MAKE(x) <net/x.h>\n#include MAKE(odd)\n",
    apart     => "#define LATER \\\n<net/odd.h>\n#include LATER\n",
    named     => "#define NAMED <net/odd.h>\n#include NAMED\n",
    asked     => qq(#if __has_include("../include/net/odd.h")\nint odd;\n#endif\n),
    assembly  => qq(asm(".include \\"include/net/odd.h\\"");\n),
    bytes     => qq(\t.incbin "include/net/odd.h"\n),
);
for my $way (sort keys %way) {
    my $other = scratch_dir();
    spew("$other/.config", "# Linux/x86 1.2.3 Kernel Configuration\n");
    spew("$other/include/net/odd.h", '');
    spew("$other/arch/x86/kernel/none.S", '');
    spew("$other/kernel/$way.c", $way{$way});
    spew("$other/kernel/none.c", "#include <net/even.h>\n#include TRACE_INCLUDE(FILE)\n");
    is_deeply([find_includers({ dir => $other }, 'include/net/odd.h')], ["kernel/$way.c"],
        "an include that is $way");
}

# What a new file would be taken for
spew("$dir/arch/x86/include/generated/asm/d.h", "#include <asm-generic/d.h>\n");
my $fresh = { dir => $dir };
is_deeply([includers_of_new($fresh, 'arch/x86/include/asm/d.h')], ['kernel/two.c'],
    'a new header of the architecture');
is_deeply([includers_of_new($fresh, 'kernel/linux/a.h')], [], 'none that nothing looks for');
spew("$dir/kernel/near.c", qq(#include "linux/a.h"\n));
$fresh = { dir => $dir };
is_deeply([includers_of_new($fresh, 'kernel/linux/a.h')], ['kernel/near.c'],
    'one beside a source that has it from elsewhere');
is_deeply([includers_of_new($fresh, 'fs/own-name.h')], ['drivers/x/own.c'],
    'one that an option may lead to');

spew("$dir/lib/split.c", "int a = spl\\\nit;\n");
is_deeply([split_words($fresh)], ['lib/split.c'], 'a word on two lines');

done_testing();
