#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# bpf.pl - attach BPF programs to the entry and the exit of a function
#
# bpf.pl FUNCTION: each call prints "fentry" and "fexit" into the kernel's trace.
# Says "ready", and the programs stay until stdin ends.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use constant { BPF => 321, PROG_LOAD => 5, RAW_TRACEPOINT_OPEN => 17, PROG_TYPE_TRACING => 26,
    FENTRY => 24, FEXIT => 25, KIND_FUNC => 12 };

# Bytes that follow a type of BTF: so many, or so many for each of its members.
my %more = (1 => 4, 3 => 12, 14 => 4, 17 => 4);
my %each = (4 => 12, 5 => 12, 6 => 8, 13 => 8, 15 => 12, 19 => 12);

sub btf_id ($function) {
    open my $file, '<:raw', '/sys/kernel/btf/vmlinux' or die "no BTF: $!\n";
    my $btf = do { local $/ = undef; <$file> };
    my (undef, undef, undef, $header, $types, $types_len, $strings) = unpack 'S C C L4 L', $btf;
    my $name = index($btf, "\0$function\0", $header + $strings) + 1 - $header - $strings;
    my $id = 0;
    for (my $at = $header + $types; $at < $header + $types + $types_len;) {
        my ($name_here, $info) = unpack 'L2', substr $btf, $at, 8;
        my $kind = $info >> 24 & 0x1f;
        $id++;
        return $id if $kind == KIND_FUNC && $name_here == $name;
        $at += 12 + ($more{$kind} // 0) + ($each{$kind} // 0) * ($info & 0xffff);
    }
    die "BTF does not know '$function'\n";
}

sub pointer ($bytes_ref) { return unpack 'Q', pack 'P', $$bytes_ref }

sub insn ($code, $dst, $src, $offset, $value) {
    return pack 'C C s l', $code, $src << 4 | $dst, $offset, $value;
}

sub bpf ($command, $attributes, $what) {
    my $ret = syscall BPF, $command, $attributes, length $attributes;
    die "$what: $!\n" if $ret < 0;
    return $ret;
}

# bpf_trace_printk(TEXT), of seven characters at most
sub attach ($type, $id, $text) {
    my ($low, $high) = unpack 'l2', pack 'a8', $text;
    my $code = insn(0x62, 10, 0, -8, $low) . insn(0x62, 10, 0, -4, $high)
        . insn(0xbf, 1, 10, 0, 0) . insn(0x07, 1, 0, 0, -8) . insn(0xb7, 2, 0, 0, 8)
        . insn(0x85, 0, 0, 0, 6) . insn(0xb7, 0, 0, 0, 0) . insn(0x95, 0, 0, 0, 0);
    my $licence = "GPL\0";
    my $log = "\0" x 65536;
    my $program = bpf(PROG_LOAD, pack('L2 Q2 L2 Q L2 a16 L4 Q L2 Q L2 L', PROG_TYPE_TRACING,
        length($code) / 8, pointer(\$code), pointer(\$licence), 1, length $log, pointer(\$log),
        0, 0, $text, 0, $type, 0, 0, 0, 0, 0, 0, 0, $id, 0), "loading $text");
    return bpf(RAW_TRACEPOINT_OPEN, pack('Q L L', 0, $program, 0), "attaching $text");
}

my $id = btf_id(shift);
attach(FENTRY, $id, 'fentry');
attach(FEXIT, $id, 'fexit');
syswrite STDOUT, "ready\n";
readline STDIN;
