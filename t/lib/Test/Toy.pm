# SPDX-License-Identifier: GPL-2.0-only
#
# Test::Toy - a kernel of six files that kbuild's stand-in compiles in no time
#
# What ksplice-create does around compiler and objmanip is the same for it as
# for a real one: t/fixtures/toy is the source, toy-build what modules are built
# against, toy-objmanip compares.

package Test::Toy;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Digest::SHA qw(sha256_hex);
use Exporter    qw(import);
use File::Find  qw(find);
use Test::Ksplice;

our @EXPORT = qw(toy_kernel toy_create toy_make edit toy_patch tree_state
    left_behind);

# -> {tree, config, scratch}, a copy of its own.
sub toy_kernel () {
    my $scratch = scratch_dir();
    my $fixtures = root_dir() . '/t/fixtures';
    system('cp', '-r', "$fixtures/toy", "$fixtures/toy-build", $scratch) == 0 or die;
    my $config = "$scratch/toy/ksplice";
    my ($compiler) = split /\n/, `LC_ALL=C gcc --version`;
    spew("$config/.config",
        "# Linux/x86 1.2.3 Kernel Configuration\n"
        . "CONFIG_CC_VERSION_TEXT=\"$compiler\"\nCONFIG_X86_64=y\nCONFIG_TOY_NET=m\n");
    spew("$config/System.map", "ffffffff81000000 T _text\n" x 1000);
    symlink "$scratch/toy-build", "$config/build" or die $!;
    return { tree => "$scratch/toy", config => $config, scratch => $scratch };
}

# ksplice-create with these arguments for the toy, in its scratch directory.
# Lines that say what takes long are left out: that is the machine's fault.
sub toy_create ($toy, @arguments) {
    my ($status, $out, $err) = run_cmd({ dir => $toy->{scratch}, env => toy_env($toy) },
        'ksplice-create', @arguments, $toy->{tree});
    return ($status, $out, $err =~ s/^ksplice-create: .* \.\.\.\n//mgr);
}

sub toy_make ($toy, @arguments) {
    return run_cmd({ dir => $toy->{tree}, env => toy_env($toy) }, 'make', '-s', '-f',
        root_dir() . '/Makefile.ksplice', 'CC=gcc', @arguments);
}

sub toy_env ($toy) {
    mkdir "$toy->{scratch}/tmp";
    return {
        KSPLICE_CACHE    => "$toy->{scratch}/cache",
        KSPLICE_OBJMANIP => root_dir() . '/t/fixtures/toy-objmanip',
        TMPDIR           => "$toy->{scratch}/tmp",
    };
}

# What should not be there after any ksplice-create.
sub left_behind ($toy) {
    my @found;
    find({ no_chdir => 1, wanted => sub {
        push @found, $_ if /KSPLICE_(?!objects|prepared)/;
    } }, $toy->{tree});
    return join ' ', sort(@found), grep { -e } glob "$toy->{scratch}/tmp/*";
}

# edit(FILE, sub { s/this/that/ }): changes its text, which is in $_.
sub edit ($file, $change) {
    local $_ = slurp($file);
    $change->();
    return spew($file, $_);
}

# toy_patch(TOY, FILE => sub { s/this/that/ }, ...): the file of a patch that
# does so; a file that is not there is made.
sub toy_patch ($toy, @changes) {
    my $text = '';
    while (my ($name, $change) = splice @changes, 0, 2) {
        my $old = "$toy->{tree}/$name";
        my $is_new = !-e $old;
        local $_ = $is_new ? '' : slurp($old);
        $change->();
        my $new = spew("$toy->{scratch}/patched", $_);
        my (undef, $diff) = run_cmd('diff', '-u',
            '--label', $is_new ? '/dev/null' : "a/$name", '--label', "b/$name",
            $is_new ? '/dev/null' : $old, $new);
        unlink $new;
        $text .= $diff;
    }
    return spew("$toy->{scratch}/the.patch", $text);
}

# -> {FILE => its times, mode and contents} for a directory; not what building
# leaves: objects, .cmd files, include/config and our stamps.
sub tree_state ($dir) {
    my %state;
    find({ no_chdir => 1, wanted => sub {
        return if !-f || m{\.(?:o|cmd|d)$|/include/config/|/\.config$}
            || m{/\.KSPLICE_(?:prepared|objects)$};
        $state{ substr $_, length $dir } = join ' ', (stat)[9, 2], sha256_hex(slurp($_));
    } }, $dir);
    return \%state;
}

1;
