# SPDX-License-Identifier: GPL-2.0-only
#
# Test::Ksplice::Objmanip - running objmanip on pairs of fixtures

package Test::Ksplice::Objmanip;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter       qw(import);
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/../../../../lib';
use Ksplice          qw(failure_text);
use Ksplice::Modules qw(check_objmanip);
use Test::Ksplice;

# An old one would be tested in place of what is there.  Not asked when a test is
# only compiled, as lint does.
INIT {
    eval { check_objmanip(); 1 } or die failure_text($@) . "\n";
}

our @EXPORT = qw(compare diff diff_text is_refused);

# compare(PRE, POST) -> exit status of "objmanip compare"
sub compare ($pre, $post) {
    my ($status, $out, $err) = run_cmd('objmanip/objmanip', 'compare', $pre, $post);
    print STDERR "# $_\n" for split /\n/, $out . $err;
    return $status;
}

# diff([{OPTIONS},] PRE, POST, ...) -> {status, err, out, summary, dir}
#
# Each pair is a unit: dir/1.o, dir/2.o ...  OPTIONS: explain, symvers (text), target,
# touched, wanted (text), lines (text; a patch that moves no line has none).
# summary is '' if none was written.
sub diff (@objects) {
    my $option = ref $objects[0] ? shift @objects : {};
    my $dir = scratch_dir();
    my $symvers = spew("$dir/symvers", $option->{symvers} // '');
    mkdir "$dir/out" or die "cannot make '$dir/out': $!";
    my ($n, @units) = 0;
    while (my ($pre, $post) = splice @objects, 0, 2) {
        $n++;
        push @units, "dir/$n.o=$pre=$post";
    }
    my ($status, $out, $err) = run_cmd('objmanip/objmanip', 'diff', '--kid=abc',
        '--target=' . ($option->{target} // 'vmlinux'), "--symvers=$symvers", "--out=$dir/out",
        $option->{explain} ? '--explain' : (),
        defined $option->{wanted} ? '--wanted=' . spew("$dir/wanted", $option->{wanted}) : (),
        defined $option->{lines} ? '--lines=' . spew("$dir/lines", $option->{lines}) : (),
        map({ "--touched=$_" } @{ $option->{touched} // [] }), @units);
    return {
        status  => $status,
        out     => $out,
        err     => $err,
        summary => -e "$dir/out/summary" ? slurp("$dir/out/summary") : '',
        dir     => "$dir/out",
    };
}

# diff_text(SOURCE, FLAG...): diff of the two builds of a source text
sub diff_text ($text, @flags) { return diff(build_pair($text, @flags)) }

# is_refused(DIFF, MESSAGE, TITLE): with just that line, and nothing left behind
sub is_refused ($diff, $message, $title) {
    my $test = Test::More->builder;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @left = glob "$diff->{dir}/*";
    return $test->is_eq("$diff->{status}: $diff->{err}@left", "1: objmanip: $message\n", $title);
}

1;
