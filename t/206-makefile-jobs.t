#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# Objects of arch/ are compiled one after the other, which keeps no others waiting.
use v5.32;
use warnings;
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Test::Ksplice;
use Test::More;
use Test::Toy;

my $toy = toy_kernel();
my $tree = $toy->{tree};
system('cp', "$toy->{config}/.config", "$tree/.config");
spew("$tree/arch/x86/close.c", "int close(void) { return 1; }\n");
edit("$tree/arch/x86/Makefile", sub { $_ .= "obj-y += close.o\n" });
toy_make($toy, 'KSPLICE_MODE=prepare');

# A compiler that notes when it starts and ends.  One for kernel/ waits for another
# one, for some time; one for arch/ gives another one time to start.
my $log = "$toy->{scratch}/log";
my $compiler = spew("$toy->{scratch}/cc", <<"SH");
#!/bin/sh
for word; do case \$word in *.c) source=\${word#./} ;; esac; done
echo "start \$source" >> '$log'
case \$source in
kernel/*) n=0
    while [ "\$(grep -c '^start kernel/' '$log')" -lt 2 ] && [ \$n -lt 100 ]; do
        sleep 0.1; n=\$((n + 1)); done ;;
*) sleep 0.5 ;;
esac
gcc "\$@" || exit 1
echo "end \$source" >> '$log'
SH
chmod 0755, $compiler;

my @others = qw(kernel/one kernel/two);
my @arch = qw(arch/x86/near arch/x86/close);

sub compile {
    my (@names) = @_;
    unlink $log, map { "$tree/$_.o" } @names;
    my ($status, undef, $err) = toy_make($toy, '-j4', "CC=$compiler", 'KSPLICE_MODE=snap',
        "KSPLICE_TARGETS=@{[map { qq($_.o) } @names]}");
    is($status, 0, "@names: compiled") or diag($err);
    is_deeply([grep { !-e "$tree/$_.o" } @names], [], '... all of them');
    return grep { /^(?:start|end) (?:kernel|arch)/ } split /\n/, -e $log ? slurp($log) : '';
}

# For each line, how many compilers of the directory run then, at most.
sub most_at_once {
    my ($dir, @lines) = @_;
    my ($now, $most) = (0, 0);
    for (grep { m{ \Q$dir\E/} } @lines) {
        $now += /^start/ ? 1 : -1;
        $most = $now if $now > $most;
    }
    return $most;
}

my @lines = compile($arch[0], @others, $arch[1]);
is(most_at_once('kernel', @lines), 2, 'objects beside those of arch/ at the same time');
is(most_at_once('arch', @lines), 1, '... those of arch/ one after the other');
is(most_at_once('arch', compile(@arch)), 1, '... also without others');
is(most_at_once('kernel', compile(@others)), 2, 'others alone at the same time');

spew("$tree/arch/x86/close.c", "no C\n");
for my $broken ("kernel/two.o arch/x86/close.o", "arch/x86/close.o") {
    my ($status) = toy_make($toy, 'KSPLICE_MODE=snap', "KSPLICE_TARGETS=$broken");
    isnt($status, 0, "$broken: what does not compile is a failure");
}
spew("$tree/kernel/two.c", "no C\n");
my ($status) = toy_make($toy, 'KSPLICE_MODE=snap', 'KSPLICE_TARGETS=kernel/two.o arch/x86/near.o');
isnt($status, 0, '... beside those of arch/, too');

done_testing();
