# SPDX-License-Identifier: GPL-2.0-only
#
# Test::Ksplice - what the tests share: running commands, fixtures, objdump
#
# A test gets its own scratch directory and runs commands of the checkout in a
# clean environment.  Where a check of compiler output is needed, use the
# readers below and assert properties, not text: code generation varies.

package Test::Ksplice;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Cwd            qw(abs_path);
use Digest::SHA    qw(sha256_hex);
use Exporter       qw(import);
use File::Basename qw(dirname);
use File::Path     qw(make_path);
use File::Temp     ();
use POSIX          ();
use Test::Ksplice::Strict;

our @EXPORT = qw(
    run_cmd root_dir scratch_dir slurp spew have_program
    build_object build_pair kernel_cflags strict_cflags
    objdump_sections objdump_symbols objdump_relocations objdump_code
    make_tar sealed_contents
);

my $root = abs_path(dirname(__FILE__) . '/../../..');

# The top of the checkout.
sub root_dir () { $root }

# A new directory, removed at the end of the test.
sub scratch_dir () {
    return File::Temp::tempdir('ksplice-test-XXXXXX', TMPDIR => 1, CLEANUP => 1);
}

sub slurp ($name) {
    open my $file, '<:raw', $name or die "cannot read '$name': $!";
    local $/ = undef;
    return <$file> // '';
}

# Makes the directories above it, too.
sub spew ($name, $text) {
    make_path(dirname($name));
    open my $file, '>:raw', $name or die "cannot write '$name': $!";
    print {$file} $text and close $file or die "cannot write '$name': $!";
    return $name;
}

sub have_program ($name) {
    return scalar grep { -x "$_/$name" } split(/:/, $ENV{PATH}), '/sbin', '/usr/sbin';
}

# run_cmd([{OPTIONS},] COMMAND, ARGUMENT...) -> (status, stdout, stderr)
#
# COMMAND may be one of the checkout ('ksplice-apply', 'objmanip/objmanip'; another
# objmanip is KSPLICE_TEST_OBJMANIP).
# status is the exit code, or "signal N": a crash is never a clean refusal.
# OPTIONS: dir, stdin (text), env => {NAME => VALUE or undef}.
sub run_cmd (@command) {
    my $option = ref $command[0] ? shift @command : {};
    $command[0] = "$root/$command[0]" if $command[0] !~ m{^/} && -e "$root/$command[0]";
    $command[0] = $ENV{KSPLICE_TEST_OBJMANIP}
        if defined $ENV{KSPLICE_TEST_OBJMANIP} && $command[0] eq "$root/objmanip/objmanip";
    open my $in,  '+>', undef or die $!;
    open my $out, '+>', undef or die $!;
    open my $err, '+>', undef or die $!;
    print {$in} $option->{stdin} // '';
    seek $in, 0, 0;
    STDOUT->flush();
    my $pid = fork // die "cannot fork: $!";
    if (!$pid) {
        delete @ENV{grep { /^(KSPLICE_|MAKE|MFLAGS|GIT_|PERL5OPT)/ } keys %ENV};
        @ENV{qw(LC_ALL TZ)} = qw(C UTC);
        my %env = %{ $option->{env} // {} };
        defined $env{$_} ? ($ENV{$_} = $env{$_}) : delete $ENV{$_} for keys %env;
        chdir($option->{dir} // '.') or POSIX::_exit(126);
        open STDIN,  '<&', $in  or POSIX::_exit(126);
        open STDOUT, '>&', $out or POSIX::_exit(126);
        open STDERR, '>&', $err or POSIX::_exit(126);
        no warnings 'exec';
        exec { $command[0] } @command;
        print STDERR "cannot run '$command[0]': $!\n";
        STDERR->flush();
        POSIX::_exit(127);
    }
    waitpid $pid, 0;
    my $status = $? & 127 ? 'signal ' . ($? & 127) : $? >> 8;
    my @text = map { seek $_, 0, 0; local $/ = undef; scalar(<$_>) // '' } $out, $err;
    return ($status, @text);
}

# --- compiled fixtures -----------------------------------------------------

# What newer compilers refuse is an error with all of them.
sub strict_cflags () {
    return map { "-Werror=$_" } qw(implicit-function-declaration implicit-int int-conversion
        incompatible-pointer-types);
}

# As the kernel's own, as far as objects of ours need it.
sub kernel_cflags () {
    return qw(-O2 -g -std=gnu11 -ffreestanding -ffunction-sections -fdata-sections
        -mcmodel=kernel -mno-red-zone -fno-pic -fno-asynchronous-unwind-tables
        -fcf-protection=none -fno-strict-aliasing -fno-common), strict_cflags();
}

# build_object(SOURCE, OBJECT, FLAG...): compiles or dies with the compiler's words.
sub build_object ($source, $object, @flags) {
    my ($status, $out, $err) =
        run_cmd($ENV{CC} // 'gcc', kernel_cflags(), @flags, '-c', '-o', $object, $source);
    die "cannot compile $source:\n$out$err" if $status;
    return $object;
}

# build_pair('fixture.c', FLAG...) -> (pre object, post object): the same source
# without and with -DPATCHED.  The name is below t/fixtures, or a path, or the
# text of the source itself if it has a newline.
sub build_pair ($source, @flags) {
    my $dir = scratch_dir();
    if ($source =~ /\n/)    { $source = spew("$dir/fixture.c", $source) }
    elsif (!-e $source)     { $source = "$root/t/fixtures/$source" }
    return (build_object($source, "$dir/pre.o", @flags),
        build_object($source, "$dir/post.o", @flags, '-DPATCHED'));
}

sub objdump (@arguments) {
    my ($status, $out, $err) = run_cmd('objdump', '-w', @arguments);
    die "objdump @arguments: $err" if $status;
    return split /\n/, $out;
}

# A replaced function has a name of its own in the new code, NAME.ksplice_KID; the
# readers below give the name that its source has.
sub source_name ($symbol) { return $symbol =~ s/\.ksplice_[a-z0-9_]+\z//r }

# -> {name => {size, align, flags => {CODE => 1, ...}}}; of several sections of
# one name the sizes are added up.
sub objdump_sections ($object) {
    my %section;
    for (objdump('-h', $object)) {
        my ($name, $size, $align, $flags) =
            /^\s*\d+\s+(\S+)\s+([0-9a-f]+)\s+[0-9a-f]+\s+[0-9a-f]+\s+[0-9a-f]+\s+2\*\*(\d+)\s+(.*)/
            or next;
        my $entry = $section{$name} //= { size => 0 };
        $entry->{size} += hex $size;
        $entry->{align} = 2 ** $align;
        $entry->{flags} = { map { $_ => 1 } split /,\s*/, $flags };
    }
    return \%section;
}

# -> list of {name, section, value, size, global, weak, type}; type is one of
# function object file section or ''; a weak symbol is not global.
sub objdump_symbols ($object) {
    my %type = (F => 'function', O => 'object', f => 'file', d => 'section');
    my @symbols;
    for (objdump('-t', $object)) {
        my ($value, $flags, $section, $size, $name) =
            /^([0-9a-f]+) (.{7}) (\S+)\t([0-9a-f]+)\s+(?:\.hidden )?(\S+)$/ or next;
        my ($kind) = grep { index($flags, $_) >= 0 } qw(F O f d);
        push @symbols, {
            name    => source_name($name),
            section => $section,
            value   => hex $value,
            size    => hex $size,
            global  => $flags =~ /^[gu]/ || $section eq '*UND*' ? 1 : 0,
            weak    => $flags =~ /^.w/                          ? 1 : 0,
            type    => $kind ? $type{$kind} : '',
        };
    }
    return @symbols;
}

# -> {section => [{offset, type, symbol, addend}, ...]}
sub objdump_relocations ($object) {
    my (%relocation, $section);
    for (objdump('-r', $object)) {
        if (/^RELOCATION RECORDS FOR \[(.*)\]:/) { $section = $1; next }
        my ($offset, $type, $symbol, $sign, $addend) =
            /^([0-9a-f]+)\s+(\S+)\s+(\S+?)(?:([+-])0x([0-9a-f]+))?\s*$/ or next;
        $addend = defined $addend ? hex $addend : 0;
        push @{ $relocation{$section} }, {
            offset => hex $offset,
            type   => $type,
            symbol => source_name($symbol),
            addend => ($sign // '') eq '-' ? -$addend : $addend,
        };
    }
    return \%relocation;
}

# -> {function => [[offset, "mnemonic operands"], ...]}, relocations inline as
# "mnemonic operands ; TYPE symbol".
sub objdump_code ($object) {
    my (%code, $name, $start);
    for (objdump('-dr', '--no-show-raw-insn', $object)) {
        if (/^([0-9a-f]+) <(.*)>:$/) { ($start, $name) = (hex $1, source_name($2)); next }
        next unless defined $name;
        if (/^\s+([0-9a-f]+):\t(\S.*?)\s*$/) {
            my ($offset, $text) = (hex $1, $2 =~ s/\s+/ /gr);
            $text =~ s/(?: # \S+ <\S+>)? [0-9a-f]+: (R_\w+ )/ ; $1/;
            push @{ $code{$name} }, [$offset - $start, $text];
        }
    }
    return \%code;
}

# --- tarballs --------------------------------------------------------------

# The `contents` of an update: these lines, a line for each file, the hash.
sub sealed_contents ($lines, %content) {
    for my $name (sort keys %content) {
        my $text = $content{$name};
        $lines .= "file $name " . length($text) . ' ' . sha256_hex($text) . "\n";
    }
    return $lines . 'hash ' . sha256_hex($lines) . "\n";
}

# make_tar(FILE, ENTRY...): writes a gzipped ustar archive, also one that tar(1)
# would not write.  ENTRY is {name, content, type, mode, link, size, raw}; type is
# tar's own letter, '0' a file (default), '5' a directory, '2' a symbolic link ...;
# size lies about the content; raw is put in as it is, instead of an entry.
sub make_tar ($file, @entries) {
    my $tar = '';
    for my $entry (@entries) {
        if (defined $entry->{raw}) { $tar .= $entry->{raw}; next }
        my $content = $entry->{content} // '';
        my $type = $entry->{type} // '0';
        my $header = pack 'a100 a8 a8 a8 a12 a12 A8 a1 a100 a6 a2 a32 a32 a8 a8 a155 x12',
            $entry->{name}, sprintf('%07o', $entry->{mode} // ($type eq '5' ? 0755 : 0644)),
            '0000000', '0000000', sprintf('%011o', $entry->{size} // length $content),
            '00000000000', '', $type, $entry->{link} // '', "ustar\0", '00',
            'root', 'root', '0000000', '0000000', '';
        substr $header, 148, 8, sprintf("%06o\0 ", unpack '%32C*', $header);
        $tar .= $header . $content . "\0" x (-length($content) % 512);
    }
    $tar .= "\0" x 1024;
    my ($status, $gz, $err) = run_cmd({ stdin => $tar }, 'gzip', '-nc');
    die "gzip: $err" if $status;
    return spew($file, $gz);
}

1;
