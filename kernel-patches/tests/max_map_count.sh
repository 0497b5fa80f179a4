#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vm.max_map_count is a limit for each PID namespace; one in which it was
# not written has that of its parent.
#
# tests: 31

knob=/proc/sys/vm/max_map_count
host=$(cat $knob)

# inside SCRIPT: in a namespace of its own
inside() {
	unshare -p -f sh -c "knob=$knob; $1"
}

says 'a container has the limit that there is' "^$host\$" inside 'cat $knob'
ok 'it sets its own' inside 'echo 100 > $knob && [ $(cat $knob) = 100 ]'
says "which is not the others'" "^$host\$" cat $knob
says 'nor that of the next one' "^$host\$" inside 'cat $knob'
says 'as many there are, and one more' '^101$' inside 'echo 100 > $knob; maps count 1000'
says 'outside there are more' '^1000$' maps count 1000
for way in munmap mprotect madvise mremap brk; do
	says "it is a limit for $way" '^E(NOMEM|AGAIN)$' inside "echo 100 > \$knob; maps $way 1000"
	says "and nowhere else: $way" '^done$' maps $way 1000
done
says 'one in it has the same' '^100 101$' inside \
	'echo 100 > $knob; unshare -p -f sh -c "echo \$(cat $knob) \$(maps count 1000)"'
says 'or its own' '^200 201 100$' inside \
	'echo 100 > $knob
	unshare -p -f sh -c "echo 200 > $knob; echo \$(cat $knob) \$(maps count 1000) >> /tmp/two"
	echo $(cat /tmp/two $knob)'
says 'also what is set later' '^120$' inside \
	'unshare -p -f sh -c "until [ -e /tmp/later ]; do sleep 0.1; done; cat $knob" &
	echo 120 > $knob; : > /tmp/later; wait'
says 'not what it has its own of' '^130$' inside \
	'unshare -p -f sh -c "echo 130 > $knob; : > /tmp/has
		until [ -e /tmp/later2 ]; do sleep 0.1; done; cat $knob" &
	until [ -e /tmp/has ]; do sleep 0.1; done
	echo 120 > $knob; : > /tmp/later2; wait'
unshare -p -f sh -c "echo 140 > $knob; echo > /tmp/entered; sleep 1000; :" &
unshare=$!
wait_for test -e /tmp/entered
target=$(cat /proc/$unshare/task/$unshare/children)
says 'a process that enters a namespace has its limit' '^141$' \
	nsenter -p -t "${target% }" maps count 1000
ok 'and can set it, from outside' nsenter -p -t "${target% }" perl /tests/tool.pl put $knob 150
says 'as it is there then' '^151$' nsenter -p -t "${target% }" maps count 1000
kill -9 $target
ok 'outside it can be set' tool put $knob $((host + 1))
says 'and containers have that' "^$((host + 1))\$" inside 'cat $knob'
ok 'outside -1 is refused' tool denies EINVAL $knob -1 x
ok 'and inside' inside 'perl /tests/tool.pl denies EINVAL $knob -1 x 4294967396'
refused 'a user may not set it' 1 EACCES tool as 1000 opens w $knob
refused 'nor inside' 1 EACCES inside 'perl /tests/tool.pl as 1000 opens w $knob'
tool put $knob "$host"

# Many with a limit, at once and one after the other: what is freed is forgotten,
# also if another one has its address.
namespaces() {
	for i in $(seq 40); do
		inside "cat \$knob; echo $((100 + i)) > \$knob; maps count 1000"
	done > /tmp/limits.$1
}
namespaces 1 &
namespaces 2
wait $!
cat /tmp/limits.* > /tmp/limits
says 'many start and end, each first with the limit outside' '^80$' grep -cx "$host" /tmp/limits
says 'and then with its own' '^80$' grep -c '^1[0-4][0-9]$' /tmp/limits
