#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# runc and crun call the hook in kernel-patches/container, and their containers have
# the files of /proc that the updates for the stock kernel bring.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::KernelPatches;

run_container('container_runtime');
