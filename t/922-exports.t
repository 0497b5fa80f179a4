#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A symbol that a patch exports can be used by other modules, those of the same
# update and any others, with its CRC; while one is there the update stays.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Guest;

my $update = make_update(exports => 'new-exports');
make_update(implicit => 'vmlinux-for-module');

# A module of somebody else, built with the Module.symvers in the update
my $dir = scratch_dir() . '/user';
mkdir $dir or die "cannot make '$dir': $!";
my (undef, $symvers) = run_cmd('tar', '-xzOf', $update, 'ksplice-exports/Module.symvers');
spew("$dir/Other.symvers", $symvers);
spew("$dir/Kbuild", "obj-m := user.o\nKBUILD_EXTRA_SYMBOLS := \$(src)/Other.symvers\n");
spew("$dir/user.c", <<'END');
#include <linux/dcache.h>
#include <linux/module.h>
int ksplice_test_count(int n);
unsigned name_to_int(const struct qstr *name);
static int __init user_init(void)
{
	const struct qstr name = QSTR_INIT("42", 2);

	pr_info("user: count %d, number %u\n", ksplice_test_count(5), name_to_int(&name));
	return 0;
}
static void __exit user_exit(void)
{
}
module_init(user_init);
module_exit(user_exit);
MODULE_DESCRIPTION("user of new exports");
MODULE_LICENSE("GPL");
END
build_modules($dir);
unlink "$dir/$_" for qw(user.c Kbuild);

run_guest(18, <<'END', '--modules', "--dir=$dir");
modprobe dummy || exit
not_ok 'stock: a module that needs new exports cannot be loaded' insmod /user/user.ko
apply exports
says 'a module of the same update uses one' \
	'^ksplice_exports_vmlinux_new .* ksplice_exports_dummy_new' lsmod
ok 'any module can be built for them and loaded' insmod /user/user.ko
says 'it got a new function and an old one' 'user: count 5, number 42$' dmesg
refused 'the update cannot be undone now' 3 "'user' uses exports of update '[a-z]+'; unload it" \
	ksplice-undo exports
says 'and is applied still' 'exports .*applied' ksplice-view
ok 'the module can go' rmmod user
ok '... and is loaded again' insmod /user/user.ko
says '... and finds what it left' 'user: count 10, number 42$' dmesg
rmmod user
undo exports
untouched 'nothing is left'
not_ok 'the exports are gone' insmod /user/user.ko
sent() {
	sed -n 's/^\( *dummy0:\)\( *[0-9]*\)\{8\} */\1 /p' /proc/net/dev
}
apply implicit
says 'a module calls a new function of vmlinux that nothing exports' '^ *dummy0: +0 +4321 ' sent
undo implicit
says '... until that is undone' '^ *dummy0: +0 +0 ' sent
untouched 'nothing is left'
END
