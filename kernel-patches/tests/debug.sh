#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel of debug.config still looks for mistakes.  Comes last: the validator of
# locks gives up at its first report, and when its tables are full.
#
# tests: 3

debug=/sys/kernel/debug
says 'lockdep stays enabled to the end' '^ debug_locks: +1$' cat /proc/lockdep_stats
says 'KASAN is in the kernel' ' T kasan_report$' cat /proc/kallsyms
says 'object debugging is enabled' '^pool_used +:' cat $debug/debug_objects/stats
