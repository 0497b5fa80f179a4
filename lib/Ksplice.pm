# SPDX-License-Identifier: GPL-2.0-only
#
# Ksplice.pm - common code of all commands: exit, options, running programs
#
# The body of each command runs in main(sub {...}).  fail, usage_error, busy,
# no_such_update and no_changes end it early, each with a status of its own:
#
#   0 done   1 failed or refused   2 usage   3 busy, trying again may work
#   4 there is no such update   66 no changes (ksplice-create)
#
# A plain die is reported as an internal error (status 1).  INT, TERM and HUP
# become a die as well, so code that has something to undo does so in its own
# eval; temporary directories are removed in any case.  Programs are run from
# lists, never through a shell, and their output is shown only on failure or with
# -v.  Only modules of perl-base are used: this runs on patched machines.

package Ksplice;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Cwd            qw(abs_path);
use Errno          ();
use Exporter       qw(import);
use Fcntl          qw(O_RDONLY LOCK_EX LOCK_NB);
use File::Basename qw(basename dirname);
use File::Path     qw(remove_tree);
use File::Spec     ();
use File::Temp     qw(tempdir);
use Getopt::Long   ();
use IO::Handle     ();
use POSIX          ();

our $VERSION = '0.1';

our @EXPORT_OK = qw(
    main parse_options fail usage_error busy no_such_update no_changes printable output_is_extra
    run capture stream progress note warning verbose quiet raw_errors be_quiet
    temp_dir base_dir document read_file write_file quote_command failure_text
);

my $prog = basename($0);
my %standard = (verbose => 0, quiet => 0, raw => 0);
my $output_is_extra = 0;
my @signals = qw(INT TERM HUP);
my @signal_numbers = (POSIX::SIGINT(), POSIX::SIGTERM(), POSIX::SIGHUP());

# --- ending ----------------------------------------------------------------

# main(sub {...}): runs the body and exits; 0 unless the body was left by one
# of the subs below.
sub main ($body) {
    settle_in();
    my $stopped_by;
    local @SIG{@signals} = (sub ($name) {
        @SIG{@signals} = ('IGNORE') x @signals;    # what is undone now is undone whole
        $stopped_by = $name;
        end(1, "stopped by SIG$name");
    }) x @signals;
    my $status = 0;
    eval { $body->(); 1 } or $status = report($@);
    $status = close_output($status);
    File::Temp::cleanup();
    if ($stopped_by) {
        $SIG{$stopped_by} = 'DEFAULT';
        kill $stopped_by, $$;
    }
    exit $status;
}

# Independent of how the command was started: descriptors 0 to 2 are open, as a file
# opened later would otherwise be used for one of them; files are private to the user;
# PATH is set.
sub settle_in () {
    my $file;
    do { $file = POSIX::open('/dev/null', O_RDONLY) } while defined $file && $file < 3;
    POSIX::close($file) if defined $file;
    binmode $_ for \*STDOUT, \*STDERR;
    my $mask = umask;
    umask($mask & 0077);
    $ENV{PATH} = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
        unless length($ENV{PATH} // '');
    return;
}

# output_is_extra(): from here on the status reflects the state of the machine, even
# if the output cannot be written.
sub output_is_extra () {
    $output_is_extra = 1;
    $SIG{PIPE} = 'IGNORE';
    return;
}

# Returns the status to exit with.
sub close_output ($status) {
    $! = 0;
    return $status if close STDOUT;
    my $text = 'cannot write the output' . ($! ? ": $!" : '');
    if ($output_is_extra) {
        warning("$text; the exit status is valid");
        return $status;
    }
    return $status || report(Ksplice::End->new(1, $text));
}

sub end ($status, $message) { die Ksplice::End->new($status, $message) }
sub fail        ($message)  { end(1,  $message) }
sub usage_error ($message)  { end(2,  $message) }
sub busy        ($message)  { end(3,  $message) }
sub no_such_update ($message) { end(4, $message) }
sub no_changes  ($message)  { end(66, $message) }

# The message of what an eval caught.
sub failure_text ($error) {
    return $error->{message} if ref $error;
    return "internal error: $error" =~ s/\s+\z//r;
}

# Prints what ended the body; returns the status to exit with.
sub report ($error) {
    return 0 if ref $error && $error->{status} == 0;
    my $text = failure_text($error);
    STDOUT->flush();
    print STDERR printable("$prog: $text\n");
    return 1 unless ref $error;
    print STDERR "try '$prog --help'\n" if $error->{status} == 2;
    return $error->{status};
}

# --- options ---------------------------------------------------------------

# parse_options(SPEC...): takes the options out of @ARGV; returns a hash of
# those of the command, by their first names.  The standard ones are done here.
# An option with a value must not be repeated, unless it is a list; another option is
# no value.
sub parse_options (@specs) {
    my %option;
    my @problems;
    my @standard = qw(help|h version verbose|v quiet|q raw-errors);
    my %is_option = map { /^([\w-]+)/ ? ("--$1" => 1) : () } @specs, @standard;
    # --one=--two is one word, and means that.
    %is_option = map { $_ => 1 } grep { $is_option{ s/=.*//sr } } @ARGV;
    @specs = map {
        /^([\w-]+)[^=]*=\w(@?)\z/ ? ($_ => taker($1, $2, \%is_option, \%option)) : $_
    } @specs;
    local $SIG{__WARN__} = sub ($text) { push @problems, $text };
    my $parser = Getopt::Long::Parser->new(
        config => [qw(gnu_getopt no_auto_abbrev no_ignore_case)]);
    $parser->getoptions(\%option, @specs, @standard);
    if (@problems) {
        chomp(my $text = lcfirst $problems[0]);
        $text =~ s/^unknown option: (.*)/"unknown option '" . dashed($1) . "'"/e;
        $text =~ s/^option ([\w-]+) (requires|does not take) /"option '" . dashed($1) . "' $2 "/e;
        $text =~ s/^value "(.*)" invalid for option ([\w-]+) .*/"option '" . dashed($2)
            . "' needs a number, not '$1'"/es;
        usage_error($text);
    }
    if (delete $option{help}) {
        require Ksplice::Help;
        print Ksplice::Help::help_text(abs_path($0));
        end(0, '');
    }
    if (delete $option{version}) {
        print "$prog (ksplice) $VERSION\n";
        end(0, '');
    }
    $standard{verbose} = 1 if delete $option{verbose};
    $standard{quiet}   = 1 if delete $option{quiet};
    $standard{raw}     = 1 if delete $option{'raw-errors'};
    return %option;
}

# A handler for Getopt::Long, which turns its die into a warning.
sub taker ($name, $is_list, $is_option, $option) {
    return sub ($given, $value) {
        my $named = dashed($name);
        die "option '$named' needs a value, not '$value'\n"
            if $is_option->{$value};
        if ($is_list) {
            push @{ $option->{$name} }, $value;
            return;
        }
        die "option '$named' is given twice\n" if exists $option->{$name};
        $option->{$name} = $value;
    };
}

sub dashed ($name) { return (length $name > 1 ? '--' : '-') . $name }

sub verbose    () { $standard{verbose} }
sub quiet      () { $standard{quiet} }
sub raw_errors () { $standard{raw} }

# As if -q were given.
sub be_quiet () {
    $standard{quiet} = 1;
    return;
}

# --- talking ---------------------------------------------------------------

# Non-ASCII control characters, and those that change the direction of text.
my $unseen = qr/[\x{80}-\x{9f}\x{61c}\x{200e}\x{200f}\x{2028}-\x{202e}\x{2066}-\x{2069}\x{feff}]/;

# All printed text passes through this.  It may come from an untrusted source, and
# must neither control the terminal nor change its own reading order.  Newlines and
# tabs stay.  Text that is not UTF-8 is shown byte by byte.
sub printable ($text) {
    utf8::is_utf8($text) || utf8::decode($text)
        or return $text =~ s/([^\n\t\x20-\x7e])/sprintf '\x%02x', ord $1/ger;
    $text =~ s/([\x00-\x08\x0b-\x1f\x7f])/sprintf '\x%02x', ord $1/ge;
    $text =~ s/($unseen)/sprintf '\x{%x}', ord $1/ge;
    utf8::encode($text);
    return $text;
}

# Prints a line on stdout, except with -q.
sub note ($text) {
    print printable("$text\n") unless $standard{quiet};
    return;
}

# Prints a line on stderr, even with -q.
sub warning ($text) {
    STDOUT->flush();
    print STDERR printable("$prog: warning: $text\n");
    return;
}

# progress("building 12 objects", sub {...}): runs the sub and returns its result;
# shows the text if that takes longer than two seconds.
sub progress ($text, $body) {
    return $body->() if $standard{quiet};
    my $tty = -t STDERR;
    my $shown = 0;
    my $show = sub (@) {
        $shown = 1;
        print STDERR printable("$prog: $text ..."), $tty && !$standard{verbose} ? '' : "\n";
    };
    my $outer = alarm 0;
    my @result;
    my $list = wantarray;
    my $ok = eval {
        local $SIG{ALRM} = $show;
        $standard{verbose} ? $show->() : alarm 2;
        @result = $list ? $body->() : scalar $body->();
        alarm 0;
        1;
    };
    my $error = $@;
    alarm 0;
    print STDERR "\r\e[K" if $shown && $tty && !$standard{verbose};
    alarm $outer if $outer;
    die $error unless $ok;
    return $list ? @result : $result[0];
}

# --- running programs ------------------------------------------------------
#
# run([{OPTIONS},] PROGRAM, ARGUMENT...) returns the exit status; fails unless
# it is 0 or listed in ok => [...].  capture(...) returns what the program
# writes on stdout, in list context its lines without their newlines.
# OPTIONS: dir => where it runs; env => {NAME => VALUE or undef}; stdin => FILE;
# ok => [STATUS...] or 'any'; to => FILE for stdout, output => \my $text, the
# rest of its output (run); status => \my $status (capture); group => 1: a signal
# to us ends all processes that it started, before we continue.
# stream({OPTIONS}, sub ($handle) {...}, PROGRAM, ...) is like run: while the
# program runs, the sub reads what it writes on stdout, to the end.

sub run (@command) {
    my $option = ref $command[0] ? shift @command : {};
    my $show = $standard{verbose} && !$option->{output};
    my $err = $show ? undef : anonymous_file();
    my $to;
    if (defined $option->{to}) {
        open $to, '>', $option->{to} or fail("cannot write '$option->{to}': $!");
    }
    my $status = spawn($option, $to // $err, $err, @command);
    ${ $option->{output} } = contents_of($err) if $option->{output};
    check_status($option, $status, $err, @command);
    return $status >> 8;
}

sub capture (@command) {
    my $option = ref $command[0] ? shift @command : {};
    my ($out, $err) = (anonymous_file(), anonymous_file());
    my $status = spawn($option, $out, $err, @command);
    check_status($option, $status, $err, @command);
    ${ $option->{status} } = $status >> 8 if $option->{status};
    my $text = contents_of($out);
    return wantarray ? split(/\n/, $text) : $text;
}

sub stream ($option, $body, @command) {
    pipe my $from, my $to or fail("cannot make a pipe: $!");
    my $err = anonymous_file();
    my $meanwhile = sub () {
        close $to;
        $body->($from);
        close $from;
    };
    my $status = spawn({ %$option, meanwhile => $meanwhile }, $to, $err, @command);
    ${ $option->{output} } = contents_of($err) if $option->{output};
    check_status($option, $status, $err, @command);
    return $status >> 8;
}

# A command as it can be typed in a shell.
sub quote_command (@command) {
    return join ' ', map { m{^[\w./:=,+@%-]+\z} ? $_ : "'" . s/'/'\\''/gr . "'" } @command;
}

sub anonymous_file () {
    open my $file, '+>', undef or fail("cannot make a temporary file: $!");
    return $file;
}

sub contents_of ($file) {
    seek $file, 0, 0;
    local $/ = undef;
    return <$file> // '';
}

# Variables that change the behaviour or output of programs: a build must depend only on
# what the kernel was built with.  Others stay, such as PATH, TMPDIR, ARCH and
# CROSS_COMPILE.
my $meddling = qr/^(?:
    LANG | LANGUAGE | LC_.*
    | POSIXLY_CORRECT | QUOTING_STYLE | TIME_STYLE | TABSIZE | (?:\w+_)?BLOCK_?SIZE
    | PATCH_.* | VERSION_CONTROL | SIMPLE_BACKUP_SUFFIX
    | GREP_.* | TAR_OPTIONS | TAPE | XZ_OPT | XZ_DEFAULTS | GZIP
    | GIT_(?:DIR|WORK_TREE|INDEX_FILE|PREFIX|EXTERNAL_DIFF|DIFF_OPTS|PAGER)
    | BASH_ENV | ENV | CDPATH | SHELLOPTS | BASHOPTS | GLOBIGNORE | BASH_FUNC_.*
    | MAKE(?:FILES|FLAGS|LEVEL|OVERRIDES) | MFLAGS | GNUMAKEFLAGS
    | KBUILD_.* | KCONFIG_.* | K(?:C|CPP|A|RUST)FLAGS | EXTRA_CFLAGS
    | (?:C|CPP|CXX|LD|A)FLAGS(?:_\w+)?
    | CPATH | C_INCLUDE_PATH | LIBRARY_PATH | COMPILER_PATH | LD_RUN_PATH | LDEMULATION
    | GCC_(?:EXEC_PREFIX|COLORS|COMPARE_DEBUG) | DEPENDENCIES_OUTPUT | SUNPRO_DEPENDENCIES
    | KSPLICE_(?:MODE|FULL|TARGETS|DIRS|BUILD|SCRATCH|OUT|KID|KINDS|CORE)
)\z/x;

# Runs the program to its end.  A signal to us is passed on to it.  Returns its
# wait status; fails if it cannot be executed.
sub spawn ($option, $out, $err, @command) {
    STDOUT->flush();
    print STDERR printable('+ ' . quote_command(@command) . "\n") if $standard{verbose};
    pipe my $read, my $write or fail("cannot make a pipe: $!");
    # A signal between fork and the eval would leave the program running.
    my ($blocked, $mask) = (POSIX::SigSet->new(@signal_numbers), POSIX::SigSet->new);
    POSIX::sigprocmask(POSIX::SIG_BLOCK(), $blocked, $mask);
    my $pid = fork;
    if (!defined $pid) {
        my $why = $!;
        POSIX::sigprocmask(POSIX::SIG_SETMASK(), $mask);
        fail("cannot fork: $why");
    }
    if (!$pid) {
        close $read;
        setpgrp if $option->{group};
        @SIG{@signals, 'PIPE'} = ('DEFAULT') x (@signals + 1);
        POSIX::sigprocmask(POSIX::SIG_SETMASK(), $mask);
        eval { become($option, $out, $err, @command) };
        syswrite $write, failure_text($@);
        POSIX::_exit(127);
    }
    setpgrp $pid, $pid if $option->{group};
    my ($problem, $status);
    my $ended = eval {
        POSIX::sigprocmask(POSIX::SIG_SETMASK(), $mask);
        close $write;
        local $/ = undef;
        $problem = <$read>;
        $option->{meanwhile}->() if $option->{meanwhile} && !length $problem;
        waitpid $pid, 0;
        $status = $?;
        1;
    };
    if (!$ended) {
        my $error = $@;
        kill 'TERM', $option->{group} ? -$pid : $pid;
        waitpid $pid, 0;
        wait_for_group($pid) if $option->{group};
        die $error;
    }
    fail("cannot run '$command[0]': $problem") if length $problem;
    return $status;
}

# Waits until no process of the group is left; kills the rest after five seconds.
sub wait_for_group ($group) {
    for my $turn (1 .. 120) {
        return if !kill 0, -$group;
        kill 'KILL', -$group if $turn == 100;
        select undef, undef, undef, 0.05;
    }
    return;
}

# In the child: returns only by die.
sub become ($option, $out, $err, @command) {
    open STDIN, '<', $option->{stdin} // '/dev/null' or fail("$option->{stdin}: $!");
    if ($out) { open STDOUT, '>&', $out or fail($!) }
    else      { open STDOUT, '>&', \*STDERR or fail($!) }
    if ($err) { open STDERR, '>&', $err or fail($!) }
    if (defined $option->{dir}) {
        chdir $option->{dir} or fail("cannot change to '$option->{dir}': $!");
    }
    delete @ENV{ grep { /$meddling/ } keys %ENV };
    my %env = (LC_ALL => 'C', %{ $option->{env} // {} });
    for my $name (keys %env) {
        if (defined $env{$name}) { $ENV{$name} = $env{$name} }
        else                     { delete $ENV{$name} }
    }
    no warnings 'exec';
    exec { $command[0] } @command or fail("$!");
}

sub check_status ($option, $status, $out, @command) {
    my $ok = $option->{ok} // [0];
    my $code = $status >> 8;
    my $signal = $status & 127;
    return if !$signal && ($ok eq 'any' || grep { $_ == $code } @$ok);
    fail("no space is left for temporary files in '" . File::Spec->tmpdir
        . "': make some, or set TMPDIR") if is_temp_full();
    show_tail($out) if $out;
    fail("'$command[0]' died of signal $signal") if $signal;
    fail("'$command[0]' returned exit code $code");
}

# Shows the end of the output of a failed program; with --raw-errors all of it.
sub show_tail ($out) {
    my @lines = split /\n/, contents_of($out);
    splice @lines, 0, @lines - 30, '...' if @lines > 30 && !$standard{raw};
    STDOUT->flush();
    print STDERR map { printable("  $_\n") } @lines;
    return;
}

# --- files -----------------------------------------------------------------

# A directory that is removed when the command ends; after a kill -9 the next command
# removes it.  It is locked while it is in use.
my @locks;
sub temp_dir () {
    remove_stale_dirs() if !@locks;
    for (1 .. 10) {
        my $dir = eval { tempdir('ksplice-tmp-XXXXXXXX', TMPDIR => 1, CLEANUP => 1) }
            // fail("cannot make a temporary directory: $!");
        my $lock = lock_dir($dir) // next;
        push @locks, $lock;
        return $dir;
    }
    fail('cannot lock a temporary directory in ' . quote_command(File::Spec->tmpdir));
}

# Returns a handle; nothing if another process has locked or removed it.
sub lock_dir ($dir) {
    open my $lock, '<', $dir or return;
    flock $lock, LOCK_EX | LOCK_NB or return;
    return ((stat $dir)[1] // 0) == (stat $lock)[1] ? $lock : undef;
}

sub remove_stale_dirs () {
    my $top = File::Spec->tmpdir;
    opendir my $handle, $top or return;
    for my $dir (map { "$top/$_" } grep { /\Aksplice-tmp-\w{8}\z/ } readdir $handle) {
        my @stat = lstat $dir or next;
        next if !-d _ || $stat[4] != $>;
        my $lock = lock_dir($dir) // next;
        remove_tree($dir, { error => \my $ignored });
    }
    return;
}

# Whether the place for the output of programs is full.
sub is_temp_full () {
    open my $file, '+>', undef or return $!{ENOSPC} || $!{EDQUOT};
    my $n = syswrite $file, 'x' x 65536;
    return defined $n ? $n < 65536 : $!{ENOSPC} || $!{EDQUOT};
}

# Where lib/, objmanip/, kmodsrc/ ... are: the checkout, or PREFIX/lib/ksplice.
my $base = dirname(dirname(abs_path(__FILE__)));
sub base_dir () { $base }

# document('limits.md'): its path, in the checkout or as it was installed; the name
# alone if the documents are not on this machine.
sub document ($name) {
    my @paths = ("$base/doc/$name", dirname(dirname($base)) . "/share/doc/ksplice/$name");
    return (grep { -e } @paths)[0] // $name;
}

sub read_file ($name) {
    open my $file, '<:raw', $name or fail("cannot read '$name': $!");
    local $/ = undef;
    my $text = <$file>;
    fail("cannot read '$name': $!") if !defined $text || $file->error;
    return $text;
}

# Writes all of it or nothing, by rename.
sub write_file ($name, $text) {
    my $new = "$name.new$$";
    open my $file, '>:raw', $new or fail("cannot write '$name': $!");
    if (!(print {$file} $text and close $file and rename $new, $name)) {
        my $why = $!;
        unlink $new;
        fail("cannot write '$name': $why");
    }
    return;
}

# --- what ends a command ---------------------------------------------------

package Ksplice::End;
use overload '""' => sub ($end, @) { $end->{message} }, fallback => 1;

sub new ($class, $status, $message) {
    return bless { status => $status, message => $message }, $class;
}

1;
