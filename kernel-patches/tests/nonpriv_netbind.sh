#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Ports that are listed in /proc/tkernel/nonpriv_netbind need no privilege to
# be bound, by IPv4 and IPv6, TCP and UDP; all others do as ever.
#
# tests: 19
# files: /proc/tkernel/nonpriv_netbind

ports=/proc/tkernel/nonpriv_netbind

refused 'port 80 needs a privilege' 1 EACCES tool as 1000 bind inet tcp 80
says 'no port is open at first' '^0$' sh -c "wc -l < $ports"
ok '+80 opens a port' tool put $ports '+80\n'
ok 'a user binds it, TCP' tool as 1000 bind inet tcp 80
ok 'UDP' tool as 1000 bind inet udp 80
ok 'TCP over IPv6' tool as 1000 bind inet6 tcp 80
ok 'UDP over IPv6' tool as 1000 bind inet6 udp 80
if grep -q SCTP /proc/net/protocols && [ -z "$stock_kernel" ]; then
	ok 'SCTP' tool as 1000 bind inet sctp 80
else
	ok 'SCTP # skip the update leaves sctp.ko alone' true
fi
refused 'no other port' 1 EACCES tool as 1000 bind inet tcp 81
ok 'it counts in other namespaces' \
	unshare -n -p -f perl /tests/tool.pl as 1000 bind inet tcp 80
ok 'a number without a sign opens' tool put $ports 0x1b0
ok 'the last one' tool put $ports 1023
says 'the list' '^80 432 1023$' sh -c "echo \$(cat $ports)"
ok '-80 closes' tool put $ports '-80'
refused 'the port needs a privilege again' 1 EACCES tool as 1000 bind inet tcp 80
ok 'what is not a port is refused' tool denies EINVAL $ports \
	0 +0 1024 65616 abc '' + - ++80 '80 81' '80\n81' 80x '80\0' 0x '-' 99999999999999999999
refused 'a user may not open it' 1 EACCES tool as 1000 opens r $ports
refused "nor a container's root" 1 EPERM \
	unshare -U -r perl /tests/tool.pl opens rw $ports

# Two writers at once, each of its own ports: neither loses one of the other's.
writer() {
	for port in $(seq $1 2 $2); do
		echo "+$port" > $ports
	done
}
writer 500 600 &
writer 501 601
wait $!
says 'two writers at once' '^104$' sh -c "wc -l < $ports"
for port in $(cat $ports); do
	echo "-$port" > $ports
done
