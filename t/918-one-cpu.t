#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# A kernel that booted with one processor has no lock prefixes: it matches all the
# same, but where the redirect goes there must be none that could come back.

use v5.32;
use warnings;
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib';
use Test::Ksplice::Guest;

make_updates(function => 'every-site', locks => 'lock-at-entry');

run_guest(5, <<'END', '--cpus=1');
ok 'one processor' sh -c '[ "$(grep -c ^processor /proc/cpuinfo)" = 1 ]'
apply function
undo function
refused 'a lock prefix that is taken out, under the redirect' 1 \
	"'netif_napi_add_weight' cannot be redirected: a lock prefix" \
	ksplice-apply /updates/locks.tar.gz
untouched 'nothing is left'
END
