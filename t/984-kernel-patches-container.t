#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The hook in kernel-patches/container gives a container the files of /proc that
# the updates for the stock kernel bring.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::KernelPatches;

run_container('container');
