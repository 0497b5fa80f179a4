#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The sysctls of TCP do what they say, in their own network namespace only.
#
# tests: 42
# files: /proc/sys/net/ipv4/tcp_loss_init_cwnd /proc/sys/net/ipv4/tcp_init_cwnd
# files: /proc/sys/net/ipv4/tcp_rto_min /proc/sys/net/ipv4/tcp_rto_max
# files: /proc/sys/net/ipv4/tcp_no_delay_ack

ipv4=/proc/sys/net/ipv4
ip link set lo up
unshare -n sleep 1000 &
other=$!
wait_for sh -c "[ \$(readlink /proc/$other/ns/net) != \$(readlink /proc/self/ns/net) ]"
# elsewhere COMMAND...: in another network namespace
elsewhere() {
	nsenter -t $other -n "$@"
}
elsewhere ip link set lo up

# values [NAME...]: what the sysctls are
values() {
	sh -c "cd $ipv4 && echo \$(cat ${*:-tcp_loss_init_cwnd tcp_no_delay_ack tcp_init_cwnd \
		tcp_rto_min tcp_rto_max})"
}
# counted NAME [FILE]: what /proc/net/netstat, or a copy, tells of it
counted() {
	awk -v "name=$1" '/^TcpExt:/ && !n { n = split($0, names); next }
		/^TcpExt:/ { for (i = 1; i <= n; i++) if (names[i] == name) print $i }' \
		"${2:-/proc/net/netstat}"
}
# takes NAME VALUE...: it may be each of them
takes() {
	name=$1
	shift
	for value in "$@"; do
		tool put $ipv4/$name $value && grep -qx $value $ipv4/$name || return 1
	done
}

says 'what is at first' '^1 0 10 200 120$' values
says 'so it is in a namespace that was there before' '^1 0 10 200 120$' \
	elsewhere sh -c "cat $ipv4/tcp_loss_init_cwnd $ipv4/tcp_no_delay_ack $ipv4/tcp_init_cwnd \
		$ipv4/tcp_rto_min $ipv4/tcp_rto_max | tr '\n' ' ' | sed 's/ \$//'"
says 'and in a new one' '^10$' unshare -n cat $ipv4/tcp_init_cwnd

# tcp_init_cwnd
says 'ten segments at the start' '^cwnd 10 10 ' tcp start
ok 'tcp_init_cwnd is set' tool put $ipv4/tcp_init_cwnd 20
says 'as many at the start' '^cwnd 20 20 ' tcp start
says 'not elsewhere' '^cwnd 10 10 ' elsewhere tcp start
ok 'set there' elsewhere perl /tests/tool.pl put $ipv4/tcp_init_cwnd 3
says 'it is this' '^cwnd 3 3 ' elsewhere tcp start
says 'and here as before' '^cwnd 20 20 ' tcp start

# tcp_loss_init_cwnd
says 'one segment after a timeout' '^cwnd 1 ' tcp lose 1000
ok 'tcp_loss_init_cwnd is set' tool put $ipv4/tcp_loss_init_cwnd 5
says 'as many after a timeout' '^cwnd 5 ' tcp lose 1000
says 'not elsewhere' '^cwnd 1 ' elsewhere tcp lose 1000

# tcp_rto_min
says 'timeouts are 200 ms at least' '^cwnd .* rto [2-9].. [2-9]..$' tcp start
ok 'tcp_rto_min is set' tool put $ipv4/tcp_rto_min 20
says 'they are less' '^cwnd .* rto ([2-9].|1..) ([2-9].|1..)$' tcp start
says 'not elsewhere' '^cwnd .* rto [2-9].. [2-9]..$' elsewhere tcp start
ok 'set to more' tool put $ipv4/tcp_rto_min 500
says 'they are more' '^cwnd .* rto [5-9].. [5-9]..$' tcp start
ok 'as at first' tool put $ipv4/tcp_rto_min 200

# tcp_rto_max, both ways at once
ok 'tcp_rto_max is set' tool put $ipv4/tcp_rto_max 1
elsewhere tcp lose 3500 > /tmp/lost &
says 'timeouts double up to that' ' rto 1000$' tcp lose 3500
wait $!
says 'and beyond it elsewhere' ' rto (1[1-9]|[23]).*..$' cat /tmp/lost
ok 'it counts if tcp_rto_min is more' tool put $ipv4/tcp_rto_min 5000
says 'so that timeouts are that' ' rto 1000 1000$' tcp start
tool put $ipv4/tcp_rto_min 200

# tcp_no_delay_ack
# delayed: how many of four bytes were not acknowledged at once
delayed() {
	delayed_before=$(counted DelayedACKs)
	tcp dribble 4
	echo $(($(counted DelayedACKs) - delayed_before))
}
says 'a peer without data waits before it acknowledges' '^[234]$' delayed
ok 'tcp_no_delay_ack is set' tool put $ipv4/tcp_no_delay_ack 1
says 'it does not' '^0$' delayed

# tcp_max_orphans
most=$(cat $ipv4/tcp_max_orphans)
says 'a namespace has a number of orphans of its own' "^$most$" \
	unshare -n cat $ipv4/tcp_max_orphans
elsewhere perl /tests/tool.pl put $ipv4/tcp_max_orphans 32
says 'set elsewhere it stays here' "^$most$" cat $ipv4/tcp_max_orphans
# Those of others, which all count for the machine
tcp orphans 40 20000 &
orphans=$!
elsewhere cat /proc/net/netstat > /tmp/before
aborted=$(counted TCPAbortOnMemory)
wait_for sh -c '[ $(sed -n "s/^TCP: .*orphan \([0-9]*\) .*/\1/p" /proc/net/sockstat) -ge 40 ]'
says 'within the limit they live' "^$aborted\$" counted TCPAbortOnMemory
elsewhere tcp orphans 3 1500
elsewhere cat /proc/net/netstat > /tmp/netstat
says "those of others do not count" "^$(counted TCPAbortOnMemory /tmp/before)\$" \
	counted TCPAbortOnMemory /tmp/netstat
elsewhere perl /tests/tool.pl put $ipv4/tcp_max_orphans 1
elsewhere tcp orphans 5 1500
elsewhere cat /proc/net/netstat > /tmp/netstat
says 'beyond it not' '^[1-9]' counted TCPAbortOnMemory /tmp/netstat
says 'only there' "^$aborted\$" counted TCPAbortOnMemory
kill $orphans
# Each user can have a namespace, and be its root
as_its_root() {
	unshare -U -r -n "$@"
}
refused "a namespace's root cannot lift it above the machine's" 1 EINVAL \
	as_its_root perl /tests/tool.pl put $ipv4/tcp_max_orphans $((most + 1))
ok 'up to that' as_its_root perl /tests/tool.pl put $ipv4/tcp_max_orphans $most
as_its_root sh -c ': > /tmp/ready; until [ -e /tmp/lowered ]; do sleep 0.1; done
	cat /proc/sys/net/ipv4/tcp_max_orphans' > /tmp/seen_orphans &
wait_for test -e /tmp/ready
echo 100 > $ipv4/tcp_max_orphans
: > /tmp/lowered
wait $!
says "when the machine's is less it is that" '^100$' cat /tmp/seen_orphans
echo $most > $ipv4/tcp_max_orphans

# What may be written
refusals() {
	tool denies EINVAL $ipv4/tcp_init_cwnd 0 -1 1001 x 99999999999 &&
		tool denies EINVAL $ipv4/tcp_loss_init_cwnd 0 -1 1001 x &&
		tool denies EINVAL $ipv4/tcp_rto_min 3 0 -1 120001 x &&
		tool denies EINVAL $ipv4/tcp_rto_max 0 -1 121 x &&
		tool denies EINVAL $ipv4/tcp_no_delay_ack 2 -1 x &&
		elsewhere perl /tests/tool.pl denies EINVAL $ipv4/tcp_max_orphans -1 x
}
ok 'other values are refused' refusals
limits() {
	takes tcp_init_cwnd 1 1000 10 && takes tcp_loss_init_cwnd 1000 1 &&
		takes tcp_rto_min 4 120000 200 && takes tcp_rto_max 1 120 &&
		takes tcp_no_delay_ack 1 0
}
ok 'the limits themselves are not' limits
refused 'a user may not' 1 EACCES tool as 1000 put $ipv4/tcp_init_cwnd 11

# Two writers at once: it is one or the other in the end, and never anything else.
for i in $(seq 100); do echo 11 > $ipv4/tcp_init_cwnd; done &
for i in $(seq 100); do echo 12 > $ipv4/tcp_init_cwnd; done
wait $!
says 'two writers at once' '^1[12]$' cat $ipv4/tcp_init_cwnd
echo 10 > $ipv4/tcp_init_cwnd
kill $other
