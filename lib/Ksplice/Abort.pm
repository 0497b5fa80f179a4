# SPDX-License-Identifier: GPL-2.0-only
#
# Abort.pm - abort causes: from the word of the core to a sentence
#
# One table: the word (enum ksplice_abort_cause in kmodsrc/model/abort.h, same
# order), its meaning as a sentence, and the remedy.  doc/aborts.md has the
# details.  Busy causes end a command with status 3, all others with 1.

package Ksplice::Abort;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter        qw(import);
use Ksplice         qw(document busy fail raw_errors);
use Ksplice::Report qw(fact);

our @EXPORT_OK = qw(abort_words abort_sentence abort_advice is_busy fail_abort);

my @table = (
    ok => 'nothing was wrong', '',
    no_match => 'the running kernel does not match the code that the update was built for',
        'build the update from the exact source, configuration and compiler of this kernel; '
        . '--debug shows what differs',
    code_busy => 'a task is in code that is to be replaced or removed',
        'try again later, or for longer (--wait), or stop the conflicting tasks',
    module_busy => 'a module of the update is in use',
        'try again when it is no longer in use; lsmod(8) shows its users',
    out_of_memory => 'the kernel is out of memory',
        'free some memory and try again',
    failed_to_find => 'the running kernel lacks a symbol that the update needs',
        'build the update for exactly this kernel',
    target_not_loaded => 'a module that the update changes is not loaded',
        'load it first (modprobe), or apply with --partial: it is then patched when it is loaded',
    call_failed => "a hook of the update refused",
        'see the description of the patch (ksplice-view --file=TARBALL), or ask its author',
    cold_update_loaded => 'a later update depends on this one',
        'undo that update first',
    already_replaced => 'an applied update has replaced what this one replaces',
        'undo that update first (ksplice-undo), replace it '
        . '(ksplice-apply --replace), or build this one on top of it '
        . '(ksplice-create --on-top-of)',
    missing_update => 'an update that this one needs or replaces is not applied',
        'apply that one first, or leave it out of --replace; '
        . 'ksplice-view lists those that are applied',
    text_changed => 'code has changed since it was checked',
        'something else modifies kernel code (a tracer, another patcher): stop it and try again',
    too_short => 'a function is too short to be redirected',
        'build the update from a patch that changes its callers instead',
    site_conflict => 'something else uses the code where a function would be redirected',
        'remove the probe or livepatch, or patch the callers of the function instead',
    unsupported_kernel => 'this kernel lacks something that ksplice needs',
        'the requirements are listed in ' . document('limits.md'),
    unexpected => 'internal error',
        'this is a bug of ksplice: report it with the output of --debug and dmesg(1)',
);

my (@words, %sentence, %advice);
while (my ($word, $sentence, $advice) = splice @table, 0, 3) {
    push @words, $word;
    ($sentence{$word}, $advice{$word}) = ($sentence, $advice);
}

# In the core's order, 'ok' first.
sub abort_words () { return @words }

# undef for a word that is not in the table.
sub abort_sentence ($word) { return $sentence{$word} }
sub abort_advice   ($word) { return $advice{$word} }

# Whether trying again may help.
sub is_busy ($word) { return $word eq 'code_busy' || $word eq 'module_busy' }

# Ends the command with "sentence: reason", or with --raw-errors "word: reason".
# Lines of details follow.
sub fail_abort ($word, $reason, @details) {
    my $known = exists $sentence{$word};
    fact(abort_cause => $word, reason => $reason);
    my @text = raw_errors() || !$known ? $word : $sentence{$word};
    $text[0] .= ": $reason" if length $reason;
    push @text, @details;
    push @text, $advice{$word} if $known && !raw_errors() && length $advice{$word};
    my $message = join "\n  ", @text;
    busy($message) if is_busy($word);
    fail($message);
}

1;
