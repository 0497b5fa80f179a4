#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# What ksplice-create cannot make of a stock kernel it refuses, with the reason.
use v5.32;
use warnings;
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Test::Ksplice;
use Test::Ksplice::Tree;
use Test::More;

kernel_release();
my $source = kernel_source();

sub refused {
    my ($what, $status, $message, @changes) = @_;
    my $lock = locked_source();
    my $before = join "\0", map { -e "$source/$_" ? slurp("$source/$_") : 'none' }
        grep { !ref } @changes;
    close $lock;
    my @got = create_update('--patch=' . kernel_patch(@changes));
    is($got[0], $status, "$what is refused");
    like($got[2], $message, '... with the reason') or diag $got[2];
    $lock = locked_source();
    is(join("\0", map { -e "$source/$_" ? slurp("$source/$_") : 'none' } grep { !ref } @changes),
        $before, '... and the source is as it was');
    is_deeply([grep { -e } "$source/.KSPLICE_journal"], [], '... and nothing is left');
}

my $nothing = qr/^ksplice-create: the patch changes nothing in the compiled code$/m;

refused('a comment', 66, $nothing, 'fs/proc/cmdline.c' => sub { s/\n\n/\n\n\/* why? *\/\n/ });
refused('some blank lines above a hundred WARNs', 66, $nothing,
    'net/core/dev.c' => sub { s/\n(?=\s*return i;)/\n\n/g > 2 or die });
refused('code that does not compile', 1,
    qr/cmdline\.c:\d+:\d+: error: .*nobody.* undeclared.*\n(?:.*\n)*.* source does not compile$/m,
    'fs/proc/cmdline.c' => sub { s/saved_command_line/nobody/ or die });
refused('what is not built', 1,
    qr/touches only files that are not built with this \.config: kernel\/configs\.c$/m,
    'kernel/configs.c' => sub { s/\n\n/\n\nint n;\n/ or die });
refused('what another machine builds', 1,
    qr/only files that are not built with this \.config: arch\/arm\/kernel\/time\.c$/m,
    'arch/arm/kernel/time.c' => sub { s/\n\n/\n\nint n;\n/ or die });
refused('what only boots the kernel', 1,
    qr{changes 'arch/x86/boot/tty\.c', which is in the kernel image's loader .*: an update cannot},
    'arch/x86/boot/tty.c' => sub { s/\n\n/\n\nint n;\n/ or die });
refused('a new object that nobody builds', 1,
    qr/a source that no Makefile names: fs\/proc\/new\.c$/m,
    'fs/proc/Makefile' => sub { $_ .= "obj-\$(CONFIG_OTHER) += new.o\n" },
    'fs/proc/new.c' => sub { $_ = "int new;\n" });
refused('a header that everything includes', 1,
    qr/every object includes include\/linux\/compiler_types\.h: only --full will do/,
    'include/linux/compiler_types.h' => sub { $_ .= "\n#define NEW 1\n" });
refused('an exported function of another type', 1,
    qr/^objmanip: lib\/glob\.o: the exported 'glob_match' was '_Bool \(char \*, char \*\)' and/m,
    'lib/glob.c' => sub {
        s/^#include <linux.glob.h>\n//m or die;
        s/^(bool .*glob_match\(char const \*pat, char const \*str)\)/$1, int start)/m or die;
        s/(\n\{\n)/$1\tstr += start;\n/ or die;
    });
refused('a member in a struct that is in use', 1,
    qr/^objmanip: fs\/timerfd\.o: struct 'timerfd_ctx' has another layout: member 'mine' is new; /m,
    'fs/timerfd.c' => sub { s/(?<=\n)(?=\twait_queue_head_t wqh;)/\tlong mine;\n/ or die });
refused('a tracepoint and a parameter of the module', 1,
    qr/'__param_more'\ is\ new:\ the\ contents\ of\ section\ '__param'\ are
        \ registered\ at\ boot\n.*
        '__tracepoint_reads'\ is\ new:\ the\ contents\ of\ section\ '__tracepoints'\ are
        \ registered/sx,
    'fs/proc/cmdline.c' => sub {
        s/(?=static int cmdline_proc_show)/<<~'EOF'/e or die;
            #include <linux/moduleparam.h>
            #include <linux/tracepoint.h>
            DECLARE_TRACE(reads, TP_PROTO(int n), TP_ARGS(n));
            DEFINE_TRACE(reads, TP_PROTO(int n), TP_ARGS(n));
            static int more;
            module_param(more, int, 0444);
            EOF
        s/(?=\tseq_putc)/\ttrace_reads(more);\n/ or die;
    });

done_testing();
