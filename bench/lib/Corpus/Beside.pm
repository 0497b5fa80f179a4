# SPDX-License-Identifier: GPL-2.0-only
#
# Corpus::Beside - something that is done beside the rest, by a child
#
# The child writes its findings into files (Corpus::Results).  It ends with the
# handle: when that is destroyed early, the child and all that it started are
# stopped.

package Corpus::Beside;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter   qw(import);
use File::Temp ();
use Ksplice    qw(fail);
use POSIX      qw(WNOHANG);

our @EXPORT_OK = qw(beside is_busy);

# beside(SUB): runs it in a child -> the handle.
sub beside ($body) {
    STDOUT->flush();
    my $pid = fork // fail("cannot fork: $!");
    return bless { pid => $pid }, __PACKAGE__ if $pid;
    my $ok = eval { $body->(); 1 };
    print STDERR Ksplice::failure_text($@), "\n" if !$ok;
    File::Temp::cleanup();
    STDOUT->flush();
    POSIX::_exit($ok ? 0 : 1);
}

# Is it not at its end yet?  Waits for that if it is to.  Fails if the child did.
sub is_busy ($handle, $wait) {
    return 0 if !$handle || !$handle->{pid};
    return 1 if waitpid($handle->{pid}, $wait ? 0 : WNOHANG) == 0;
    delete $handle->{pid};
    fail('what was done beside failed') if $?;
    return 0;
}

sub DESTROY ($handle) {
    local ($?, $!, $@) = ($?, $!, $@);
    return if !$handle->{pid};
    kill 'TERM', $handle->{pid};
    waitpid $handle->{pid}, 0;
    return;
}

1;
