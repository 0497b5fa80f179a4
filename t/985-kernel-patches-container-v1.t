#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The hook in kernel-patches/container gives a container the files of /proc that
# the updates for the stock kernel bring, also with version 1 of control groups.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice;
use Test::Ksplice::KernelPatches;

my $container = root_dir() . '/kernel-patches/container';
my $hook = scratch_dir() . '/hook';
mkdir $hook;
my ($status, $out, $err) = run_cmd('make', '-s', '-C', $container, "DIR=$hook");
die "making the hook: status $status\n$out$err" if $status;

add_hot_updates(qw(memcg_files blkio_diskstats cpuset_files cpuacct_uptime));
run_stock('container_v1', '--tool=/usr/bin/unshare', "--dir=$container", "--dir=$hook");
