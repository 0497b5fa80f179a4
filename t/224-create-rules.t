#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# A header that rules of Makefiles make sources of changes the objects of these, too.
use v5.32;
use warnings;
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Test::Ksplice;
use Test::More;
use Test::Toy;

my $toy = toy_kernel();
my $tree = $toy->{tree};
edit("$tree/lib/Makefile", sub { $_ .= <<'MAKE' });
obj-y += registry.o names.o cap.o
obj-m += several.o
several-y := part.o
feature = $(src)/../include/linux/features.h

$(obj)/registry.o: $(obj)/registry_data.c
$(obj)/registry_data.c: $(srctree)/include/linux/oids.h \
	$(src)/mkoids
	@sh $(src)/mkoids <$< >$@

$(obj)/names.c: $(feature) FORCE
	@{ echo '#include <linux/toy.h>'; \
	   sed -n 's/.*FEATURE_\([A-Z]*\).*/int feature_\1;/p' $<; } >$@.new
	@cmp -s $@ $@.new || cp $@.new $@
	@rm $@.new
.PHONY: FORCE
FORCE:

$(addprefix $(obj)/,$(several-y)): $(obj)/cap_names.h
$(obj)/cap.o: $(obj)/cap_names.h
$(obj)/cap_names.h : include/linux/cap.h
	@cp $< $@; echo 'cmd_$@ := cp' > $(@D)/.$(@F).cmd; echo copied >$(@D)/cap_names.txt
MAKE
spew("$tree/lib/mkoids", "sed -n 's/^OID_\\(.*\\)/int oid = \\1;/p'\n");
spew("$tree/lib/registry.c", "#include \"registry_data.c\"\nint registry;\n");
spew("$tree/lib/$_.c", "#include \"cap_names.h\"\nint $_ = CAP;\n") for qw(cap part);
spew("$tree/include/linux/oids.h", "OID_1\n");
spew("$tree/include/linux/features.h", "#define FEATURE_FPU 1\n");
spew("$tree/include/linux/cap.h", "#define CAP 1\n");
my $before = tree_state($tree);
my ($status, $out, $err);

my @oids = ('include/linux/oids.h' => sub { s/1/2/ });
my @features = ('include/linux/features.h' => sub { s/FPU/FPX/ });
my @caps = ('include/linux/cap.h' => sub { s/1/2/ });
my %is_made;
for my $case (
    ['that is included', [@oids], ['vmlinux: replace lib/registry.o'], 'registry_data.c'],
    ['that is an object', [@features], ['vmlinux: replace lib/names.o'], 'names.c'],
    ['that is a header', [@caps], ['vmlinux: replace lib/cap.o', 'several: replace lib/part.o'],
        'cap_names.h'],
) {
    my ($what, $changes, $replaced, $made) = @$case;
    for my $way ([], ['--all-includers'], ['--full'], []) {
        my $patch = toy_patch($toy, @$changes);
        ($status, $out, $err) = toy_create($toy, "--patch=$patch", '--dry-run', @$way);
        is_deeply([$status, $out, $err], [0, join('', map { "$_\n" } @$replaced), ''],
            "a rule makes a source of a header, $what: @$way");
        ok(-e "$tree/lib/$made", '... which is there');
        $is_made{$made} //= slurp("$tree/lib/$made");
        is(slurp("$tree/lib/$made"), $is_made{$made}, '... as before');
    }
}
is($is_made{'cap_names.h'}, "#define CAP 1\n", 'what was made is what the original makes');
my %state = %{ tree_state($tree) };
delete @state{ map { "/lib/$_" } keys %is_made, 'cap_names.txt' };
is_deeply(\%state, $before, 'the source is as it was');

# In another directory kbuild does not make it anew
edit("$tree/kernel/one.c", sub { $_ .= qq(#include "../lib/cap_names.h"\nint cap = CAP;\n) });
my $patch = toy_patch($toy, @caps);
($status, $out, $err) = toy_create($toy, "--patch=$patch", '--dry-run');
is("$status $err", "1 ksplice-create: the patch changes 'include/linux/cap.h', which the build "
    . "makes 'lib/cap_names.h' of, and 'kernel/one.o' is in another directory: only --full will "
    . "do\n", 'what another directory includes of that is refused');
is((toy_create($toy, "--patch=$patch", '--dry-run', '--full'))[0], 0, '... but not with --full');

# What lies between is compiled, but not to an object, and includes the header itself
my $between = toy_kernel();
$tree = $between->{tree};
edit("$tree/lib/Makefile", sub { $_ .= <<'MAKE' });
obj-y += enter.o
$(obj)/enter.o: $(obj)/offsets.h
$(obj)/offsets.h: $(obj)/struct.s
	@sed -n 's/.*"->\(.*\)"/#define \1/p' $< >$@
$(obj)/%.s: $(src)/%.c FORCE
	@$(CC) -Iinclude -S -o $@ $<
.PHONY: FORCE
FORCE:
MAKE
spew("$tree/lib/struct.c", qq(#include <linux/frame.h>\n) . <<'C');
void numbers(void) { asm volatile("\n.ascii \"->SIZE %c0\"" : : "i" (FRAME)); }
C
spew("$tree/lib/enter.c", qq(#include "offsets.h"\nint enter = SIZE;\n));
spew("$tree/include/linux/frame.h", "#define FRAME 7\n");
$before = tree_state($tree);
$patch = toy_patch($between, 'include/linux/frame.h' => sub { s/7/8/ });
for my $way ([], ['--all-includers'], ['--full'], []) {
    ($status, $out, $err) = toy_create($between, "--patch=$patch", '--dry-run', @$way);
    is("$status $out$err", "0 vmlinux: replace lib/enter.o\n",
        "a header of a source that is compiled to make another one: @$way");
}
%state = %{ tree_state($tree) };
like(slurp("$tree/lib/offsets.h"), qr/^#define SIZE \S*7$/m, '... which is put back');
delete @state{qw(/lib/offsets.h /lib/struct.s)};
is_deeply(\%state, $before, '... and the source is as it was');

# In a directory below with a Makefile of its own kbuild does not make it anew, either
edit("$tree/lib/Makefile", sub { $_ .= "obj-y += below/\n" });
spew("$tree/lib/below/Makefile", "obj-y += below.o\n");
spew("$tree/lib/below/below.c", qq(#include "../offsets.h"\nint below = SIZE;\n));
unlink glob "$tree/.KSPLICE_*";
($status, $out, $err) = toy_create($between, "--patch=$patch", '--dry-run');
is("$status $err", "1 ksplice-create: the patch changes 'include/linux/frame.h', which the build "
    . "makes 'lib/offsets.h' of, and 'lib/below/below.o' is in another directory: only --full "
    . "will do\n", 'what a directory below includes of that is refused');
edit("$tree/lib/Makefile", sub { s{^obj-y \+= below/\n}{}m });

# Makefiles whose rules make does not tell
spew("$tree/include/linux/whole.h", "#define WHOLE 1\n");
edit("$tree/kernel/two.c", sub { $_ .= "#include <linux/whole.h>\n#include <linux/lonely.h>\n" });
spew("$tree/Kbuild", "always-y += whole\nwhole: include/linux/whole.h\n"
    . "lonely: arch/x86/lonely.h\n");
spew("$tree/lib/Kbuild", slurp("$tree/lib/Makefile"));
spew("$tree/lib/Makefile", "archprepare: \$(srctree)/include/linux/lonely.h\n"
    . "other: my-whole.h whole.hh\n");
for my $case (['lonely', 'lib/Makefile'], ['whole', 'Kbuild']) {
    my ($name, $makefile) = @$case;
    $patch = toy_patch($between, "include/linux/$name.h" => sub { $_ .= "#define MORE 1\n" });
    unlink glob "$tree/.KSPLICE_*";
    ($status, $out, $err) = toy_create($between, "--patch=$patch", '--dry-run');
    is("$status $err", "1 ksplice-create: '$makefile' names 'include/linux/$name.h', and what it "
        . "makes of it is not known: only --full will do\n",
        "a header that a Makefile with unknown rules names is refused: $makefile");
    ($status, $out, $err) = toy_create($between, "--patch=$patch", '--dry-run', '--full');
    is($status, 66, '... but not with --full') or diag $err;
}

# The object is not there yet, nor is its source
my $fresh = toy_kernel();
edit("$fresh->{tree}/kernel/Makefile", sub { $_ .= <<'MAKE' });
obj-y += table.o list.o blind.o put.o
hostprogs := mktable
$(obj)/mktable: $(src)/mktable.c
	@cp /bin/true $@
$(obj)/table.c: $(obj)/mktable
	@{ sed -n 's/.*print(\(.*\));/\1/p' $(src)/mktable.c; echo 'int table = LONELY;'; } >$@
$(obj)/%.c: $(src)/%.template
	@cp $< $@
$(obj)/put.c: $(src)/put.sh
	@sh $(src)/put.sh linux/put.h >$@
$(obj)/blind.c: $(src)/blind.data
	@{ printf '#'; printf 'include "%s"\n' linux/hidden.h; echo 'int blind = HIDDEN;'; } >$@
MAKE
spew("$fresh->{tree}/kernel/mktable.c", "print(#include <linux/lonely.h>);\n");
spew("$fresh->{tree}/kernel/list.template", "#include <linux/listed.h>\nint list = LISTED;\n");
spew("$fresh->{tree}/kernel/blind.data", "1\n");
spew("$fresh->{tree}/kernel/put.sh", q(echo "#include \"$1\""; echo "int put = PUT;") . "\n");
spew("$fresh->{tree}/include/linux/put.h", "#define PUT 1\n");
spew("$fresh->{tree}/include/linux/listed.h", "#define LISTED 1\n");
spew("$fresh->{tree}/include/linux/hidden.h", "#define HIDDEN 1\n");
spew("$fresh->{tree}/include/linux/third.h", "#define THIRD 1\n");
edit("$fresh->{tree}/kernel/one.c", sub { $_ .= "#include <linux/third.h>\n" });
for my $case (['a program prints', 'lonely', 'table'], ['a template has', 'listed', 'list'],
    ['a script is given', 'put', 'put'], ['nothing tells of', 'hidden', 'blind']) {
    my ($what, $header, $object) = @$case;
    for my $way ([], ['--full']) {

        unlink glob "$fresh->{tree}/kernel/{{table,list,blind,put}.[co],.*.cmd}";
        $patch = toy_patch($fresh, "include/linux/$header.h" => sub { s/1/2/ });
        ($status, $out, $err) = toy_create($fresh, "--patch=$patch", '--dry-run', @$way);
        is(join("\n", $status, $err, grep { !/may include/ } split /\n/, $out),
            "0\n\nvmlinux: replace kernel/$object.o",
            "the source of an object is not there yet, and includes what $what: @$way");
    }
}
unlink glob "$fresh->{tree}/kernel/*.o $fresh->{tree}/kernel/.*.cmd";
edit("$fresh->{tree}/kernel/Makefile", sub {
    s/^(obj-y \+= .*)/$1 crate.o/m;
    $_ .= "\$(obj)/crate.o: \$(src)/crate/lib.rs\n\tfalse\n";
});
unlink "$fresh->{tree}/.KSPLICE_objects";
$patch = toy_patch($fresh, 'include/linux/third.h' => sub { s/1/2/ });
($status, $out, $err) = toy_create($fresh, "--patch=$patch", '--dry-run');
is("$status $err", "66 ksplice-create: the patch changes nothing in the compiled code\n",
    'a header that none of them includes');
ok(!-e "$fresh->{tree}/kernel/list.o",
    '... does not compile what is known to be without it, nor code in Rust');
edit("$fresh->{tree}/kernel/Makefile", sub { s/ crate\.o$//m });
unlink "$fresh->{tree}/.KSPLICE_objects";

# A program that opens the header by itself
spew("$fresh->{tree}/kernel/mktable.c", "print(#include <linux/lonely.h>);\n"
    . qq(FILE *file = fopen(dir, "include/linux/third.h");\n));
$patch = toy_patch($fresh, 'include/linux/third.h' => sub { s/1/2/ },
    'kernel/two.c' => sub { $_ .= "int more;\n" });
for my $way ([], ['--full']) {
    ($status, $out, $err) = toy_create($fresh, "--patch=$patch", '--dry-run', @$way);
    is_deeply([$status, $err], [0, "ksplice-create: warning: 'kernel/mktable.c' may read "
        . "'include/linux/third.h' when the build runs it, which no rule says: what it writes "
        . "stays as it is\n"], "a program that opens a header is a warning: @$way");
}

done_testing();
