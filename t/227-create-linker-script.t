#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# A header that the kernel's linker script includes: what it changes there is refused.
use v5.32;
use warnings;
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Test::Ksplice;
use Test::More;
use Test::Toy;

my $toy = toy_kernel();
my $tree = $toy->{tree};
edit("$tree/Makefile", sub { s/^single-targets := \$\(filter %\.o/$& %.lds/m });
edit("$tree/scripts/Makefile.build", sub { $_ .= <<'MAKE' });
define script
	@$(CC) -E -P -Wp,-MMD,$@.d -Iinclude -DSCRIPT -o $@ $<
	@{ echo 'cmd_$@ := $(CC) -E -P -Wp,-MMD,$@.d -Iinclude -DSCRIPT -o $@ $<'; echo; \
	   echo 'source_$@ := $<'; echo; printf 'deps_$@ :='; \
	   sed '1s/^[^:]*://' $@.d; echo; echo "$@: \$$(deps_$@)"; } >$(@D)/.$(@F).cmd
	@rm $@.d
endef
$(obj)/%.lds: $(obj)/%.lds.S include/linux/lookup.h
	$(script)
MAKE
spew("$tree/arch/x86/kernel/Makefile", "extra-y := vmlinux.lds\n");
spew("$tree/arch/x86/kernel/vmlinux.lds.S",
    "#include <linux/lookup.h>\n.lookup : { . += ORDER; }\n");
spew("$tree/include/linux/lookup.h", <<'C');
#define ORDER 8
#ifndef SCRIPT
#define OTHER 1
#endif
C
edit("$tree/kernel/one.c", sub { $_ .= "#include <linux/lookup.h>\nint order = ORDER + OTHER;\n" });
my $before = tree_state($tree);

my $refusal = "ksplice-create: the patch changes 'include/linux/lookup.h', which is in the linker "
    . "script of the kernel, 'arch/x86/kernel/vmlinux.lds': the running image has the old one; "
    . "leave that out of the patch\n";
for my $way ([], ['--full'], ['--all-includers']) {
    my $patch = toy_patch($toy, 'include/linux/lookup.h' => sub { s/ORDER 8/ORDER 9/ });
    my ($status, $out, $err) = toy_create($toy, "--patch=$patch", '--dry-run', @$way);
    is("$status $err", "1 $refusal", "a change of the script is refused: @$way");
    $patch = toy_patch($toy, 'include/linux/lookup.h' => sub { s/OTHER 1/OTHER 2/ });
    ($status, $out, $err) = toy_create($toy, "--patch=$patch", '--dry-run', @$way);
    is("$status $out $err", "0 1 object may include include/linux/lookup.h\n"
        . "vmlinux: replace kernel/one.o\n ", "... but not one of code alone: @$way");
    is(slurp("$tree/arch/x86/kernel/vmlinux.lds") =~ s/\s+\z//r, '.lookup : { . += 8; }',
        '... and the script is as it was');
}
my %state = %{ tree_state($tree) };
delete $state{'/arch/x86/kernel/vmlinux.lds'};
is_deeply(\%state, $before, '... and so is the source');
is(left_behind($toy), '', 'nothing is left behind');

done_testing();
