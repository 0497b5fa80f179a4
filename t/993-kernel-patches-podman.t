#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A container of Podman has the files of /proc that the updates for the stock kernel
# bring, and keeps them, where systemd manages the control groups and crun is the runtime.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::KernelPatches;

run_container('container_podman');
