# SPDX-License-Identifier: GPL-2.0-only
#
# Hash.pm - SHA-256 of files and texts, in hexadecimal
#
# By sha256sum(1), which is in coreutils and in busybox: perl-base has no
# Digest::SHA.  The file names are those allowed in `contents`, so sha256sum escapes
# none of them.

package Ksplice::Hash;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter qw(import);
use Ksplice  qw(capture fail temp_dir write_file);

our @EXPORT_OK = qw(sha256_files sha256_text is_sha256);

my $at_once = 500;    # names for one command line

sub is_sha256 ($text) { return $text =~ /^[0-9a-f]{64}\z/ }

# sha256_files(DIR, NAME...) -> {NAME => HASH, ...}
sub sha256_files ($dir, @names) {
    my %hash;
    while (my @some = splice @names, 0, $at_once) {
        my @lines = capture({ dir => $dir }, 'sha256sum', '--', @some);
        for my $name (@some) {
            my ($hash, $said) = (shift(@lines) // '') =~ /^(\w+) [ *](.*)\z/;
            fail("sha256sum prints no hash of '$dir/$name'")
                if ($said // '') ne $name || !is_sha256($hash);
            $hash{$name} = $hash;
        }
    }
    return \%hash;
}

sub sha256_text ($text) {
    my $dir = temp_dir();
    write_file("$dir/text", $text);
    return sha256_files($dir, 'text')->{text};
}

1;
