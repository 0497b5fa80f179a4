#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A kernel that was booted with the series in kernel-patches/ has its features.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::KernelPatches;

run_booted([qw(nonpriv_netbind release_suffix)]);
