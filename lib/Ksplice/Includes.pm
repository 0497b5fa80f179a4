# SPDX-License-Identifier: GPL-2.0-only
#
# Includes.pm - which sources may include a file
#
# In a tree that was never built kbuild has no record of it, so the #include
# lines of all sources are read (a few seconds) and followed backwards.  Conditions are not
# looked at, and a name that only a -I option explains is taken for every file
# that ends so: too many is fine, too few is not.  What kbuild writes down
# about an object once it is built is exact: depends_on.

package Ksplice::Includes;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Exporter         qw(import);
use File::Basename   qw(basename dirname);
use Ksplice          qw(capture read_file write_file progress);
use Ksplice::Journal qw(command_file);

our @EXPORT_OK = qw(
    find_includers is_everywhere including_templates files_of_rust included_by included_sources
    foreign_objects outside_files is_of_program depends_on made_of objects_made_of
    newer_than_built add_unmade_source includers_of_new split_words
    kernel_dirs arch_directory plain_path kept_lines
);

# What kbuild includes in every C file by -include.
my @everywhere = map { "include/linux/$_" } qw(compiler-version.h kconfig.h compiler_types.h);

# Macros that name a file which is among the includers anyway, or one of the configuration.
my $known_macro = qr/^(?:TRACE_INCLUDE\z|CONFIG_)/;

my @not_kernel = qw(Documentation LICENSES tools samples scripts arch usr debian);

# For grep -E: a line that includes a file, or may.  What a macro stands for may be included
# by its name.
my $blank = '([[:space:]]|/\*[^"<]*\*/)*';
my $include_line = "(^|\\*/)$blank(#|%:)$blank" . '((include|include_next|import)(\W|$)'
    . '|define[[:space:]]+\w+[[:space:]]+["<][^">]*\.h[">])'
    . '|__has_include[[:space:]]*\(|\.(include|incbin)[[:space:]]+\\\\?"';

# The .c and .S files that include one of the files, in whatever way; all C
# files of the tree is the reply ('*') for what is included everywhere.
sub find_includers ($tree, @files) {
    return grep { $_ eq '*' || /\.[cS]$/ } all_includers($tree, @files);
}

# Whether every C file of the tree includes it.
sub is_everywhere ($tree, $file) { return scalar grep { $_ eq '*' } find_includers($tree, $file) }

# Those from which sources are generated.
sub including_templates ($tree, @files) {
    return grep { /\.uc$/ } all_includers($tree, @files);
}

# Those of the files that code in Rust is made with: bindings to what headers of its own
# include.
sub files_of_rust ($tree, @files) {
    return if read_file("$tree->{dir}/.config") !~ /^CONFIG_RUST=y$/m;
    return grep { my $file = $_; grep { m{^rust/.*\.h\z} } all_includers($tree, $file) } @files;
}

sub all_includers ($tree, @files) {
    return if !@files;
    my $graph = include_graph($tree);
    my %seen;
    my @todo = (@files, @{ $graph->{anything} });
    while (defined(my $file = shift @todo)) {
        next if $seen{$file}++;
        return '*' if grep { $_ eq $file } @everywhere;
        push @todo, direct_includers($graph, $file);
    }
    delete @seen{@files};
    return sort keys %seen;
}

# What the sources may include, in whatever way, FILE => SET, where the bit N of a set
# (vec) is for the source N; the sources themselves, too.
sub included_by ($tree, @sources) {
    my $graph = include_graph($tree);
    my %includes;
    for my $file (list_files($tree)) {
        push @{ $includes{$_} }, $file for direct_includers($graph, $file);
    }
    push @{ $includes{$_} }, @everywhere for @sources;
    my %set;
    for my $n (0 .. $#sources) {
        $set{ $sources[$n] } //= '';
        vec($set{ $sources[$n] }, $n, 1) = 1;
    }
    my @order = inner_first(\%includes, @sources);
    my $is_new = 1;
    while ($is_new) {
        $is_new = 0;
        for my $from (@order) {
            my $set = $set{$from};
            for my $file (@{ $includes{$from} // [] }) {
                my $both = ($set{$file} // '') |. $set;
                next if $both eq ($set{$file} // '');
                $set{$file} = $both;
                $is_new = 1;
            }
        }
    }
    return \%set;
}

# What can be reached from the sources, each file after those that include it, as far
# as they are in no circle.
sub inner_first ($includes, @sources) {
    my (%seen, @order);
    for my $source (@sources) {
        next if $seen{$source}++;
        my @stack = [$source, 0];
        while (@stack) {
            my $top = $stack[-1];
            my $next = $includes->{ $top->[0] }[$top->[1]++];
            if (!defined $next)        { unshift @order, (pop @stack)->[0] }
            elsif (!$seen{$next}++)    { push @stack, [$next, 0] }
        }
    }
    return @order;
}

sub include_graph ($tree) {
    return $tree->{include_graph} //=
        progress('reading the #include lines of the source', sub { read_graph($tree) });
}

sub direct_includers ($graph, $file) {
    my @includers = @{ $graph->{of}{$file} // [] };
    my $end = $file;
    while ($end =~ s{^[^/]+/}{}) { push @includers, @{ $graph->{unknown}{$end} // [] } }
    return @includers;
}

# All that may be included.
sub list_files ($tree) {
    return capture({ dir => $tree->{dir} }, 'find', kernel_dirs($tree), '-type', 'f');
}

# Those of the sources that another source may include, like fs/binfmt_elf.c: told
# by their names, in a fraction of the time that the graph takes.  Where it is not
# clear which file an include names, each of that last name may be meant.
sub included_sources ($tree, @sources) {
    my %included = map { $_ => 1 } grep { !/ / } kept_names($tree);
    return grep { $included{$_} || $included{ '*/' . basename($_) } } @sources;
}

# The objects that rules of their own make of a source in another directory.
sub foreign_objects ($tree, $source) {
    my $dirs = $tree->{dirs_of_foreign} //= do {
        my %dirs;
        for (grep { / / } kept_names($tree)) {
            my ($dir, $name) = split / /;
            push @{ $dirs{$name} }, $dir;
        }
        \%dirs;
    };
    my $object = basename($source) =~ s/\.[cS]\z/.o/r;
    return map { "$_/$object" } @{ $dirs->{$source} // [] };
}

# What such rules or sources of the kernel name outside of its directories, as
# tools/lib/bpf/relo_core.c, and the files there that those may include, FILE => [its lines
# that include], as grep -H prints them.
sub outside_files ($tree) {
    return $tree->{outside_files} //= do {
        my $inside = join '|', map { quotemeta } kernel_dirs($tree);
        follow_quoted($tree, sub ($file) { $file !~ m{^(?:$inside)/} },
            kept_lines($tree, 'outside', sub { named_outside($tree) }),
            map { (split / /)[1] } grep { / / } kept_names($tree));
    };
}

# What includes by '"' lead to, from these files on, as far as they are wanted; in the form
# of outside_files.
sub follow_quoted ($tree, $is_wanted, @todo) {
    my %lines;
    while (defined(my $file = shift @todo)) {
        next if !$is_wanted->($file) || $lines{$file} || !-f "$tree->{dir}/$file";
        $lines{$file} = [lines_of_includes($tree, $file)];
        push @todo, map { plain_path(dirname($file) . "/$_") } quoted_in(@{ $lines{$file} });
    }
    return \%lines;
}

sub lines_of_includes ($tree, $file) {
    return capture({ dir => $tree->{dir}, ok => [0, 1] }, 'grep', '-HE', $include_line, $file);
}

sub quoted_in (@lines) { return map { /"([^">]+)"/ ? $1 : () } @lines }

# What sources of the kernel include by a path that leads out of its directories.
sub named_outside ($tree) {
    my $dirs = join '|', map { quotemeta } grep { -d "$tree->{dir}/$_" } @not_kernel;
    my %names = map { m{"(?:\.\./)+([^">]+)"} ? (plain_path($1) => 1) : () }
        capture({ dir => $tree->{dir}, ok => [0, 1] }, 'grep', '-rhE', '--include=*.[chS]',
        qq(^[[:space:]]*#[[:space:]]*include[[:space:]]*"(\\.\\./)+($dirs)/), kernel_dirs($tree));
    return sort keys %names;
}

# The files with a word that goes on in the next line, where no search for words finds it.
sub split_words ($tree) {
    return kept_lines($tree, 'split', sub {
        capture({ dir => $tree->{dir}, ok => [0, 1] }, 'grep', '-IrPzl', '--include=*.[chS]',
            '\w\\\\\n\w', kernel_dirs($tree));
    });
}

# Whether one of the programs of the build, given by their sources, includes the file by
# '"', in whatever way.  What they include by '<' is most often of the system.  A name that
# only an option -I explains is taken for every file that ends so and leads to this one.
sub is_of_program ($tree, $file, @sources) {
    my @others = ($file, all_includers($tree, $file));
    my (%seen, @todo);
    @todo = @sources;
    while (defined(my $from = shift @todo)) {
        return 1 if $from eq $file;
        next if $seen{$from}++ || !-f "$tree->{dir}/$from";
        for my $name (quoted_in(lines_of_includes($tree, $from))) {
            my $beside = plain_path(dirname($from) . "/$name");
            push @todo, -e "$tree->{dir}/$beside" ? $beside
                : grep { m{(?:^|/)\Q$name\E\z} } @others;
        }
    }
    return 0;
}

# Included sources, and "DIRECTORY SOURCE" for what rules name.
sub kept_names ($tree) {
    return kept_lines($tree, 'includes', sub { included_names($tree), rule_names($tree) });
}

# What all sources have to be read for is kept in the tree if that is ours.
sub kept_lines ($tree, $name, $find) {
    my $file = "$tree->{dir}/.KSPLICE_$name";
    return split /\n/, read_file($file) if $tree->{is_ours} && -e $file;
    my @lines = $find->();
    write_file($file, join '', map { "$_\n" } @lines) if $tree->{is_ours};
    return @lines;
}

sub rule_names ($tree) {
    my %names = map { m{^(.+)/[^/]+:\$\(srctree\)/(.+)} && $1 ne dirname($2) ? ("$1 $2" => 1) : () }
        capture({ dir => $tree->{dir}, ok => [0, 1] },
        'grep', '-roE', '--include=Makefile', '--include=Kbuild',
        '\$\(srctree\)/[A-Za-z0-9_/.-]+\.[cS]\>', kernel_dirs($tree));
    return sort keys %names;
}

# Files by their paths, "*/NAME" where the path is not known.
sub included_names ($tree) {
    my %names;
    for (capture({ dir => $tree->{dir}, ok => [0, 1] },
        'grep', '-rHE', '--include=*.[chS]',
        '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<][^">]*\.[cS][">]', kernel_dirs($tree))) {
        my ($from, $quote, $name) =
            m{^([^:]+):[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]} or next;
        my $beside = plain_path(dirname($from) . "/$name");
        my $is_beside = $quote eq '"' && -e "$tree->{dir}/$beside";
        $names{ $is_beside ? $beside : '*/' . basename($name) } = 1;
    }
    return sort keys %names;
}

# -> {of => {FILE => [its includers]}, unknown => {NAME => [its includers]}, found =>
# {"DIR\0NAME" => the file that it is, or ''}, where DIR is that of an include by '"', and
# quoted => {the same => [such includers]}; anything => [the files of which it is not known
# what they include]}
sub read_graph ($tree) {
    my $graph = { of => {}, unknown => {}, anything => [], found => {}, quoted => {} };
    my (%by_macro, %is_defined, %unclear);
    for (include_lines($tree)) {
        my ($from, $line) = /^([^:]+):(.*)/s or next;
        $line =~ s{/\*.*?(?:\*/|\z)}{ }gs if $line =~ m{/\*};
        if ($line =~ /(?:#|%:)\s*(?:include|include_next|import)\b\s*(.*)/) {
            my $what = $1;
            if    ($what =~ /^(["<])([^">]+)[">]/) { add_include($tree, $graph, $from, $1, $2) }
            elsif ($what =~ /^([A-Za-z_]\w*)/)     { push @{ $by_macro{$1} }, $from }
            else                                   { $unclear{$from} = 1 }
        } elsif ($line =~ /\bdefine\s+(\w+)\s+(["<])([^">]+)[">]/) {
            $is_defined{$1} = 1;
            add_include($tree, $graph, $from, $2, $3);
        } elsif ($line =~ /\.(?:include|incbin)\s+\\?"([^"\\]+)/) {
            push @{ $graph->{of}{ plain_path($1) } }, $from;
        } else {
            add_include($tree, $graph, $from, $1, $2)
                while $line =~ /__has_include\s*\(\s*(["<])([^">]+)[">]/g;
        }
    }
    delete @by_macro{ keys %is_defined, grep { /$known_macro/ } keys %by_macro };
    $unclear{$_} = 1 for map { @$_ } values %by_macro;
    $graph->{anything} = [sort keys %unclear];
    return $graph;
}

# The files that would include a new one, as FILE, instead of another one of their name.
sub includers_of_new ($tree, $file) {
    my $graph = include_graph($tree);
    my @dirs = include_dirs($tree);
    my %includers = map { $_ => 1 } direct_includers($graph, $file);
    for my $key (keys %{ $graph->{found} }) {
        my ($dir, $name) = split /\0/, $key;
        next if $file !~ m{(?:^|/)\Q@{[basename($name)]}\E\z} || $graph->{found}{$key} eq '';
        next if !grep { plain_path("$_/$name") eq $file } $dir eq '' ? () : $dir, @dirs;
        $includers{$_} = 1 for @{ $graph->{ $dir eq '' ? 'of' : 'quoted' }
            { $dir eq '' ? $graph->{found}{$key} : $key } };
    }
    return sort keys %includers;
}

sub add_include ($tree, $graph, $from, $quote, $name) {
    my $dir = $quote eq '"' ? dirname($from) : '';
    my $file = $graph->{found}{"$dir\0$name"} //= find_included($tree, $dir, $name) // '';
    push @{ $graph->{quoted}{"$dir\0$name"} }, $from if $quote eq '"';
    if ($file ne '') { push @{ $graph->{of}{$file} }, $from }
    else             { push @{ $graph->{unknown}{ $name =~ s{^(?:\.\.?/)+}{}r } }, $from }
    # A generated wrapper of asm-generic includes it.
    push @{ $graph->{of}{"include/asm-generic/$1"} }, $from
        if $file =~ m{/generated/(?:uapi/)?asm/(.*)};
    return;
}

sub find_included ($tree, $dir, $name) {
    my ($file) = grep { -e "$tree->{dir}/$_" } map { plain_path("$_/$name") }
        $dir eq '' ? () : $dir, include_dirs($tree);
    return $file if defined $file || $name !~ m{^asm/(.*)};
    return -e "$tree->{dir}/include/asm-generic/$1" ? "include/asm-generic/$1" : undef;
}

# Where kbuild has all look.
sub include_dirs ($tree) {
    my $arch = $tree->{arch_directory} //= arch_directory($tree);
    return ("$arch/include", 'include', "$arch/include/uapi", 'include/uapi',
        "$arch/include/generated", 'include/generated');
}

# A source that is not there yet, as what it is made of, or what prints it, has it.  Where a
# name is put in when it is printed, that may be any that these texts have.  A source
# without any is taken to include all.
sub add_unmade_source ($tree, $source, @texts) {
    my $graph = include_graph($tree);
    my $text = join "\n", map { read_file("$tree->{dir}/$_") } @texts;
    my @any = $text =~ m{([\w./+-]+\.h)\b}g;
    my %names;
    while ($text =~ /(?:#|%:)[ \t]*include[ \t]*\\?(["<])([^"'<>\\\n]+)\\?[">]/g) {
        my ($quote, $name) = ($1, $2);
        $names{"$quote$_"} = 1 for $name !~ /[%\$]/ ? $name : @any;
    }
    add_include($tree, $graph, $source, /^(.)(.*)/s) for sort keys %names;
    push @{ $graph->{anything} }, $source if !%names;
    return;
}

# Files with other endings are read if a file that was read includes them.
sub include_lines ($tree) {
    my @lines = map { @$_ } values %{ outside_files($tree) };
    my %seen;
    my @names = qw(*.[chS] *.inc *.def *.uc);
    while (@names) {
        my @new = capture({ dir => $tree->{dir}, ok => [0, 1] }, 'grep', '-IrHE',
            (map { "--include=$_" } @names), $include_line, kernel_dirs($tree));
        push @lines, @new;
        @names = grep { !/\.(?:[chS]|inc|def|uc)\z/ && !$seen{$_}++ }
            map { m{["<](?:[^">]*/)?([^">/]+)[">]} ? $1 : () } @new;
    }
    return @lines;
}

# Where the sources of this architecture's kernel are.
sub kernel_dirs ($tree) {
    my %skip = map { $_ => 1 } @not_kernel;
    return (arch_directory($tree), grep { !$skip{$_} }
        map { m{([^/]+)/$} ? $1 : () } glob "$tree->{dir}/*/");
}

# arch/x86 for x86_64.
sub arch_directory ($tree) {
    my ($name) = read_file("$tree->{dir}/.config") =~ m{^# Linux/(\S+) };
    $name //= 'x86';
    $name =~ s/^(?:x86_64|i386)$/x86/;
    return "arch/$name";
}

# Whether an object of the tree is made of one of the files: what kbuild wrote
# down when it built it, if nothing it was made of is newer; else perhaps.
sub depends_on ($tree, $object, @files) {
    my @made_of = made_of($tree, $object) or return 1;
    my %wanted = map { $_ => 1 } @files;
    return 1 if grep { $wanted{$_} || $wanted{ plain_path($_) } } @made_of;
    return newer_than_built($tree, $object);
}

# What kbuild wrote down that the object is made of, its source first; nothing if it was
# not built, or if LIKE is given and not in that text.
sub made_of ($tree, $object, $like = undef) {
    my $command = command_file("$tree->{dir}/$object");
    return if !-e $command;
    my $text = read_file($command);
    return if defined $like && $text !~ $like;
    my ($source, $list) = $text =~ /^source_\S+ := (\S+)\n+deps_\S+ :=((?:.*\\\n)*.*)/m or return;
    return ($source, grep { m{^[\w./+-]+\z} } split /[\s\\]+/, $list);
}

# The objects in the tree that are made of each file, by what kbuild wrote down: FILE =>
# [their plain names].
sub objects_made_of ($tree, @files) {
    my %objects = map { $_ => [] } @files;
    return \%objects if !@files;
    my $names = join '|', map { quotemeta basename($_) } @files;
    for my $object (sort grep { /\.o\z/ } list_files($tree)) {
        my %made_of = map { $_ => 1, plain_path($_) => 1 }
            grep { m{(?:^|/)(?:$names)\z} } made_of($tree, $object, qr/$names/);
        push @{ $objects{$_} }, $object for grep { $made_of{$_} } @files;
    }
    return \%objects;
}

# Whether what the object is made of, or one of the other files, is newer than it; true
# if it was not built.
sub newer_than_built ($tree, $object, @others) {
    my @made_of = made_of($tree, $object) or return 1;
    my $built = (stat command_file("$tree->{dir}/$object"))[9];
    return scalar grep { ((stat(m{^/} ? $_ : "$tree->{dir}/$_"))[9] // $built) > $built }
        @made_of, @others;
}

# Without '.' and '..'.
sub plain_path ($path) {
    my @parts;
    for my $part (split m{/}, $path) {
        if    ($part eq '..')               { pop @parts }
        elsif ($part ne '.' && $part ne '') { push @parts, $part }
    }
    return join '/', @parts;
}

1;
