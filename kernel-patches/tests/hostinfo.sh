#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# /proc/PID/hostinfo tells a container's process what number it has outside, in
# each namespace up to the host's, while kernel.watch_host_pid is 1.
#
# tests: 23
# files: /proc/sys/kernel/watch_host_pid /proc/1/hostinfo /proc/1/task/1/hostinfo
# apply-once: hook pre_reverse .hostinfo_has_to_stay. of .vmlinux. returned -1$

knob=/proc/sys/kernel/watch_host_pid
tab=$(printf '\t')

# contain COMMAND...: runs it in a container, whose first process is $inside here
contain() {
	unshare -p -f -m --mount-proc "$@" &
	outside=$!
	wait_for grep -q . /proc/$outside/task/$outside/children
	inside=$(sed 's/ .*//' /proc/$outside/task/$outside/children)
	wait_for grep -q sleep /proc/$inside/comm
}

says 'it is off at first' '^0$' cat $knob
says 'there is nothing in it' '^0$' sh -c 'cat /proc/self/hostinfo | wc -c'
ok '1 turns it on' tool put $knob 1
says 'a name and numbers' "^Name: NStgid: NSpid: NSsid:$" \
	sh -c 'echo $(cut -f 1 /proc/self/hostinfo)'
sleep 1000 &
here=$!
says 'the host sees one number' "^NStgid:$tab$here$" cat /proc/$here/hostinfo
says 'that of the session' "^NSsid:$tab$(awk '{ print $6 }' /proc/$here/stat)$" \
	cat /proc/$here/hostinfo

contain sleep 1000
says 'of a container as well' "^NSpid:$tab$inside$" cat /proc/$inside/hostinfo
# in_container COMMAND...: in the namespaces of the last one
in_container() {
	nsenter -t $inside -p -m "$@"
}
says 'the container sees its own and that of the host' "^NStgid:${tab}1$tab$inside$" \
	in_container cat /proc/1/hostinfo
says 'of a thread, too' "^NSpid:${tab}1$tab$inside$" in_container cat /proc/1/task/1/hostinfo
says 'its session was made outside' "^NSsid:${tab}0$tab[1-9][0-9]*$" \
	in_container cat /proc/1/hostinfo
says 'others of the host are none of its own' "^NStgid:${tab}0$tab$here$" \
	unshare -p -f cat /proc/$here/hostinfo
kill -9 $inside $here
contain unshare -p -f -m --mount-proc sh -c 'cat /proc/self/hostinfo > /tmp/nested; exec sleep 1000'
wait_for grep -q NSsid /tmp/nested
says 'in a container in a container there are three' \
	"^NSpid:$tab[0-9]+$tab[0-9]+$tab[0-9]+$" cat /tmp/nested
kill -9 $inside
says 'each one is another one' '^3$' sh -c "grep NSpid /tmp/nested | cut -f 2- |
	tr '\t' '\n' | sort -u | wc -l"

says 'what is in a name does no harm' '^Name:.a\\nb$' \
	sh -c 'printf "a\nb" > /proc/$$/comm; cat < /proc/$$/hostinfo'
says 'it is listed once' '^1$' sh -c 'ls /proc/self | grep -cx hostinfo'
says 'for each task, too' '^1$' sh -c 'ls /proc/self/task/* | grep -cx hostinfo'
says 'and so are the others' '^status$' ls /proc/self
refused 'what is not there is not' 1 'No such file' cat /proc/self/nothing
ok 'a user may read it' tool as 1000 opens r /proc/self/hostinfo
ok 'other values are refused' tool denies EINVAL $knob 2 -1 x
refused 'a user may not' 1 EACCES tool as 1000 put $knob 0

# Two writers at once: it is one or the other in the end, and never anything else.
for i in $(seq 100); do echo 0 > $knob; done &
for i in $(seq 100); do echo 1 > $knob; done
wait $!
says 'two writers at once' '^[01]$' cat $knob
echo 0 > $knob
says '0 turns it off' '^0$' sh -c 'cat /proc/1/hostinfo | wc -c'
