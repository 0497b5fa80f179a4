#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Applying an update either leaves it applied or leaves the kernel as it was,
# and reports the reason of the core.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';
use File::Basename qw(dirname);
use lib dirname(__FILE__) . '/lib', dirname(__FILE__) . '/../lib';
use Ksplice::Apply  qw(apply_update try_update complete_target release_target);
use Ksplice::Report qw(with_report);
use Ksplice::Update qw(write_update);
use Test::FakeKernel;
use Test::Ksplice;
use Test::More;

my %update = (
    kid => 'abc', release => '6.1.0-56-amd64', arch => 'x86_64', core => 'ksplice.ko', dir => '/x',
    changes => [
        map { { target => $_, old => "ksplice-abc-$_-old.ko", new => "ksplice-abc-$_-new.ko" } }
        qw(vmlinux ext4)
    ],
);

# -> (status, what is printed, message)
sub attempt ($body) {
    my $out = '';
    my ($ok, $error);
    {
        open my $text, '>', \$out or die;
        my $stdout = select $text;
        local *STDERR = $text;
        $ok = eval { $body->(); 1 };
        $error = $@;
        select $stdout;
    }
    return (0, $out, '') if $ok;
    return ref $error ? ($error->{status}, $out, $error->{message}) : (255, $out, $error);
}

sub apply ($kernel, %option) {
    return attempt(sub { apply_update($kernel, \%update, \%option) });
}

# Its files, as far as they are read.
my $dir = $update{dir} = scratch_dir();
spew("$dir/$_", "$_\n")
    for 'ksplice.ko', map { @$_{qw(old new)} } @{ $update{changes} };
write_update($dir, \%update);
($update{hash}) = slurp("$dir/contents") =~ /^hash (.*)/m;
$update{path} = 'abc.tar.gz';
my $store = scratch_dir() . '/store';

# n: the changes that the update was made of.
sub kernel (%with) {
    return Test::FakeKernel->new(modules => ['ext4'], n => 2, store => $store, %with);
}

my @all = qw(ext4 ksplice ksplice_abc_vmlinux_old ksplice_abc_ext4_old
    ksplice_abc_vmlinux_new ksplice_abc_ext4_new);

my $kernel = kernel();
my ($status, $out, $message) = apply($kernel);
is($status, 0, 'an update is applied') or diag $message;
is($kernel->modules, "@all", 'the core is loaded, then old code, then new code');
is($kernel->stage('abc'), 'applied', 'the stage is applied');
is($out, "update 'abc' is applied: 2 functions of vmlinux, stopped for 123 us\n",
    'and it is reported');

for (
    ["ext4 f 01 02\next4 x 03 04 data\nvmlinux y 05 06 data\nvmlinux z 07 08 data\n",
        '1 function of ext4, 1 variable of ext4, 2 variables of vmlinux', 'data is no function'],
    ['', 'only hooks', 'there may be hooks only'],
) {
    my ($patches, $said, $title) = @$_;
    (undef, my $words) = apply(kernel(patches => $patches));
    is($words, "update 'abc' is applied: $said, stopped for 123 us\n", $title);
}

$kernel->{did} = [];
($status, $out) = apply($kernel);
is($status, 0, 'applying it again is fine');
is($out, "update 'abc' is already applied\n", 'and reported');
is("@{ $kernel->{did} }", '', 'and does nothing');

is($kernel->read_update_file('abc', 'hash'), $update{hash}, 'the core knows its hash');
for my $known ('f' x 64, '') {
    local $kernel->{update}{abc}{hash} = $known;
    ($status, $out, $message) = apply($kernel);
    is($status, 1, 'another update with the id of an applied one is refused');
    is($message, "another update with the id 'abc' is applied: its hash is "
        . ($known || 'not known') . ", that of 'abc.tar.gz' is $update{hash}\n"
        . "  undo 'abc' first, or build this one with another --id", 'both are named');
    is($out . "@{ $kernel->{did} }", '', 'nothing else is printed or done');
    ($status) = attempt(sub { try_update($kernel, \%update, {}) });
    is($status, 1, 'a dry run reports it as well');
}

# Files that are not what they are called.
for (['ksplice-abc-ext4-new.ko', 'ksplice_def_ext4_new', 'ksplice_abc_ext4_new'],
    ['ksplice-abc-vmlinux-old.ko', '', 'ksplice_abc_vmlinux_old'],
    ['ksplice.ko', 'other', 'ksplice']) {
    my ($file, $inside, $expected) = @$_;
    my $kernel = kernel(names => { $file => $inside });
    ($status, undef, $message) = apply($kernel);
    is("$status $message", "1 '$file' of 'abc.tar.gz' is the module '$inside', not '$expected'; "
        . 'build the update again', "a module of another name, '$inside', is refused");
    is("@{ $kernel->{did} }", '', 'and not loaded');
}

# Every step may fail: the kernel is as it was, once with and once without a core.
my @steps = ('insmod ksplice.ko', (map { "insmod ksplice-abc-$_.ko" }
    qw(vmlinux-old ext4-old vmlinux-new ext4-new)), 'stage applied');
for my $had_core (0, 1) {
    my @before = ('ext4', $had_core ? 'ksplice' : ());
    for my $step (@steps[$had_core .. $#steps]) {
        my $kernel = kernel(modules => [@before],
            refuse => { $step => ['No way', 'no_match', 'f+0x3: ret, expected nop'] });
        my ($status, undef, $message) = apply($kernel);
        my $title = "'$step' fails" . ($had_core ? ', the core was there' : '');
        is($status, 1, "$title: status 1");
        is($kernel->modules, "@before", '  ... the modules are those from before');
        is_deeply([$kernel->updates], [], '  ... the update is forgotten');
        next if $step !~ /old|stage/;
        like($message, qr/^the running kernel does not match .*: f\+0x3: ret, expected nop\n/,
            '  ... the reason is reported');
    }
}

$kernel = kernel(refuse => { 'insmod ksplice.ko' => ['Operation not permitted'] },
    log => ['ksplice: cannot find text_poke']);
($status, undef, $message) = apply($kernel);
is($message, "cannot load the ksplice core: Operation not permitted\n"
    . '  kernel: ksplice: cannot find text_poke', "the kernel's words about the core are shown");

$kernel = kernel(refuse => { 'insmod ksplice-abc-ext4-new.ko' => ['Unknown symbol in module'] },
    log => ['ksplice_abc_ext4_new: Unknown symbol foo (err -2)']);
($status, undef, $message) = apply($kernel);
is($message, "cannot load 'ksplice-abc-ext4-new.ko': Unknown symbol in module\n"
    . '  kernel: ksplice_abc_ext4_new: Unknown symbol foo (err -2)', 'and about the new code');

# A stage that lies.
$kernel = kernel(refuse => { 'stage applied' => [''] });
($status, undef, $message) = apply($kernel);
is($status, 1, 'a write that succeeds without effect is a failure');
like($message, qr/the stage of 'abc' is not 'applied' after writing it: it is 'matched'/,
    'and is reported');
is($kernel->modules, 'ext4', 'nothing is left');

$kernel = kernel(refuse => { 'stage applied' => sub ($self) {
    $self->{update}{abc}{stage} = 'applied';
    return 'Input/output error';
} });
($status, undef, $message) = apply($kernel);
is($status, 1, 'a write that fails but has an effect is a failure');
is($kernel->modules, 'ext4', 'and it is reversed');

# In the place of others, which were applied before it.
sub with_others (@kids) {
    return kernel(modules => [qw(ext4 ksplice)], order => [@kids],
        update => { map { $_ => { stage => 'applied', match => '', hash => 'e' x 64 } } @kids });
}
for (['one', 'one'], ['two,one', 'one two'], ['all', 'one two']) {
    my ($replace, $kids) = @$_;
    my $kernel = with_others(qw(one two));
    my ($status, $out, $message) = apply($kernel, replace => $replace);
    is($status, 0, "--replace=$replace") or diag $message;
    ok((grep { $_ eq "replaces $kids" } @{ $kernel->{did} }), '  ... the core has the names');
    is(join(' ', map { "@$_" } $kernel->updates),
        $replace eq 'one' ? 'two applied abc applied' : 'abc applied', '  ... they are removed');
    like($out, qr/^update 'one' is replaced by 'abc'$/m, '  ... and it is reported');
}
for (
    ['three', 'stage applied', qr/^an update .* is not applied: 'abc' should replace 'three'$/m],
    ['abc', 'stage applied', qr/^update 'abc' cannot replace itself/],
) {
    my ($replace, undef, $expected) = @$_;
    my $kernel = with_others(qw(one two));
    my ($status, undef, $message) = apply($kernel, replace => $replace);
    is($status, 1, "--replace=$replace is refused");
    like($message, $expected, '  ... with the reason');
    is("@{ $kernel->{did} }", '', '  ... and nothing is done');
}
for my $step ('await abc', 'replaces one', 'insmod ksplice-abc-ext4-new.ko', 'stage applied') {
    my $kernel = with_others('one');
    $kernel->{refuse} = { $step => ['No way', 'call_failed', 'why'] };
    my ($status) = apply($kernel, replace => 'one');
    is($status, 1, "'$step' fails");
    is(join(' ', map { "@$_" } $kernel->updates), 'one applied', '  ... the old one stays');
    is($kernel->modules, 'ext4 ksplice', '  ... with nothing of the new one');
}
# It has happened although the command fails: what has replaced others is not taken back.
$kernel = with_others('one');
$kernel->{refuse}{'stage applied'} = sub ($self) {
    $self->{update}{abc}{stage} = 'applied';
    $self->{update}{one}{stage} = 'reversed';
    return 'Input/output error';
};
($status, $out) = apply($kernel, replace => 'one');
is(join(' ', map { "@$_" } $kernel->updates), 'abc applied', 'a new one that is in stays in');
like($out, qr/update 'abc' stays applied, because it has replaced 'one'/,
    '  ... and it is reported');

# A signal after the change: the replaced updates are removed and reported.
{
    my $told = kernel(modules => [qw(ext4 ksplice ksplice_one_vmlinux_new)], order => ['one'],
        update => { one => { stage => 'applied', match => "vmlinux all\n" } });
    $told->{refuse}{'rmmod ksplice_one_vmlinux_new'} = sub ($self) {
        kill TERM => $$;
        return '';
    };
    local $SIG{TERM} = sub { die "told to stop\n" };
    ($status, $out) = apply($told, replace => 'one');
    is($status, 0, 'a signal after it has replaced another one: it completes');
    like($out, qr/^update 'one' is replaced by 'abc'$/m, '  ... which is reported');
    unlike($told->modules, qr/ksplice_one/, '  ... nothing is left of the old one');
}

# Made on top of another one.
for (['two', 1], ['one', 0]) {
    my ($applied, $expected) = @$_;
    my $kernel = with_others($applied);
    local $update{needs} = [{ kid => 'one', hash => 'e' x 64 }];
    my ($status, undef, $message) = apply($kernel);
    is($status, $expected, "an update that needs 'one', and '$applied' is applied");
    like($message, qr/'abc' needs 'one'/, '  ... it is reported') if $expected;
    is($kernel->{update}{abc}{needs}, $expected ? undef : 'one=' . 'e' x 64,
        '  ... to the core');
    next if $expected;
    $kernel = with_others($applied);
    ($status, undef, $message) = apply($kernel, replace => 'one');
    like($message, qr/'abc' was built on top of 'one' and cannot replace it/, 'nor replaced by it');
}
{
    local $update{needs} = [{ kid => 'one', hash => 'd' x 64 }];
    for my $applied ('e' x 64, '') {
        my $kernel = with_others('one');
        $kernel->{update}{one}{hash} = $applied;
        my ($status, undef, $message) = apply($kernel);
        my $has = $applied ? "the hash $applied" : 'no known hash';
        is("$status $message", "1 'abc' was built on top of the update 'one' with the hash "
            . 'd' x 64 . ",\n  but the 'one' that is applied has $has\n  undo that and apply the "
            . "other one, or build 'abc' again with --on-top-of the applied one",
            "another update of its id, with $has, is refused");
        is("@{ $kernel->{did} }", '', '  ... and nothing is done');
    }
}

# Busy.
my $tries = 0;
my $who = "71 my daemon do_poll+0x1f\n  do_poll+0x1f\n  do_syscall_64+0x5b\n";
my $busy = sub ($n, $also = '') {
    return sub ($self) {
        return if ++$tries > $n;
        return ('Device or resource busy', 'code_busy', 'do_poll', $who . $also);
    };
};
$kernel = kernel(refuse => { 'stage applied' => $busy->(99, "72 other kprobe_slot+0x40\n") });
($status, undef, $message) = apply($kernel);
is($status, 3, 'code that stays busy gives status 3');
is($tries, 7, 'it was tried again and again');
ok($kernel->{paused} > 4 && $kernel->{paused} <= 5, 'for five seconds');
is($message, "a task is in code that is to be replaced or removed: do_poll\n"
    . "  task 71 (my daemon) is in do_poll+0x1f\n"
    . "  task 72 (other) is in kprobe_slot+0x40\n"
    . "  if some task is always in 'do_poll', try --kick, or have the patch mark it "
    . "ksplice_allow_running(do_poll)\n"
    . '  try again later, or for longer (--wait), or stop the conflicting tasks',
    'conflicting tasks are reported');
is($kernel->modules, 'ext4', 'nothing is left');

# The usermode helper has its turn while it waits.
my $asides = 0;
$kernel = kernel(refuse => { 'stage applied' => $busy->(99) });
$kernel->{aside} = sub ($self) { $asides++ };
apply($kernel);
is($asides, 1, 'a command that waits steps aside');

for my $wait (0, 30) {
    $tries = 0;
    $kernel = kernel(refuse => { 'stage applied' => $busy->(99) });
    ($status) = apply($kernel, wait => $wait, kick => 1);
    is($status, 3, "--wait=$wait: busy all the same");
    ok($kernel->{paused} <= $wait && $kernel->{paused} >= $wait - 1, '  ... after so long');
    my @kicks = grep { /^kick/ } @{ $kernel->{did} };
    is("@kicks", 'kick 1 kick 0', '  ... --kick for that time only');
}
is($tries, 32, '  ... with a pause of a second at last');

# Unfit.
for ([release => '6.1.0-99-amd64', '6.1.0-56-amd64'], [arch => 'aarch64', 'x86_64']) {
    my ($what, $running, $ours) = @$_;
    $kernel = kernel($what => $running);
    ($status, undef, $message) = apply($kernel);
    is($status, 1, "another $what is refused");
    is($message, "update 'abc' is for a kernel of $what '$ours', but '$running' is running",
        'and both are named');
    is("@{ $kernel->{did} }", '', 'nothing is done');
}

$kernel = kernel(root => 0);
($status, undef, $message) = apply($kernel);
is("$status $message", '1 only root can change the running kernel: run it as root', 'not root');

$kernel = kernel(modules => []);
($status, undef, $message) = apply($kernel);
is($status, 1, 'a target that is not loaded is refused');
like($message, qr/^a module that the update changes is not loaded: 'ext4'\n/, 'and named');
is("@{ $kernel->{did} }", '', 'nothing is done');

# --partial
($status, $out, $message) = apply($kernel, partial => 1);
is($status, 0, '--partial applies the other changes') or diag $message;
like($out, qr/^not loaded, will be patched when loaded: 'ext4'\n/, 'and says what is left out');
is($kernel->modules, 'ksplice ksplice_abc_vmlinux_old ksplice_abc_vmlinux_new', 'only those');
is($kernel->stage('abc'), 'applied', 'the stage is applied');
is_deeply([map { s{.*/}{}r } glob "$store/abc/*.ko"],
    ['ksplice-abc-ext4-new.ko', 'ksplice-abc-ext4-old.ko', 'ksplice.ko'],
    'the modules of the others are kept');
is(slurp("$store/abc/contents"), slurp("$dir/contents"), 'with the contents of all');
is((stat "$store/abc")[2] & 07777, 0700, 'for root alone');

# The module is loaded.
sub complete ($kernel) { return attempt(sub { complete_target($kernel, 'ext4', {}) }) }
my $part = $kernel->modules;
($status, undef, $message) = complete($kernel);
is("$status $message", "1 module 'ext4' is not loaded", 'completing needs the module');
push @{ $kernel->{modules} }, 'ext4';
for my $step ('insmod ksplice-abc-ext4-old.ko', 'insmod ksplice-abc-ext4-new.ko', 'stage applied') {
    local $kernel->{refuse}{$step} = ['No way', 'no_match', 'f+0x3: ret'];
    ($status, $out, $message) = complete($kernel);
    is($status, 1, "its change is refused: $step");
    like($message, qr/^module 'ext4' is not patched by update 'abc': .*(?:f\+0x3: ret|No way)/,
        '  ... and is reported');
    is($kernel->modules, "$part ext4", '  ... the update is as it was');
    is($kernel->stage('abc'), 'applied', '  ... and applied');
}
$tries = 0;
{
    local $kernel->{refuse}{'stage applied'} = $busy->(99);
    local $kernel->{aside} = sub ($self) { die 'stepped aside' };
    ($status) = complete($kernel);
    is($status, 1, 'tasks are in its way');
    ok($tries > 1, '  ... it waits for them, but not for other commands');
}
$tries = 0;
{
    local $kernel->{refuse}{'insmod ksplice-abc-ext4-old.ko'} = sub ($self) {
        return ++$tries <= 3 ? ('busy', 'module_busy', 'it is coming') : ();
    };
    ($status, $out, $message) = complete($kernel);
}
is($status, 0, 'its change is applied, when its init is over') or diag $message;
is($out, "module 'ext4' is patched by update 'abc'\n", 'and it is reported');
is($kernel->modules, "$part ext4 ksplice_abc_ext4_old ksplice_abc_ext4_new", 'it is loaded');
($status, $out) = complete($kernel);
is("$status $out", '0 ', 'completing it twice is fine');

# It is unloaded all the same.
$kernel->{update}{abc}{awaits}{ext4} = 0;
($status, undef, $message) = attempt(sub { release_target($kernel, 'ext4') });
is($status, 0, 'the modules of its change are removed') or diag $message;
is($kernel->modules, "$part ext4", 'and no others');

# A module in the store that was altered.
{
    my $kept = "$store/abc/ksplice-abc-ext4-new.ko";
    my $good = slurp($kept);
    spew($kept, $good =~ s/n/m/r);
    ($status, undef, $message) = complete($kernel);
    is($status, 1, 'modules that were altered are not loaded');
    like($message, qr/'ksplice-abc-ext4-new.ko' has the hash .* but 'contents' lists/, 'and why');
    is($kernel->modules, "$part ext4", 'none of them');
    spew($kept, $good);
}

# A store that is none.
chmod 0777, "$store/abc";
($status, undef, $message) = complete($kernel);
is($status, 1, 'modules that others could have put there are not loaded');
like($message, qr/'\Q$store\E\/abc' must be a directory that belongs to you/, 'and it is reported');
rename "$store/abc", "$store/elsewhere";
($status, undef, $message) = complete($kernel);
like($message, qr/modules of update 'abc' are not kept in '\Q$store\E\/abc'/, 'none is kept');
($status, $out) = apply($kernel);
is($status, 0, 'the update itself completes what it has applied');
is($out, "update 'abc' is already applied\nmodule 'ext4' is patched by update 'abc'\n",
    'and is reported');
($status, undef, $message) = attempt(sub { complete_target($kernel, 'xfs', {}) });
is("$status $message", "1 no update awaits the module 'xfs'", 'another module');

$kernel = kernel(modules => [], refuse => { 'stage applied' => ['No', 'text_changed', 'f'] });
($status, undef, $message) = apply($kernel, partial => 1);
is($status, 1, '--partial is refused');
is($kernel->modules, '', 'nothing is left in the kernel');
is_deeply([$kernel->updates], [], 'nor awaited');
ok(!-e "$store/abc", 'nor kept');
$kernel = kernel(modules => [], refuse => { 'await abc' => ['File exists'] });
($status, undef, $message) = apply($kernel, partial => 1);
is("$status $message", "1 cannot have the core await the modules of 'abc': File exists",
    'a core that does not');
is($kernel->modules, '', 'nothing is left in the kernel');

{
    local $update{changes} = [$update{changes}[1]];
    $kernel = kernel(modules => []);
    ($status, $out, $message) = apply($kernel, partial => 1);
    is($status, 0, '--partial without any target is fine') or diag $message;
    like($out, qr/^update 'abc' is applied: awaits its modules$/m, 'and reports that');
    is($kernel->modules, 'ksplice', 'it needs the core only');
}

$kernel = kernel();
($status, $out) = apply($kernel, partial => 1);
is($kernel->modules, "@all", '--partial with all targets applies all of it');
unlike($out, qr/warning/, 'without a warning');

$kernel = kernel(core_has => '0', modules => ['ext4', 'ksplice']);
($status, undef, $message) = apply($kernel);
is($status, 1, 'a core of another api version is refused');
like($message, qr/core has api version '0', this command has \d/, 'and both are named');
is("@{ $kernel->{did} }", '', 'nothing is done');

$kernel = kernel(core_has => '0');
($status, undef, $message) = apply($kernel);
is($status, 1, 'also if the update itself brought it');
is($kernel->modules, 'ext4', 'it is removed again');

# Other updates stay, and the core with them.
my @other = qw(ksplice_other_vmlinux_old ksplice_other_vmlinux_new);
$kernel = kernel(modules => ['ext4', 'ksplice', @other],
    update => { other => { stage => 'applied' } }, order => ['other'],
    refuse => { 'insmod ksplice-abc-ext4-old.ko' => ['Exec format error', 'no_match', ''] });
my $before = $kernel->modules;
($status) = apply($kernel);
is($kernel->modules, $before, 'other updates are left alone by a failure');

$kernel = kernel(refuse => { 'insmod ksplice-abc-ext4-old.ko' => sub ($self) {
    push @{ $self->{modules} }, @other;
    $self->{update}{other} = { stage => 'applied' };
    push @{ $self->{order} }, 'other';
    return ('Exec format error', 'no_match', '');
} });
($status, $out) = apply($kernel);
is($kernel->modules, "ext4 ksplice @other", 'also by one that came meanwhile and needs the core');
unlike($out, qr/warning/, 'no attempt is made to remove that');

# What a command that was killed has left.
$kernel = kernel();
$kernel->insmod("/x/$_") for qw(ksplice.ko ksplice-abc-vmlinux-old.ko ksplice-abc-vmlinux-new.ko);
($status) = apply($kernel);
is($status, 0, 'leftovers of the same update are no hindrance');
is($kernel->stage('abc'), 'applied', 'it is applied');

# With what a killed command has left of update 'def'; 'one' is applied.
sub with_rest (%def) {
    spew("$store/def/contents", '');
    my @modules = map { "ksplice_def_vmlinux_$_" } qw(old new);
    my %with = (hash => 'd' x 64, match => "vmlinux all\n", %def);
    return kernel(modules => [qw(ext4 ksplice), @modules], order => [qw(one def)],
        update => { one => { stage => 'applied', match => '', hash => 'e' x 64 }, def => \%with });
}
sub state_of ($kernel) { return join ' ', map { "@$_" } $kernel->updates }
for my $stage (qw(preparing matched reversed)) {
    $kernel = with_rest(stage => $stage);
    ($status, $out) = apply($kernel);
    is("$status " . state_of($kernel), '0 one applied abc applied', "an update is left: $stage");
    like($out, qr/^an earlier command has left update 'def' \($stage\); it is removed$/m,
        '  ... it is removed, which is reported');
    unlike($kernel->modules, qr/_def_/, '  ... with its modules');
    ok(!-e "$store/def", '  ... and what was kept of it');
}
$kernel = with_rest(stage => 'matched');
$kernel->{running}{def} = sub ($def) { $def->{stage} = 'applied' };
($status) = apply($kernel);
is(state_of($kernel), 'one applied def applied abc applied', 'what the kernel finishes stays');
ok(-e "$store/def", '  ... with what is kept of it');
$kernel = with_rest(stage => 'applied');
$kernel->{running}{def} = sub ($def) { $def->{stage} = 'reversed' };
attempt(sub { try_update($kernel, \%update, {}) });
is(state_of($kernel), 'one applied', 'what it reverses is removed, also before a dry run');
$kernel = with_rest(stage => 'reversed');
$kernel->{refuse}{'rmmod ksplice_def_vmlinux_new'} = ['Module is in use'];
($status, $out) = apply($kernel);
is("$status " . state_of($kernel), '0 one applied def reversed abc applied',
    'an update that cannot be removed is no hindrance');
like($out, qr/warning: leftovers of update 'def' from .* cannot be removed: .* in use$/m,
    '  ... and is reported');
$kernel = with_rest(stage => 'matched', hash => '');
apply($kernel);
is(state_of($kernel), 'one applied def matched abc applied', 'what was loaded by hand stays');
spew("$store/ghi/contents", '');
apply($kernel);
ok(!-e "$store/ghi", 'what was kept of an update that the core does not know is removed');

# The same again, after a command that was killed when it had replaced another one.
$kernel = with_others('one');
apply($kernel, replace => 'one');
$kernel->{did} = [];
($status, $out) = apply($kernel, replace => 'one');
is("$status $out@{ $kernel->{did} }", "0 update 'abc' is already applied\n",
    'an update has replaced another one: once more is fine');
$kernel = kernel();
$kernel->{refuse}{'insmod ksplice-abc-ext4-new.ko'} = sub ($self) {
    $self->{update}{abc}{kick} = "1\n";
    return;
};
apply($kernel);
ok((grep { $_ eq 'kick 0' } @{ $kernel->{did} }), 'nothing is kicked that a killed command kicked');

# Stopped by a signal: the sub that main installs dies.
$kernel = kernel(refuse => { 'insmod ksplice-abc-ext4-new.ko' => sub ($self) {
    push @{ $self->{modules} }, 'ksplice_abc_ext4_new';
    Ksplice::fail('stopped by SIGINT');
} });
($status, undef, $message) = apply($kernel);
is($message, 'stopped by SIGINT', 'a signal stops it');
is($kernel->modules, 'ext4', 'what was just being loaded is removed, too');

# A module that does not go.
$kernel = kernel(refuse => {
    'stage applied' => ['Exec format error', 'text_changed', 'f'],
    'rmmod ksplice_abc_ext4_old' => ['Module ksplice_abc_ext4_old is in use'],
});
($status, $out, $message) = apply($kernel);
like($out, qr/warning: cannot remove the module 'ksplice_abc_ext4_old': Module /,
    'a module that cannot be unloaded is reported');
like($message, qr/^code has changed since it was checked: f\n/,
    'the reason is still the first one');

# --dry-run
$kernel = kernel();
($status, $out, $message) = attempt(sub { try_update($kernel, \%update, {}) });
is($status, 0, 'a dry run succeeds') or diag $message;
is($kernel->modules, 'ext4', 'and leaves nothing');
is($out, "vmlinux matched 2 of 2 functions in 7 us\next4 matched 2 of 2 functions in 7 us\n"
    . "update 'abc' can be applied: 2 functions of vmlinux; nothing was changed\n",
    'and prints what matched');
unlike("@{ $kernel->{did} }", qr/stage applied/, 'nothing was tried to be changed');
$kernel = kernel(refuse => { 'stage try' =>
    ['busy', 'code_busy', 'do_poll', "71 sh do_poll+0x1f\n"] });
($status, $out, $message) = attempt(sub { try_update($kernel, \%update, {}) });
is($status, 3, 'a dry run reports busy code');
like($message, qr/: do_poll\n  task 71 \(sh\) is in do_poll\+0x1f\n/, 'and the task');
is($kernel->modules, 'ext4', 'and leaves nothing');
$kernel = kernel(modules => []);
($status, undef, $message) = attempt(sub { try_update($kernel, \%update, { partial => 1 }) });
is($status, 0, 'a dry run of a part') or diag $message;
is($kernel->modules, '', 'leaves nothing');
ok(!-e "$store/abc", 'nor anything kept');
$kernel = kernel(refuse => { 'insmod ksplice-abc-ext4-old.ko' =>
    ['Exec format error', 'no_match', 'f+0x3'] });
($status, $out, $message) = attempt(sub { try_update($kernel, \%update, {}) });
is($status, 1, 'a dry run that does not match fails');
is($kernel->modules, 'ext4', 'and leaves nothing');

# --debug
($status, $out) = apply($kernel, debug => 1);
is($out, "log of abc\n", '--debug shows the log of a failure');

# --json, which makes the rest silent
$tries = 0;
$kernel = kernel(refuse => { 'stage applied' => $busy->(99) });
($status, $out, $message) = attempt(sub {
    with_report(1, sub { apply_update($kernel, \%update, { wait => 0 }) });
});
is($status, 3, '--json: the status is the same');
like($message, qr/^a task is in code/, 'and the words');
my $text = $message =~ s/\n/\\n/gr;
is($out, <<"END", '--json prints one object');
{
  "abort_cause": "code_busy",
  "conflicts": [
    {
      "command": "my daemon",
      "function": "do_poll",
      "offset": 31,
      "pid": 71,
      "stack": [
        "do_poll+0x1f",
        "do_syscall_64+0x5b"
      ]
    }
  ],
  "message": "$text",
  "reason": "do_poll",
  "status": 3
}
END
$kernel = with_rest(stage => 'matched');
(undef, $out) = attempt(sub { with_report(1, sub { apply_update($kernel, \%update, {}) }) });
like($out, qr/"leftovers": \[\n\s+"def"\n/, 'and what an earlier command had left');

done_testing;
