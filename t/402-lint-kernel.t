#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The C passes the kernel's own tools, checkpatch and sparse, but for what
# dev/lint-exceptions lists; and they are really asked.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib', dirname(__FILE__) . '/../lib';
use Ksplice::Distro qw(release_headers);
use Test::Ksplice;
use Test::Ksplice::Release qw(test_release no_kernel);
use Test::More;

eval { release_headers(test_release()) } // no_kernel($@);
my $kernel = '--kernel=' . test_release();

my ($status, $out, $err) = run_cmd('dev/lint', $kernel);
is("$status $out", '0 ', 'all sources pass') or diag $err;

my $dir = scratch_dir();
run_cmd('cp', '-r', root_dir() . '/lib', root_dir() . '/dev', $dir);
mkdir "$dir/kmodsrc" or die $!;
run_cmd('cp', root_dir() . '/kmodsrc/Kbuild', "$dir/kmodsrc/");
my $licence = "// SPDX-License-Identifier: GPL-2.0-only\n";
spew("$dir/bad.c", "${licence}int f(void)\n{\n\treturn (0);\n}\n");
spew("$dir/kmodsrc/core.c", $licence . <<'END');
#include <linux/module.h>

int f(void __user *user);
int f(void __user *user)
{
	return *(int *)user;
}

MODULE_LICENSE("GPL");
END
($status, $out, $err) = run_cmd("$dir/dev/lint", $kernel);
is($status, 1, 'sources with problems');
like($out, qr/^bad\.c:4: .* \(RETURN_PARENTHESES\)$/m, 'checkpatch finds one');
like($out, qr{^kmodsrc/core\.c:7: .*address space.* \(sparse\)$}m,
    'sparse finds one');
done_testing();
