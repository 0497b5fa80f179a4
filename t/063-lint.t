#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# dev/lint reports what each of its checks and tools finds, passes over what
# dev/lint-exceptions lists, and asks no tool twice about the same text.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::More;

for my $tool (qw(perlcritic shellcheck cppcheck)) {
    my ($status) = run_cmd('sh', '-c', "command -v $tool");
    plan(skip_all => "no $tool: run dev/install-deps --check") if $status;
}

my $root = root_dir();
my $dir = scratch_dir();
mkdir "$dir/$_" or die $! for qw(dev lib);
run_cmd('cp', '-r', "$root/lib/Ksplice.pm", "$dir/lib/");
run_cmd('cp', "$root/dev/lint", "$dir/dev/");
run_cmd('cp', "$root/$_", "$dir/") for qw(.perlcriticrc .shellcheckrc);
spew("$dir/dev/lint-exceptions", "columns: long*.c\n\twhy\n");

sub lint () { return run_cmd("$dir/dev/lint") }

my ($status, $out, $err) = lint();
is("$status $out", '0 ', 'sources without a problem') or diag $err;

my $licence = 'SPDX-License-Identifier: GPL-2.0-only';
my %bad = (
    'wide.c'  => "// $licence\n" . 'int ' . 'x' x 76 . ";\n",
    'long-line.c' => "// $licence\n" . 'int ' . 'x' x 76 . ";\n",
    'bug.c'   => "// $licence\nint f(void)\n{\n\tint a[2] = { 1, 2 };\n\n\treturn a[2];\n}\n",
    'free.c'  => "int x;\n",
    'bad.pl'  => "#!/usr/bin/perl\n# $licence\nuse v5.32;\nuse warnings;\n"
        . "open my \$f, '<', 'x';\nprint {\$f} \$f;\n",
    'bad.pm'  => "# $licence\npackage Bad;\nuse v5.32;\nuse warnings;\nmy \$x = ;\n1;\n",
    'bad.sh'  => "#!/bin/sh\n# $licence\n[ \$(( 1 == 2 )) = 1 -a ] || for x in `ls`; do :; done\n"
        . "echo \"\$x\" | read y\nx==1\n",
    'tail.md' => "blank \n",
    'half.md' => join('', '<' x 7, " HEAD\nours\n", '=' x 7, "\ntheirs\n", '>' x 7, " 1234567\n"),
);
spew("$dir/$_", $bad{$_}) for keys %bad;
($status, $out, $err) = lint();
is($status, 1, 'sources with problems');
like($out, qr/^wide\.c:2: longer than 80 columns$/m, 'C has 80 columns');
unlike($out, qr/^long-line\.c/m, '... but for an exception');
like($out, qr/^bug\.c:6: .*\(arrayIndexOutOfBounds\)$/m, 'cppcheck');
like($out, qr/^free\.c:1: no SPDX-License-Identifier$/m, 'a file without a licence');
like($out, qr/^bad\.pl:5: .*\(InputOutput::RequireCheckedOpen\)$/m, 'perlcritic');
like($out, qr/^bad\.pm:5: syntax error/m, 'what perl does not compile');
like($out, qr/^bad\.sh:\d+:.*\[SC\d+\]$/m, 'shellcheck');
like($out, qr/^tail\.md:1: trailing white space$/m, 'white space');
is(join(' ', $out =~ /^half\.md:(\d+): a conflict that git has left$/mg), '1 5', 'a conflict');
my ($n) = $err =~ /^lint: (\d+) problems$/m;
cmp_ok($n, '>=', 7, 'all are counted');

is((lint())[1], $out, 'the same once more: what has a problem is looked at again');
unlink map { "$dir/$_" } keys %bad;
is(join(' ', (lint())[0, 1]), '0 ', 'without them all is well');

spew("$dir/dev/lint-exceptions", "columns long*.c\n");
($status, $out, $err) = lint();
is("$status $err", "1 lint: dev/lint-exceptions: cannot read 'columns long*.c'\n",
    'a malformed list of exceptions');

done_testing;
