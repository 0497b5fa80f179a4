#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# tool.pl - system calls for the tests of kernel-patches, in the guest
#
#   put FILE TEXT             one write(2) of it; \n and \0 are what they are in C
#   denies ERROR FILE TEXT... each TEXT, written, is refused with just that error
#   opens MODE FILE           open(2), MODE being r, w or rw
#   bind FAMILY TYPE PORT     inet or inet6; tcp, udp or sctp
#   uname                     the release that uname(2) tells
#   taskstats                 asks the kernel for what it counts of this process
#
# With "as UID" before the command: as that user, and no group's.  A call that fails
# ends it with status 1, and the error's name on stderr.

use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Errno qw();
use Fcntl;
use POSIX qw();
use Socket;

my %commands = (
    put => \&put, denies => \&denies, opens => \&opens, bind => \&bind_port,
    uname => sub () { say +(POSIX::uname())[2] }, taskstats => \&taskstats,
);

if (@ARGV > 1 && $ARGV[0] eq 'as') {
    my (undef, $uid) = splice @ARGV, 0, 2;
    $( = $uid;
    $) = "$uid $uid";
    POSIX::setuid($uid) or failed();
}
my $name = shift @ARGV // die "no command\n";
($commands{$name} // die "no command '$name'\n")->(@ARGV);

sub error_name () {
    my ($found) = grep { $!{$_} && !/^(?:EWOULDBLOCK|EDEADLOCK|ENOTSUP)\z/ } sort keys %!;
    return $found // "errno $!";
}

sub failed () {
    say STDERR error_name();
    exit 1;
}

sub open_file ($file, $flags) {
    sysopen my $handle, $file, $flags or failed();
    return $handle;
}

sub text_of ($text) { return $text =~ s/\\n/\n/gr =~ s/\\0(?!\d)/\0/gr }

sub put ($file, $text) {
    my $handle = open_file($file, O_WRONLY);
    defined syswrite $handle, text_of($text) or failed();
    return;
}

sub denies ($error, $file, @texts) {
    my $handle = open_file($file, O_WRONLY);
    my $bad = 0;
    for my $text (@texts) {
        my $written = syswrite $handle, text_of($text);
        my $got = defined $written ? 'done' : error_name();
        next if $got eq $error;
        say "'$text': $got";
        $bad = 1;
    }
    exit $bad;
}

sub opens ($mode, $file) {
    my %flags = (r => O_RDONLY, w => O_WRONLY, rw => O_RDWR);
    open_file($file, $flags{$mode});
    return;
}

sub bind_port ($family, $type, $port) {
    my ($kind, $protocol) = @{ {
        tcp  => [SOCK_STREAM, 6],
        udp  => [SOCK_DGRAM, 17],
        sctp => [SOCK_STREAM, 132],
    }->{$type} };
    my ($domain, $address) = $family eq 'inet6'
        ? (AF_INET6, pack_sockaddr_in6($port, "\0" x 16))
        : (AF_INET, pack_sockaddr_in($port, INADDR_ANY));
    socket my $socket, $domain, $kind, $protocol or failed();
    bind $socket, $address or failed();
    return;
}

# A message of generic netlink and the answer's payload, after both its headers.
sub ask_netlink ($socket, $family, $command, $attribute, $value) {
    my $length = 4 + length $value;
    my $padding = "\0" x (-$length % 4);
    my $payload = pack 'CCS SS a* a*', $command, 1, 0, $length, $attribute, $value, $padding;
    send $socket, pack('LSSLL a*', 16 + length $payload, $family, 1, 1, 0, $payload), 0
        or failed();
    defined recv $socket, my $answer, 65536, 0 or failed();
    my ($type) = unpack 'x4 S', $answer;
    if ($type == 2) {
        $! = -unpack 'x16 l', $answer;
        failed() if $!;
    }
    return substr $answer, 20;
}

sub taskstats () {
    socket my $socket, 16, SOCK_RAW, 16 or failed();
    my $about = ask_netlink($socket, 16, 3, 2, "TASKSTATS\0");
    my ($family) = $about =~ /\x06\0\x01\0(..)/s or die "no family TASKSTATS\n";
    my $stats = ask_netlink($socket, unpack('S', $family), 1, 1, pack 'L', $$);
    say length $stats > 300 ? 'has statistics' : 'has none';
    return;
}
