#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The reasons for refusing are the same words in the core, in the commands and
# in the documentation, in the same order.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib', dirname(__FILE__) . '/../lib';
use Ksplice::Abort qw(abort_words abort_sentence abort_advice fail_abort is_busy);
use Test::Ksplice;
use Test::More;

my ($enum) = slurp(root_dir() . '/kmodsrc/model/abort.h')
    =~ /^enum ksplice_abort_cause \{(.*?)^\s*KSPLICE_N_ABORT_CAUSES\b/ms;
my @core = map { lc } ($enum // '') =~ /^\s*KSPLICE_(\w+),/mg;
my @words = abort_words();
is("@words", "@core", 'Abort.pm has those of the enum in abort.h');

my %in_c = slurp(root_dir() . '/kmodsrc/model/abort.c') =~ /\[KSPLICE_(\w+)\]\s*=\s*\{\s*"(\w+)"/g;
is_deeply(\%in_c, { map { uc, $_ } @words }, 'abort.c has a word for each, its own');

my @rows = slurp(root_dir() . '/doc/aborts.md') =~ /^\| `(\w+)` \| (\d) \| [^|]+ \| [^|]*\|$/mg;
my (@documented, %status);
while (my ($word, $status) = splice @rows, 0, 2) {
    push @documented, $word;
    $status{$word} = $status;
}
is("@documented", "@words", 'aborts.md has a row for each');

for my $word (grep { $_ ne 'ok' } @words) {
    like(abort_sentence($word), qr/^[a-z].*[^.]\z/, "$word has a sentence, as all messages are");
    like(abort_advice($word), qr/^[a-z].*[^.]\z/, '  ... and an advice');
    eval { fail_abort($word, 'because') };
    is($@->{status}, $status{$word}, '  ... and the status that aborts.md says');
    is($@->{message}, abort_sentence($word) . ": because\n  " . abort_advice($word),
        '  ... and a message of all that');
}
is(join(' ', grep { is_busy($_) } @words), 'code_busy module_busy', 'two are worth another try');

eval { fail_abort('no_match', '') };
is((split /\n/, $@->{message})[0], abort_sentence('no_match'), 'there need not be a reason');
eval { fail_abort('brand_new', 'because') };
is("$@->{status} $@->{message}", '1 brand_new: because', 'a word from a newer core is shown');

# --raw-errors
my $code = 'use Ksplice qw(main parse_options); use Ksplice::Abort qw(fail_abort);'
    . 'main(sub { parse_options(); fail_abort("code_busy", "because") })';
my ($status, undef, $err) =
    run_cmd($^X, '-I' . root_dir() . '/lib', '-e', $code, '--', '--raw-errors');
is("$status $err", "3 -e: code_busy: because\n", '--raw-errors prints the word');

done_testing;
