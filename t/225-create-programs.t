#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# A header of the kernel that a program of the build includes: what such a program writes
# is not made anew without --full, and with it the program is put back.
use v5.32;
use warnings;
use FindBin qw($RealBin);
use lib "$RealBin/lib", "$RealBin/../lib";
use Test::Ksplice;
use Test::More;
use Test::Toy;

my $toy = toy_kernel();
my $tree = $toy->{tree};
edit("$tree/Makefile", sub {
    s/^scripts: ;/scripts: scripts\/gen\/flask scripts\/mod\/post/m;
    s/^\$\(build-dir\): prepare/$& scripts/m;
    $_ .= <<'MAKE' });

scripts/gen/flask scripts/mod/post: %: %.c include/linux/class.h include/linux/table.h
	@gcc -Wp,-MMD,$(@D)/.$(@F).d -O1 -Iinclude -o $@ $<
	@{ echo 'cmd_$@ := gcc -Wp,-MMD,$(@D)/.$(@F).d -O1 -Iinclude -o $@ $<'; echo; \
	   echo 'source_$@ := $<'; echo; printf 'deps_$@ :='; \
	   sed '1s/^[^:]*://' $(@D)/.$(@F).d; echo; echo "$@: \$$(deps_$@)"; } >$(@D)/.$(@F).cmd
	@rm $(@D)/.$(@F).d
MAKE
edit("$tree/kernel/Makefile", sub { $_ .= <<'MAKE' });
obj-y += user.o
$(obj)/user.o: $(obj)/flask.h
targets += av.h
$(obj)/flask.h: scripts/gen/flask
	@$< >$@
	@$< >$(@D)/av.h
MAKE
spew("$tree/scripts/gen/flask.c", <<'C');
#include <stdio.h>
#include "linux/class.h"
int main(void) { printf("#define FLASK %d\n", CLASS); return 0; }
C
spew("$tree/scripts/mod/post.c", qq(#include "linux/table.h"\nint main(void) { return TABLE; }\n));
spew("$tree/kernel/user.c",
    qq(#include "flask.h"\n#include <linux/class.h>\n#include <linux/table.h>\n)
    . "int flask(void) { return FLASK; }\nint table(void) { return TABLE; }\n");
spew("$tree/include/linux/class.h", "#define CLASS 1\n#define OTHER 1\n");
spew("$tree/include/linux/table.h", "#define TABLE 1\n");
my $before = tree_state($tree);
my %programs;

sub create {
    my ($changes, @way) = @_;
    my $patch = toy_patch($toy, @$changes);
    return join "\n", map { s/\n\z//r } toy_create($toy, "--patch=$patch", '--dry-run', @way);
}

# What the build has made.
sub programs {
    return { map { $_ => -e "$tree/$_" ? join ' ', (stat "$tree/$_")[1, 2, 9], slurp("$tree/$_")
        : 'gone' } qw(scripts/gen/flask scripts/mod/post scripts/gen/.flask.cmd
        kernel/flask.h kernel/av.h) };
}

# Whether all is as before, with what the build has made.
sub is_put_back {
    is_deeply(programs(), \%programs, '... and the programs are as they were');
    my %state = %{ tree_state($tree) };
    delete @state{map { "/$_" } keys %programs};
    is_deeply(\%state, $before, '... and so is the source');
}

my $includes = "1 object may include include/linux/class.h\n";
my @other = ('include/linux/class.h' => sub { s/OTHER 1/OTHER 2/ },
    'kernel/one.c' => sub { s/\+ 5/+ 6/ });
is(create(\@other), "0\n${includes}changes nothing in 'kernel/user.o': include/linux/class.h\n"
    . "vmlinux: replace kernel/one.o\n",
    'a header of a program, which it does not change');
%programs = %{ programs() };
is($programs{'scripts/gen/flask'} =~ /ELF/ && $programs{'kernel/flask.h'} =~ /FLASK 1$/, 1,
    '... the build has made that program, and run it');
delete @$before{map { "/$_" } keys %programs};
is_put_back();

my @class = ('include/linux/class.h' => sub { s/CLASS 1/CLASS 2/ });
is(create(\@class), "1\n${includes}ksplice-create: the patch changes 'include/linux/class.h', "
    . "which is in 'scripts/gen/flask', and the build writes 'kernel/flask.h' with that: only "
    . '--full will do',
    'a change of the program is refused, as it writes what objects include');
is_put_back();
for my $time (1, 2) {
    is(create(\@class, '--full'), "0\n${includes}vmlinux: replace kernel/user.o\n",
        "... and with --full the program is run again, time $time");
    is_put_back();
}

my @table = ('include/linux/table.h' => sub { s/TABLE 1/TABLE 2/ });
for my $way ([], ['--full']) {
    is(create(\@table, @$way), "0\n1 object may include include/linux/table.h\n"
        . "vmlinux: replace kernel/user.o\nksplice-create: warning: the patch also changes "
        . 'programs that the build runs: scripts/mod/post; what they do with the kernel or a '
        . 'module once it is linked is not part of an update',
        "a program that writes no source is a warning: @$way");
    is_put_back();
}

# A part of a program that is linked in another directory
spew("$tree/scripts/part/part.c", qq(#include "linux/class.h"\nint part = CLASS;\n));
my $compile = 'gcc -Iinclude -c -o scripts/part/part.o scripts/part/part.c';
spew("$tree/scripts/part/.part.o.cmd", "cmd_scripts/part/part.o := $compile\n\n"
    . "source_scripts/part/part.o := scripts/part/part.c\n\n"
    . "deps_scripts/part/part.o := include/linux/class.h\n");
edit("$tree/scripts/gen/flask.c", sub { s/.*class.*\n//; s/, CLASS/, 1/ });
system("cd $tree && $compile") == 0 or die;
unlink "$tree/scripts/gen/.flask.cmd";
is(create(\@class),
    "1\n${includes}ksplice-create: the patch changes 'scripts/part/part.o', and it is "
    . 'not known which program of the build it is linked into: only --full will do',
    'a part of a program that is not known is refused');
unlink "$tree/scripts/part/.part.o.cmd";

# Of those in tools kbuild has other records
spew("$tree/tools/objtool/check.h", "#define CHECK 1\n");
spew("$tree/tools/arch/insn.h", "#define INSN 1\n");
spew("$tree/tools/objtool/check.c",
    qq(#include "../arch/insn.h"\nint main(void) { return INSN; }\n));
edit("$tree/Makefile", sub { s/^scripts: /$&tools\/objtool\/objtool /m; $_ .= <<'MAKE' });
tools/objtool/objtool: tools/objtool/check.c tools/arch/insn.h
	@gcc -o $@ $<
MAKE
unlink "$tree/.KSPLICE_prepared";
is(create(['kernel/one.c' => sub { s/\+ 5/+ 6/ }], '--full'), "0\nvmlinux: replace kernel/one.o\n",
    'a program in tools');
my $objtool = join ' ', (stat "$tree/tools/objtool/objtool")[1, 9];
is(create(['tools/arch/insn.h' => sub { s/1/2/ }, 'kernel/one.c' => sub { s/\+ 5/+ 6/ }], '--full'),
    "1\nnot code: tools/arch/insn.h\nksplice-create: the patch changes the build: programs that it "
    . 'runs become others: tools/objtool/objtool', '... that becomes another one with --full');
is(join(' ', (stat "$tree/tools/objtool/objtool")[1, 9]), $objtool, '... is refused, and put back');
is(left_behind($toy), '', 'nothing is left behind');

done_testing();
