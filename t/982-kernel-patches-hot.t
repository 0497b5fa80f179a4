#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The features of kernel-patches/ can be put into the running stock kernel: each
# does there what it does in a kernel that was booted with it; undo leaves
# nothing of it, and they do not get into each other's way.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::KernelPatches;

# All of them, or those that are named on the command line.
my @features = qw(
    cpuset_files memcg_files cpuacct_uptime blkio_diskstats ttools hostinfo shield_mounts
    nonpriv_netbind release_suffix fatal_signal min_epoll_wait tcp_sysctls
    pagecache_limit max_map_count managed_irq
);
run_hot(@ARGV ? \@ARGV : \@features);
