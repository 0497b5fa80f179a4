#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# "objmanip inspect" says what is wrong with a broken file: exit status 1, a
# message, nothing printed, and never a crash.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::Objmanip;
use Test::More;

my $diff = diff_text(slurp(root_dir() . '/t/fixtures/small-update.c'));
is($diff->{status}, 0, 'a small update') or diag $diff->{err};
my %file = map { $_ => slurp("$diff->{dir}/$_.o") } qw(old new);
my $copy = scratch_dir() . '/copy.o';

sub inspect {
    my ($bytes) = @_;
    return run_cmd('objmanip/objmanip', 'inspect', spew($copy, $bytes));
}

# The bytes of a section: where they are in the file
sub place {
    my ($name) = @_;
    my ($file) = @_ > 1 ? $_[1] : 'old';
    my (undef, $out) = run_cmd('objdump', '-h', "$diff->{dir}/$file.o");
    my ($size, $offset) = $out =~ /\Q$name\E\s+([0-9a-f]+)(?:\s+[0-9a-f]+){2}\s+([0-9a-f]+)/
        or die "no $name";
    return (hex $offset, hex $size);
}
my ($start, $size) = place('.init.ksplice_pre');
my @header = unpack 'Q L16', substr $file{old}, $start, 80;
my %table;    # name => [offset of the table's description, its first byte, its count]
{
    my $at = 16;
    for (qw(units labels spans relocs sites imports bytes strings)) {
        $table{$_} = [$at, unpack('L2', substr $file{old}, $start + $at, 8)];
        $at += 8;
    }
}

# Change 32 bits of the image.
sub with {
    my ($offset, $value) = @_;
    my $bytes = $file{old};
    substr $bytes, $start + $offset, 4, pack 'L', $value;
    return $bytes;
}

sub broken {
    my ($bytes, $message, $title) = @_;
    my ($status, $out, $err) = inspect($bytes);
    is("$status $out$err", "1 objmanip: '$copy': broken pre image: $message\n", $title);
}

is((inspect($file{$_}))[0], 0, "$_.o as it was made is fine") for qw(old new);

broken(with(0, 1), 'it does not start like one', 'another magic number');
broken(with(8, 9), 'its api version is 9, not 4', 'another version');
broken(with(12, $size + 8), 'it is cut off', 'a size that is too large');
broken(with(12, 8), 'it is cut off', 'a size that is too small');
for (sort keys %table) {
    my $at = $table{$_}[0];
    broken(with($at, 4), "the table of $_ is not aligned", "$_: not aligned");
    broken(with($at, 0), "the table of $_ is out of bounds", "$_: in the header");
    broken(with($at, 0xfffffff8), "the table of $_ is out of bounds", "$_: far away");
    broken(with($at + 4, 0xffffffff), "the table of $_ is out of bounds", "$_: too many");
}
broken(with($table{strings}[0] + 4, 0), 'its strings do not start and end with a NUL',
    'no strings');

# In the first entry of a table: [table, offset of the field, value, message]
my ($n_labels, $n_spans) = ($table{labels}[2], $table{spans}[2]);
my ($label) = (inspect($file{old}))[1] =~ /^label (.*?), content/m;
for (
    ['units', 0, 0xffff, 'the name of unit 0 is out of bounds'],
    ['units', 4, 1, 'unit 0 starts with span 1, not 0'],
    ['units', 8, 1, 'span 1 is in no unit'],
    ['units', 8, 0xffffffff, 'unit 0 has spans out of bounds'],
    ['labels', 0, 0xffff, 'the name of label 0 is out of bounds'],
    ['labels', 0, 0, 'label 0 has no name'],
    ['labels', 4, 0xffff, 'the name of the symbol of label 0 is out of bounds'],
    ['labels', 12, $n_spans, "label '$label' has span $n_spans of $n_spans"],
    ['labels', 12, 0xffffffff, "label '$label' has no contents"],
    ['labels', 12, 0, "label '$label' has no contents"],
    ['labels', 8, 0, 'span 3 and its label are not of one kind'],
    ['labels', 8, 1 << 4 | 1 << 7, "label '$label' is undefined and has a span"],
    ['spans', 0, $n_labels - 1, 'span 0 and its label are not of one kind'],
    ['spans', 0, $n_labels, "the start 0 of span 0 has label $n_labels of $n_labels"],
    ['spans', 4, 0xffff, 'the name of the section of span 0 is out of bounds'],
    ['spans', 8, 9, 'span 0 is of kind 9'],
    ['spans', 8, 5, 'span 1 is out of order'],
    ['spans', 12, 0, 'the bytes of span 0 are not there'],
    ['spans', 12, 3, 'relocation 0 of span 0 is out of bounds'],
    ['spans', 16, 0xffffffff, 'the bytes of span 0 are not there'],
    ['spans', 20, 0xffffffff, 'span 0 has relocations or sites out of bounds'],
    ['spans', 32, 99, 'span 0 has relocations or sites out of bounds'],
    ['spans', 36, 0, 'span 0 is a part of no function'],
    ['spans', 36, 1, 'span 0 and the function that it is a part of disagree'],
    ['relocs', 8, 0x1000, 'relocation 0 of span 0 is out of bounds'],
    ['relocs', 12, $n_labels, "relocation 0 of span 0 has label $n_labels of $n_labels"],
    ['relocs', 16, 7, 'relocation 0 of span 0 is of kind 7'],
    ['sites', 8, 0x1000, 'site 0 of span 0 is out of bounds'],
    ['sites', 12, 0xffffffff, 'site 0 of span 0 is out of bounds'],
    ['sites', 16, 13, 'site 0 of span 0 is of kind 13'],
    ['sites', 16, 6, 'site 0 of span 0 has no label'],
    ['sites', 20, 0, 'site 0 of span 0 has a label'],
    ['sites', 24, 0, 'site 0 of span 0 has no replacement in span 0'],
    ['imports', 0, $n_labels, "import 0 has label $n_labels of $n_labels"],
    ['imports', 4, 0xffff, 'the name of import 0 is out of bounds'],
) {
    my ($name, $field, $value, $message) = @$_;
    broken(with($table{$name}[1] + $field, $value), $message, "$name+$field: $message");
}

# Files that are not whole
my ($status, $out, $err);
for my $which (qw(old new)) {
    my @bad;
    for my $length (map { int(length($file{$which}) * $_ / 40) } 0 .. 39) {
        ($status, $out, $err) = inspect(substr $file{$which}, 0, $length);
        push @bad, "$length: $status $out$err"
            if $status ne '1' || $out ne '' || $err !~ /^objmanip: .*\S\n\z/m;
    }
    is_deeply(\@bad, [], "$which.o cut off anywhere is refused");
}

# A byte changed anywhere: fine or refused, but never a crash.
for my $which (qw(old new)) {
    my ($seed, @bad) = (1);
    for (1 .. 150) {
        $seed = ($seed * 1103515245 + 12345) % 2**31;
        my $at = ($seed >> 8) % length $file{$which};
        my $bytes = $file{$which};
        substr $bytes, $at, 1, chr(ord(substr $bytes, $at, 1) ^ (1 << $_ % 8));
        ($status, $out, $err) = inspect($bytes);
        push @bad, "byte $at, bit @{[$_ % 8]}: $status $err" if $status !~ /^[01]$/;
        push @bad, "byte $at: half a text" if $status eq '1' && $out ne '';
    }
    is_deeply(\@bad, [], "$which.o with a bit changed never makes it crash");
}

# The records of replaced spans
my ($replaced, $n) = place('.ksplice_replaced', 'new');
is($n, 24, 'one record');
my $renamed = $file{new} =~ s/\.ksplice_replaced\0/.ksplice_anything\0/r;
($status, $out, $err) = inspect($renamed);
is("$status $out$err", "1 objmanip: '$copy' has no records of ksplice\n", 'a file without records');
($status, $out, $err) = inspect('');
like($err, qr/^objmanip: .*\Q$copy\E/m, 'an empty file');
($status, $out, $err) = run_cmd('objmanip/objmanip', 'inspect', '/nonexistent');
is("$status $out$err", "1 objmanip: cannot read '/nonexistent': No such file or directory\n",
    'a file that is not there');
is((run_cmd('objmanip/objmanip', 'inspect'))[0], 2, 'no file is a usage error');

# All modules of an update
my $update = scratch_dir();
spew("$update/a-old.ko", slurp("$diff->{dir}/old.o"));
spew("$update/a-new.ko", slurp("$diff->{dir}/new.o"));
spew("$update/contents", "kid a\nchange vmlinux a-old.ko a-new.ko\n");
($status, $out, $err) = run_cmd('objmanip/objmanip', 'inspect', $update);
is("$status $err", '0 ', 'an update is inspected');
like($out,
    qr/^target vmlinux, a-old\.ko:\npre image: .*^target vmlinux, a-new\.ko:\nreplaced spans: /ms,
    '... each of its modules');
spew("$update/contents", "kid a\n");
($status, $out, $err) = run_cmd('objmanip/objmanip', 'inspect', $update);
is("$status $out$err", "1 objmanip: '$update/contents' names no change\n", 'one of nothing is not');
unlink "$update/contents";
($status, $out, $err) = run_cmd('objmanip/objmanip', 'inspect', $update);
is("$status $out$err", "1 objmanip: cannot read '$update/contents': No such file or directory\n",
    '... nor any directory');

done_testing;
