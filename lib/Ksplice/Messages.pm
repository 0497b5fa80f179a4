# SPDX-License-Identifier: GPL-2.0-only
#
# Messages.pm - the messages around patches: a mailbox, what git show prints
#
# A file with a patch may hold several, each with a message of its own, as
# 'git format-patch --stdout', a mail archive and 'git show A B' write them: they
# are a series.  These parts of a message become the description of the update:
# subject, author, the commits it fixes, and CVE ids.  A message without a patch,
# such as a cover letter or a reply, adds nothing.

package Ksplice::Messages;
use v5.32;
use warnings;
use feature 'signatures';
no warnings 'experimental::signatures';

use Encode             qw(decode encode);
use Exporter           qw(import);
use Ksplice            qw(fail);
use MIME::Base64       qw(decode_base64);
use MIME::QuotedPrint  qw(decode_qp);

our @EXPORT_OK = qw(read_messages describe_message);

my $mail   = qr/^From \S+ .*\d\d:\d\d:\d\d.* \d{4}\s*$/m;
my $commit = qr/^commit [0-9a-f]{7,64}(?: \(.*\))?\s*$/m;

# read_messages(TEXT, WHAT) -> a list of {text, subject, from, fixes, cves}: text has
# the patch.  A text without any message counts as one.
sub read_messages ($text, $what) {
    my ($first) = $text =~ /^(.*\S.*)$/m;
    my $start = $first =~ $mail ? $mail : $first =~ $commit ? $commit : undef;
    my @parts = defined $start ? grep { /\S/ } split /(?=$start)/m, $text : ($text);
    return map { $first =~ $commit ? read_commit($_) : read_mail($_, $what) } @parts;
}

# Without a header it is all text.
sub read_mail ($text, $what) {
    my $body = $text =~ s/\A\s*From .*\n//r;
    my %field;
    if ($body =~ /\A(?:[A-Z][\w-]*:.*\n)+?(?:From|Subject):|\A(?:From|Subject):/) {
        my ($head, $rest) = split /\r?\n\r?\n/, $body, 2;
        $body = $rest // '';
        %field = map { lc($_->[0]) => $_->[1] } map { [/^([\w-]+):\s*(.*)/s] }
            grep { /^[\w-]+:/ } split /\r?\n(?![ \t])/, $head;
    }
    refuse_parts($field{'content-type'} // '', $what);
    my $how = lc($field{'content-transfer-encoding'} // '');
    $body = decode_qp($body)     if $how =~ /^quoted-printable/;
    $body = decode_base64($body) if $how =~ /^base64/;
    my %header = map { $_ => plain_field($field{$_} // '') } qw(from subject);
    # As for git am: the author, if different from the sender.
    $header{from} = plain_field($1) if %field && $body =~ /\A\s*From: (.+)\n/;
    return new_message($body, $header{subject}, $header{from},
        $body =~ /\A(.*?)^(?:---\s*$|diff |--- |Index: )/ms ? $1 : $body);
}

sub refuse_parts ($type, $what) {
    fail("the patch '$what' is a mail of several parts: save its text, for example with "
        . "'git am --show-current-patch' or 'b4 am'") if $type =~ m{^multipart/}i;
    return;
}

# As git show and git log -p print it: the message is indented.
sub read_commit ($text) {
    my ($from) = $text =~ /^Author:\s*(.*\S)/m;
    my $said = join '', map { s/^    //r } grep { /^    / }
        split /^/m, $text =~ s/^diff .*//msr;
    my ($subject) = $said =~ /^(.*\S)/m;
    return new_message($text, $subject // '', $from // '', $said);
}

sub new_message ($text, $subject, $from, $said) {
    $subject =~ s/^(?:\s*(?:Re:|\[[^\]]*\]))+\s*//i;
    my (%seen, %message);
    $message{fixes} = [map { printable($_) } $said =~ /^\s*Fixes:\s*(\S.*?)\s*$/mgi];
    $message{cves} = [grep { !$seen{$_}++ } "$subject\n$said" =~ /\b(CVE-\d{4}-\d{4,})\b/g];
    return { %message, text => $text, subject => printable($subject), from => printable($from) };
}

# A field of several lines, or with words in another character set.
sub plain_field ($text) {
    $text =~ s/\r?\n[ \t]+/ /g;
    $text = eval { encode('UTF-8', decode('MIME-Header', $text)) } // $text if $text =~ /=\?/;
    return $text =~ s/\s+\z//r;
}

sub printable ($text) { return substr $text =~ s/[\0-\x1f\x7f]/ /gr, 0, 300 }

# Lines for the description, possibly none.
sub describe_message ($message) {
    my @more = map { "Fixes: $_" } @{ $message->{fixes} };
    push @more, @{ $message->{cves} };
    unshift @more, "From: $message->{from}" if length $message->{from};
    return if !@more && !length $message->{subject};
    return (length $message->{subject} ? $message->{subject} : 'a patch', map { "    $_" } @more);
}

1;
