#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# With --full everything is compiled and compared, and put back.
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Test::Ksplice;
use Test::More;
use Test::Toy;

my $toy = toy_kernel();
my $tree = $toy->{tree};
my $before = tree_state($tree);
my ($status, $out, $err);

my $patch = toy_patch($toy,
    'include/linux/toy.h' => sub { s/2 \* n/n + n + n/ },
    'virt/remote.c' => sub { s/return 2/return 5/ });
is_deeply([toy_create($toy, "--patch=$patch", '--full', '--dry-run')], [0, join('', map { "$_\n" }
    '2 objects may include include/linux/toy.h', 'vmlinux: replace kernel/two.o',
    'far: replace virt/remote.o', 'toy_net: replace drivers/net/tx.o'), ''],
    'what differs is found without a list of files');
ok(-e "$tree/lib/strange.o", 'everything was compiled');
is_deeply(tree_state($tree), $before, 'the source is as it was');
is(left_behind($toy), '', 'nothing is left behind');

my %objects = map { $_ => (stat)[9] . slurp($_) } glob "$tree/*/*.o $tree/*/*/*.o";
$patch = toy_patch($toy, 'kernel/Makefile' => sub { $_ .= "ccflags-y += -DONE=3\n" },
    'kernel/one.c' => sub { s/\+ 5/+ ONE/ });
is_deeply([toy_create($toy, "--patch=$patch", '--full', '--dry-run')],
    [0, "part of the build, so all objects are compared: kernel/Makefile\n"
    . "vmlinux: replace kernel/one.o\n", ''], 'a Makefile may change');
is_deeply({ map { $_ => (stat)[9] . slurp($_) } glob "$tree/*/*.o $tree/*/*/*.o" }, \%objects,
    '... and all objects are those of before');

$patch = toy_patch($toy, 'kernel/Makefile' => sub { s/two\.o/two.o off.o/ });
($status, $out, $err) = toy_create($toy, "--patch=$patch", '--full');
is("$status $err", "1 ksplice-create: the patch adds an object, which cannot be added to a running "
    . "kernel: kernel/off.o\n", 'an object more is refused');
ok(!-e "$tree/kernel/off.o", '... and is removed again');

for my $beside (0, 1) {
    $patch = toy_patch($toy, 'kernel/Makefile' => sub { s/ two\.o// },
        $beside ? ('kernel/one.c' => sub { s/\+ 5/+ 6/ }) : ());
    ($status, $out, $err) = toy_create($toy, "--patch=$patch", '--full');
    is("$status $err", '1 ksplice-create: the patch changes what is linked into the kernel or a '
        . "module, which a running kernel cannot follow: kernel/two.o\n", 'and an object less');
}
$patch = toy_patch($toy, 'drivers/net/Makefile' => sub { s/\brx\.o/$& ..\/..\/kernel\/two.o/ });
($status, $out, $err) = toy_create($toy, "--patch=$patch", '--full');
is("$status $err", '1 ksplice-create: the patch changes what is linked into the kernel or a '
    . "module, which a running kernel cannot follow: kernel/two.o\n", 'and one in two targets');

for my $case (['Makefile', 'LDFLAGS_vmlinux := --no-such', 'LDFLAGS_vmlinux in Makefile'],
    ['kernel/Makefile', 'CPPFLAGS_vmlinux.lds += -DSUCH',
        'CPPFLAGS_vmlinux.lds in kernel/Makefile'],
    ['kernel/Makefile', 'override OBJCOPYFLAGS := -S', 'OBJCOPYFLAGS in kernel/Makefile'],
    ['drivers/net/Makefile', 'ldflags-y += -T such.lds', 'ldflags-y in drivers/net/Makefile']) {
    my ($file, $line, $words) = @$case;
    $patch = toy_patch($toy, $file => sub { $_ .= "$line\n" },
        'kernel/one.c' => sub { s/\+ 5/+ 6/ });
    ($status, $out, $err) = toy_create($toy, "--patch=$patch", '--full');
    is("$status $err", '1 ksplice-create: the patch changes how the kernel or a module is linked, '
        . "which a running kernel cannot follow: $words\n", "and a flag of the linker, $words");
}

$patch = toy_patch($toy, 'lib/strange.c' => sub { s/7/seven/ });
($status, $out, $err) = toy_create($toy, "--patch=$patch", '--full');
is($status, 1, 'what does not compile is refused');
like($err, qr/'seven' undeclared.*\n(?:.*\n)*ksplice-create: the patched source does not compile$/m,
    '... with the words of the compiler');

$patch = toy_patch($toy, 'kernel/one.c' => sub { s/^int one_line/\n\nint one_line/m });
is((toy_create($toy, "--patch=$patch", '--full'))[0], 66, 'a blank line changes nothing');
is_deeply(tree_state($tree), $before, 'the source is as it was after all that');
is(left_behind($toy), '', 'nothing is left behind after all that');

# Headers are looked up in what kbuild wrote down
my $other = toy_kernel();
spew("$other->{tree}/include/linux/compiler_types.h", "#define TYPES 1\n");
edit("$other->{tree}/include/linux/toy.h", sub { s/#define.*/$&\n#include "compiler_types.h"/ });
edit("$other->{tree}/arch/x86/entry/vdso/vtime.c", sub {
    $_ = qq(#include <linux/toy.h>\n) . s/V_SHARED/toy_twice(V_SHARED)/r;
});
edit("$other->{tree}/scripts/Makefile.build", sub {
    s/^compiled := /$&\$(filter %.o,\$(targets)) /m;
});
edit("$other->{tree}/lib/Makefile", sub {
    s/strange\.o/$& made.o/;
    $_ .= "\$(obj)/made.c:\n\t\@echo '#include <linux/lonely.h>' > \$@\n";
});
edit("$other->{tree}/kernel/two.c", sub { $_ .= "#ifdef NEVER\n#include \"never.c\"\n#endif\n" });
spew("$other->{tree}/kernel/never.c", "int never;\n");
my $copy = ' the vDSO (mapped into each process): that';
for my $change (
    ['a source that is included where a condition is not met', 'kernel/never.c',
        sub { $_ .= "/* */\n" }, ['not built with this .config: kernel/never.c']],
    ['one of a source that the build makes', 'include/linux/lonely.h', sub { $_ .= "/* */\n" },
        ["changes nothing in 'lib/made.o': include/linux/lonely.h"]],
    ['one that every file includes', 'include/linux/compiler_types.h', sub { $_ .= "/* */\n" },
        ['changes nothing in 2 objects: include/linux/compiler_types.h']],
    ['one that the vDSO includes as well', 'include/linux/toy.h', sub { s/2 \* n/n + n + n/ },
        ['toy_net: replace drivers/net/tx.o', 'vmlinux: replace kernel/two.o'],
        "'include/linux/toy.h' may also be in$copy copy stays as it is",
        "the patch also changes$copy stays as it is"],
) {
    my ($what, $file, $edit, $said, @warnings) = @$change;
    $patch = toy_patch($other, $file => $edit, 'kernel/one.c' => sub { s/\+ 5/+ 6/ });
    ($status, $out, $err) = toy_create($other, "--patch=$patch", '--full', '--dry-run');
    is_deeply([$status, $err, sort grep { !/^\d+ objects? may/ } split /\n/, $out],
        [0, join('', map { "ksplice-create: warning: $_\n" } @warnings),
        sort @$said, 'vmlinux: replace kernel/one.o'], "a header: $what");
}

# What the build makes of a changed source, in the tree
my $compiler = spew("$toy->{scratch}/bin/gcc", <<'SH');
#!/bin/sh
case "$*" in
*one.c*) [ ! -e kernel/one.c.KSPLICE_presrc ] || for name in $MADE; do
	echo "int made = 2;" > lib/$name
done ;;
esac
exec /usr/bin/gcc "$@"
SH
chmod 0755, $compiler;
spew("$tree/lib/made.c", "int made = 1;\n");
spew("$tree/lib/.made.c.cmd", "cmd_lib/made.c := make it\n");
$before = tree_state($tree);
$patch = toy_patch($toy, 'kernel/one.c' => sub { s/\+ 5/+ 6/ });
sub make_with ($made) {
    my %env = (%{ Test::Toy::toy_env($toy) }, PATH => "$toy->{scratch}/bin:$ENV{PATH}",
        MADE => $made);
    my @got = run_cmd({ dir => $toy->{scratch}, env => \%env }, root_dir() . '/ksplice-create',
        "--patch=$patch", '--full', '--dry-run', $tree);
    return [$got[0], $got[2] =~ s/^ksplice-create: .* \.\.\.\n//mgr];
}
is_deeply(make_with('made.c .made.c.cmd'), [0, ''], 'a source that kbuild makes is made anew');
is_deeply(tree_state($tree), $before, '... and put back');
is_deeply(make_with('other.c'), [1, "ksplice-create: the build of the patched source writes "
    . "'lib/other.c' anew, which cannot be restored: leave the sources of that out of the "
    . "patch\n"
    . "  the source in '$tree' has changed: 'lib/other.c' is new; restore it, and remove "
    . "'$tree/.KSPLICE_journal'\n"], 'one of which nothing is known is a reason to refuse');

done_testing();
