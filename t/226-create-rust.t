#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A header that code in Rust is made with: what it calls through objects compiled from C is
# replaced, and of types and values it is said that they stay.

use v5.32;
use warnings;
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Test::Ksplice;
use Test::More;
use Test::Toy;

my $warning = "ksplice-create: warning: code in Rust may have what 'include/linux/toy.h' defines: "
    . "its copy stays as it is\n";
my @inline = ('include/linux/toy.h' => sub { s/2 \* n/n + n + n/ });
my @value = ('include/linux/toy.h' => sub { s/2 \* n/TOY * n/; s/static/#define TOY 3\n$&/ });

sub create {
    my ($toy, @changes) = @_;
    my $patch = toy_patch($toy, @changes);
    return toy_create($toy, "--patch=$patch", "--config=$toy->{config}", '-o', 'x.tar.gz');
}

my $toy = toy_kernel();
my ($status, $out, $err) = create($toy, @value);
is("$status", '0', 'a kernel without code in Rust') or diag $err;
unlike("$out$err", qr/rust/i, '... gets a value of a header without a warning');

$toy = toy_kernel();
spew("$toy->{config}/.config", slurp("$toy->{config}/.config") . "CONFIG_RUST=y\n");
($status, $out, $err) = create($toy, @inline);
is("$status", '0', 'a kernel with code in Rust') or diag $err;
like($out . $err, qr{^vmlinux: replace rust/helpers\.o}m,
    '... has an object that calls the function of the header for it');
unlike($err, qr/Rust/, '... which is all that there is of it');
($status, $out, $err) = create($toy, @value);
is("$status", '0', 'a value that it may have');
like($err, qr/^\Q$warning\E/m, '... is warned of');
spew("$toy->{tree}/rust/lib.rs", "fn main() {}\n");
($status, undef, $err) = create($toy, 'rust/lib.rs' => sub { s/main/other/ });
is("$status $err", "1 ksplice-create: the patch changes the build: rust/lib.rs\n",
    'a source in Rust is refused');

done_testing;
