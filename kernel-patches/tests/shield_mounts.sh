#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Mounts that are listed in /proc/tkernel/shield_mounts are left out of what
# processes in a PID namespace of their own see of mounts, and only there.
#
# tests: 24
# files: /proc/tkernel/shield_mounts

shield=/proc/tkernel/shield_mounts
mkdir -p /secret "/two words" /plain
mount -t tmpfs hidden /secret
mount -t tmpfs hidden "/two words"
mount -t tmpfs hidden /plain

# inside COMMAND...: in a container, with the mounts that there are here
inside() {
	unshare -p -f -m "$@"
}
# sees TITLE FILE WORD, sees_not TITLE FILE WORD
sees() {
	says "$1" "$3" inside cat /proc/self/$2
}
sees_not() {
	says_not "$1" "$3" inside cat /proc/self/$2
}

for file in mounts mountinfo mountstats; do
	sees "a container sees all in $file" $file /secret
done
ok 'a pair is set' tool put $shield 'set hidden /secret\n'
for file in mounts mountinfo mountstats; do
	sees_not "it is left out of $file" $file /secret
done
sees 'others are not' mounts /plain
sees 'they are whole lines' mountinfo '^[0-9]+ [0-9]+ [0-9]+:[0-9]+ / /plain rw'
says 'the host sees it' ' /secret ' cat /proc/self/mounts
ok 'the mount can be used' inside sh -c 'echo 1 > /secret/file && test -e /secret/file'
sleep 1000 &
host=$!
says_not "the reader decides, not whose mounts they are" ' /secret ' \
	inside cat /proc/$host/mounts
kill $host

ok 'a name with blanks' tool put $shield 'set hidden /two\040words'
sees_not 'is left out' mounts two
says 'the list' '^hidden on /two.040words$' cat $shield
ok 'of another device it is another pair' tool put $shield 'set other /plain'
sees 'and hides nothing' mounts /plain
ok 'what is no command is refused' tool denies EINVAL $shield \
	'' set 'set hidden' 'hide hidden /x' 'set hidden /x y' 'set\0' \
	'set hidden /x\nset hidden /y'
refused 'a pair that is there' 1 EEXIST tool put $shield 'set hidden /secret'
refused 'one to be cleared that is not' 1 ENOENT tool put $shield 'clear hidden /nowhere'
long=/$(printf %01023d 0)
refused 'a name that is too long' 1 ENAMETOOLONG tool put $shield "set x $long"
refused "a container's root may not open it" 1 EPERM \
	inside perl /tests/tool.pl opens r $shield

# Two writers at once, up to the limit of 512 pairs and beyond.
writer() {
	for i in $(seq $1 $2); do
		echo "set x /$i" > $shield
	done 2> /dev/null
}
writer 1 260 &
writer 261 520
wait $!
says 'there are 512 at most' '^512$' sh -c "wc -l < $shield"
perl -e 'open my $f, "<", $ARGV[0]; my @l = <$f>;
	for (@l) { /^(\S+) on (\S+)/; open my $g, ">", $ARGV[0]; print $g "clear $1 $2" }' $shield
sees 'cleared it is seen again' mounts /secret
umount /secret "/two words" /plain
