#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The page cache limit of kernel-patches/ goes into the running stock kernel and out
# of it while every page that is added asks for it.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::KernelPatches;

run_hot_script('pagecache_limit_load', 'pagecache_limit');
