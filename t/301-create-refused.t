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

# Parts of the image that kbuild links separately: it has to be asked about each
for (
    ['arch/x86/boot/tty.c', "the kernel image's loader (gone once the kernel runs)"],
    ['arch/x86/boot/compressed/misc.c', "the kernel image's loader (gone once the kernel runs)"],
    ['arch/x86/entry/vdso/vclock_gettime.c', 'the vDSO (mapped into each process)'],
    ['lib/vdso/gettimeofday.c', 'the vDSO (mapped into each process)'],
    ['arch/x86/include/asm/vdso/gettimeofday.h', 'the vDSO (mapped into each process)'],
    ['arch/x86/realmode/rm/wakemain.c', 'the real-mode code that starts processors'],
    ['arch/x86/realmode/rm/trampoline_64.S', 'the real-mode code that starts processors'],
    ['arch/x86/purgatory/purgatory.c', "kexec's purgatory"],
) {
    my ($file, $part) = @$_;
    my $message = "ksplice-create: the patch changes '$file', which is in $part: an update cannot "
        . 'replace that; leave it out of the patch';
    refused($file, 1, qr/^\Q$message\E$/m, $file => sub { s/\n\n/\n\n\n/ or die });
}
my @build = qw(arch/x86/kernel/vmlinux.lds.S include/asm-generic/vmlinux.lds.h
    arch/x86/kernel/asm-offsets.c arch/x86/lib/x86-opcode-map.txt);
for my $file (@build) {
    refused($file, 1, qr/^ksplice-create: the patch changes the build: \Q$file\E$/m,
        $file => sub { s/\n\n/\n\n\n/ or die });
}
refused('a program that the build runs', 1, qr/: arch.x86.tools.relocs\.c is of a program that the/,
    'arch/x86/tools/relocs.c' => sub { s/\n\n/\n\n\n/ or die });
for my $file ('arch/x86/realmode/rm/wakemain.c', 'include/asm-generic/vmlinux.lds.h') {
    my $patch = kernel_patch($file => sub { s/\n\n/\n\n\n/ or die });
    my ($status, undef, $err) = create_update('--full', "--patch=$patch");
    is($status, 1, "$file is refused with --full");
    like($err, qr/^ksplice-create: the patch changes .*\Q$file\E/m, '... before all is compiled');
}

my ($status, $out, $err) = create_update('--dry-run', '--patch=' . kernel_patch(
    'lib/crypto/sha256.c' => sub { s/\n\n/\n\n\n/ or die },
    'arch/x86/realmode/rm/wakeup.h' => sub { s/\n\n/\n\n\n/ or die }));
is_deeply([$status, sort grep { !/^\d+ objects may/ } split /\n/, $out . $err], [66,
    "changes nothing in 'lib/crypto/sha256.o': lib/crypto/sha256.c",
    'changes nothing in 2 objects: arch/x86/realmode/rm/wakeup.h',
    'ksplice-create: the patch changes nothing in the compiled code',
    "ksplice-create: warning: 'arch/x86/realmode/rm/wakeup.h' may also be in the real-mode code"
    . ' that starts processors: that copy stays as it is',
    "ksplice-create: warning: 'lib/crypto/sha256.c' is also in kexec's purgatory: that copy stays"
    . ' as it is'], 'a copy in another part is pointed out');

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
