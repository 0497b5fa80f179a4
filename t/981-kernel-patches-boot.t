#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A kernel that was booted with the series in kernel-patches/ has its features.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::KernelPatches;

# All of them, or those that are named on the command line.
my @features = qw(
    cpuset_files memcg_files cpuacct_uptime blkio_diskstats ttools hostinfo shield_mounts
    nonpriv_netbind release_suffix fatal_signal min_epoll_wait tcp_sysctls
    pagecache_limit max_map_count managed_irq host_only
);
run_booted(@ARGV ? \@ARGV : \@features);
