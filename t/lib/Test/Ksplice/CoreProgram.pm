# SPDX-License-Identifier: GPL-2.0-only
#
# Test::Ksplice::CoreProgram - parts of the core, run as a program with sanitizers
#
# A test writes the headers of the kernel that these parts include, as far as they need
# them; the types are here.

package Test::Ksplice::CoreProgram;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter qw(import);
use Test::Ksplice;

our @EXPORT = qw(write_types compile_core);

# Writes linux/types.h, and empty files of the other names, into the directory of headers.
sub write_types ($dir, @empty) {
    spew("$dir/$_", "\n") for @empty;
    spew("$dir/linux/types.h", <<'END');
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
typedef uint8_t u8, __u8;
typedef uint16_t u16, __u16;
typedef uint32_t u32, __u32;
typedef uint64_t u64, __u64;
typedef int8_t s8;
typedef int32_t s32, __s32;
typedef int64_t s64, __s64;
END
    return;
}

# compile_core(DIR, PROGRAM, ARGUMENT...) -> (status, words) of the compiler, with the headers
# in DIR and those of the core.
sub compile_core ($dir, $program, @arguments) {
    my ($status, undef, $err) = run_cmd($ENV{CC} // 'gcc', qw(-g -O1),
        '-fsanitize=address,undefined', '-fno-sanitize-recover=all', "-I$dir",
        map({ '-I' . root_dir() . "/$_" } qw(kmodsrc kmodsrc/arch/x86)),
        '-DKBUILD_MODNAME="ksplice"', @arguments, '-o', $program);
    return ($status, $err);
}

1;
