#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# What others patch kernels for and the stock kernel has, see
# kernel-patches/README.md.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::KernelPatches;

run_stock('stock', '--modules', '--disk=16', '--append=crashkernel=64M');
