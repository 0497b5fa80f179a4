# SPDX-License-Identifier: GPL-2.0-only
#
# Modules.pm - from pairs of objects to the modules of an update
package Ksplice::Modules;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter qw(import);
use Ksplice  qw(fail run base_dir);

our @EXPORT_OK = qw(objmanip);

sub objmanip () {
    my $installed = base_dir() . '/objmanip';
    return $ENV{KSPLICE_OBJMANIP} // (-d $installed ? "$installed/objmanip" : $installed);
}

1;
