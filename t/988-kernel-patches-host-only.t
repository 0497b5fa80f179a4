#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# What the updates of kernel-patches/ let one set for the whole machine can be set on
# the host only.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::KernelPatches;

run_hot_script('host_only', qw(cpuset_files ttools shield_mounts nonpriv_netbind
    release_suffix fatal_signal min_epoll_wait pagecache_limit managed_irq hostinfo));
