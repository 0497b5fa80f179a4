# SPDX-License-Identifier: GPL-2.0-only
#
# TestRuns.pm - run tests several at a time, and keep what came of each
#
# Place in the work: dev/repeat-tests runs the same test many times, dev/check-kernels
# on many kernels.  A run is of a test in a round; each leaves a result when it has
# ended, so what was stopped continues.
#
#   DIR/commit		what the results are of
#   DIR/ROUND/NAME.log	what prove -v said
#   DIR/ROUND/NAME.result	"passed SECONDS" or "failed SECONDS"
#
# Results of another commit are not mixed with new ones: claim_dir refuses.

package TestRuns;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Cwd            qw(abs_path);
use Exporter       qw(import);
use File::Basename qw(basename);
use File::Path     qw(make_path remove_tree);
use Ksplice        qw(fail run capture note base_dir read_file write_file);
use POSIX          ();
use Time::HiRes    qw(time);

our @EXPORT_OK = qw(claim_dir run_all start_child result_of);

my @children;

# The directory is for what is checked out, and changed, now; ANEW removes the results that
# are there.
sub claim_dir ($dir, $anew) {
    remove_tree($dir) if $anew;
    make_path($dir, { error => \my $errors });
    fail("cannot make '$dir'") if !-d $dir;
    my $is_repository = -e base_dir() . '/.git';
    my $now = !$is_repository ? "no commit\n" : join '', map {
        scalar capture({ dir => base_dir() }, 'git', @$_)
    } ['rev-parse', 'HEAD'], ['diff', 'HEAD'];
    my $file = "$dir/commit";
    if (-e $file && read_file($file) ne $now) {
        fail("the results in '$dir' are of another commit: use --anew or another --dir");
    }
    write_file($file, $now);
    return;
}

# run_all(DIR, JOBS, RUN...): the runs that have no result yet, so many at a time.  A RUN is
# {round, test}; {env} is what the test has in its environment besides, {title} what the
# round is called.  In the end, or if it is stopped, no child is left.
sub run_all ($dir, $jobs, @runs) {
    my $ended = eval { run_each($dir, $jobs, @runs); 1 };
    my $error = $@;
    stop_children();
    die $error if !$ended;
    return;
}

sub run_each ($dir, $jobs, @runs) {
    my %running;
    for my $run (@runs) {
        make_path("$dir/$run->{round}");
        my $to = path_of($dir, @$run{qw(round test)});
        next if -e "$to.result";
        wait_for_one(\%running) while keys %running >= $jobs;
        $running{ start_test($run, $to) } = ($run->{title} // $run->{round})
            . ': ' . basename($run->{test});
    }
    wait_for_one(\%running) while %running;
    return;
}

# What came of a run: {word, seconds, log}; nothing if it has not ended.
sub result_of ($dir, $round, $test) {
    my $path = path_of($dir, $round, $test);
    return if !-e "$path.result";
    my ($word, $seconds) = split ' ', read_file("$path.result");
    return { word => $word, seconds => $seconds, log => "$path.log" };
}

sub path_of ($dir, $round, $test) { return "$dir/$round/" . basename($test) }

# A child that runs the body, and ends when we do.
sub start_child ($body) {
    my $parent = $$;
    my $pid = fork // fail("cannot fork: $!");
    if ($pid) {
        push @children, $pid;
        return $pid;
    }
    @children = ();
    eval { $body->($parent) };
    POSIX::_exit(0);
}

# A test that is stopped leaves no result.
sub start_test ($run, $to) {
    return start_child(sub ($parent) {
        local %ENV = (%ENV, %{ $run->{env} // {} });
        my $start = time;
        my $status = run({ dir => base_dir(), ok => 'any', to => "$to.log", group => 1 },
            'prove', '-v', '--merge', abs_path($run->{test}));
        write_file("$to.new", sprintf "%s %d\n", $status ? 'failed' : 'passed', time - $start);
        rename "$to.new", "$to.result";
    });
}

sub wait_for_one ($running) {
    my $pid = waitpid -1, 0;
    fail('a child is lost') if $pid < 0;
    @children = grep { $_ != $pid } @children;
    my $name = delete $running->{$pid} // return;
    note($name);
    return;
}

sub stop_children () {
    kill 'TERM', @children;
    waitpid $_, 0 for @children;
    @children = ();
    return;
}

1;
