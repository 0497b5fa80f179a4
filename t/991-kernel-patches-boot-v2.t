#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# What t/981-kernel-patches-boot.t says, of version 2 of control groups where that
# needs a guest of its own.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::KernelPatches;

run_booted(['memcg_files_v2']);
