#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# The core and the modules of an update build against the headers of a stock
# kernel without a warning, with the warnings of W=1 on.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib', dirname(__FILE__) . '/../lib';
use Ksplice::Config qw(find_compiler release_config_dir);
use Test::Ksplice;
use Test::Ksplice::Release qw(test_release no_kernel);
use Test::More;

my $config = eval { release_config_dir(test_release()) } // no_kernel($@);
my $headers = $config->{build};
my $cc = eval { find_compiler($config) } // no_kernel($@);
my $dir = scratch_dir();

# What kbuild says, but for words about this machine, not about our code.
sub build ($title, @options) {
    my ($status, $out, $err) = run_cmd('make', '-C', $headers, "M=$dir", "CC=$cc", 'W=1',
        'modules', @options);
    is($status, 0, "$title: builds");
    my @said = grep { /warning|error/i && !/compiler differs/i } split /\n/, "$out\n$err";
    is(join("\n", @said), '', "$title: without a warning");
    return;
}

# field of a module -> value, as modinfo prints it
sub modinfo ($module, $field) {
    my ($status, $out) = run_cmd('/sbin/modinfo', '-F', $field, "$dir/$module.ko");
    chomp $out;
    return $out;
}

# As objmanip writes them, for a target whose function returns something new.
sub make_target ($target) {
    spew("$dir/$target/imports.h", <<"END");
KSPLICE_IMPORT(ksplice_toy_0_$target)
KSPLICE_IMPORT_NS(TOY_SPACE)
KSPLICE_EXPORT_NS(new_$target, TOY_SPACE)
KSPLICE_EXPORT_NS_GPL(new_gpl_$target, TOY_SPACE)
END
    spew("$dir/$target/symvers", "#SYMVER new_$target 0x1\n#SYMVER new_gpl_$target 0x2\n");
    spew("$dir/$target/old.s", <<'END');
	.section .init.ksplice_pre, "a"
	.globl	ksplice_pre, ksplice_pre_end
ksplice_pre:
	.quad	0x3145525053504b
ksplice_pre_end:
END
    spew("$dir/$target/new.s", <<"END");
	.text
	.type	new, \@function
	.globl	new_$target, new_gpl_$target
new_$target:
new_gpl_$target:
new:	endbr64
	mov	ksplice_toy_0_$target(%rip), %rax
	jmp	__x86_return_thunk
	int3
	.size	new, . - new
	.section .note.GNU-stack, ""
	.section .ksplice_replaced, "a"
	.globl	ksplice_replaced, ksplice_replaced_end
ksplice_replaced:
	.quad	new
	.long	0, 9, 1, 0
ksplice_replaced_end:
	.section .ksplice_hooks, "a"
	.globl	ksplice_hooks, ksplice_hooks_end
ksplice_hooks:
ksplice_hooks_end:
	.section .ksplice_constants, "a"
	.globl	ksplice_constants, ksplice_constants_end
ksplice_constants:
ksplice_constants_end:
END
    for my $kind (qw(old new)) {
        my ($status, $out, $err) =
            run_cmd('as', '-o', "$dir/$target/$kind.o", "$dir/$target/$kind.s");
        die $err if $status;
    }
    return;
}

run_cmd('cp', '-aL', root_dir() . '/kmodsrc/.', $dir);
build('the core');
is(modinfo('ksplice', 'name'), 'ksplice', 'its name');
is(join(' ', sort { $a cmp $b } slurp("$dir/Module.symvers") =~ /\t(\w+)\t\S*ksplice\t/g),
    join(' ', sort map({ ("ksplice_register_${_}_code", "ksplice_unregister_${_}_code") }
        qw(new old)), map { "ksplice_shadow_$_" } qw(alloc free free_all get get_or_alloc)),
    'it exports what ksplice.h and ksplice-patch.h have and no more');

# A kernel whose callback of symbols has the other of the two forms, with the module and
# without, and one that has changed it into what we do not know.
my $callback = qr/int kallsyms_on_each_symbol\(.*const char \*, *\K(struct module \*,)?/;

sub with_header ($change) {
    my ($header) = grep { -e } map { "$_/include/linux/kallsyms.h" } $headers,
        $headers =~ s/-[^-]+\z/-common/r;
    my $text = slurp($header);
    $text =~ s/$callback/$change->($1)/e or die "'$header' is not as expected";
    spew("$dir/later/linux/kallsyms.h", $text);
    return run_cmd('make', '-C', $headers, "M=$dir", "CC=$cc", 'W=1', 'compare/symbols.o',
        "NOSTDINC_FLAGS=-nostdinc -I$dir/later");
}
my ($status, $out, $err) = with_header(sub ($has) { $has ? '' : 'struct module *,' });
is($status, 0, 'the other form of the callback of symbols: builds') or diag $err;
($status, $out, $err) = with_header(sub ($has) { 'int, ' . ($has // '') });
isnt($status, 0, 'one that is not known: does not build');

make_target($_) for qw(vmlinux toy_mod);
rename "$dir/ksplice.ko", "$dir/core.ko" or die $!;
mkdir "$dir/built";
rename "$dir/Module.symvers", "$dir/built/Module.symvers" or die $!;
build('two targets', 'KSPLICE_KID=toy', 'KSPLICE_TARGETS=vmlinux toy_mod',
    "KSPLICE_CORE=$dir/built");
ok(!-e "$dir/ksplice.ko", 'a core that is there already is not built again');
for my $target (qw(vmlinux toy_mod)) {
    my $module = "ksplice-toy-$target";
    is(modinfo("$module-old", 'name'), "ksplice_toy_${target}_old", "$target: name of the old");
    is(modinfo("$module-new", 'name'), "ksplice_toy_${target}_new", "$target: of the new");
    is(modinfo("$module-old", 'depends'), 'ksplice', "$target: the old needs the core");
    like(modinfo("$module-new", 'depends'), qr/\b$module-old\b/, "$target: the new the old");
    my $sections = objdump_sections("$dir/$module-old.ko");
    is($sections->{'.init.ksplice_pre'}{size}, 8, "$target: the pre image is in the old");
    ok(!$sections->{'.init.ksplice_pre'}{flags}{CODE}, '  ... and is no code');
    is(objdump_sections("$dir/$module-new.ko")->{'.ksplice_replaced'}{size}, 24,
        "$target: the records are in the new");
    is(() = slurp("$dir/Module.symvers") =~ /\tksplice_toy_0_$target\t/g, 1,
        "$target: the placeholder is exported");
    is(modinfo("$module-new", 'import_ns'), 'TOY_SPACE', "$target: the namespace is imported");
    like(slurp("$dir/Module.symvers"), qr/\tnew_$target\t.*\tEXPORT_SYMBOL\tTOY_SPACE$/m,
        "$target: a new export is in it");
    like(slurp("$dir/Module.symvers"), qr/\tnew_gpl_$target\t.*\tEXPORT_SYMBOL_GPL\tTOY_SPACE$/m,
        '  ... as is one for GPL modules');
}
done_testing();
