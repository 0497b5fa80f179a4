# SPDX-License-Identifier: GPL-2.0-only
#
# guest.sh - the words of the test scripts that run in a guest
#
# Run as "sh guest.sh SCRIPT".  Each word below prints one line of TAP, and what
# was seen if it is not what was expected.  A test that needs a directory of
# its own uses /tmp: the guest is gone afterwards.

test_number=0

# result STATUS TITLE: the line of TAP; shows /tmp/out and /tmp/err if not ok
result() {
	test_number=$((test_number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $test_number - $2"
	else
		echo "not ok $test_number - $2"
		for seen in /tmp/out /tmp/err; do
			[ -s $seen ] && sed "s,^,# ${seen#/tmp/}: ," $seen
		done
	fi
	: > /tmp/out
	: > /tmp/err
}

# ok TITLE COMMAND...: the command succeeds
ok() {
	title=$1
	shift
	"$@" > /tmp/out 2> /tmp/err
	result $? "$title"
}

# not_ok TITLE COMMAND...: the command fails, with an exit status of its own
not_ok() {
	title=$1
	shift
	"$@" > /tmp/out 2> /tmp/err
	seen_status=$?
	[ $seen_status -gt 0 ] && [ $seen_status -lt 126 ]
	result $? "$title"
}

# says TITLE PATTERN COMMAND...: it succeeds, a line of its stdout matches
says() {
	title=$1 pattern=$2
	shift 2
	"$@" > /tmp/out 2> /tmp/err &&
		grep -Eq -- "$pattern" /tmp/out
	result $? "$title"
}

# says_not TITLE PATTERN COMMAND...: it succeeds, no line matches
says_not() {
	title=$1 pattern=$2
	shift 2
	"$@" > /tmp/out 2> /tmp/err &&
		! grep -Eq -- "$pattern" /tmp/out
	result $? "$title"
}

# refused TITLE STATUS PATTERN COMMAND...: it ends with just that status, and
# a line of its stderr matches
refused() {
	title=$1 wanted=$2 pattern=$3
	shift 3
	"$@" > /tmp/out 2> /tmp/err
	seen_status=$?
	if [ $seen_status != "$wanted" ]; then
		echo "# exit status $seen_status, not $wanted"
		false
	else
		grep -Eq -- "$pattern" /tmp/err
	fi
	result $? "$title"
}

# apply ID, undo ID: as tests
apply() {
	ok "apply $1" ksplice-apply /updates/"$1".tar.gz
}
undo() {
	ok "undo $1" ksplice-undo "$1"
}

# unpack ID: an update, into /tmp/work, where we are then
unpack() {
	rm -rf /tmp/work && mkdir /tmp/work && cd /tmp/work && tar -xzf /updates/"$1".tar.gz
}

# pack NAME: the update in /tmp/work, which may have been edited, as /tmp/NAME.tar.gz
pack() {
	perl -I/opt/ksplice/lib -MKsplice::Update=seal_update -e 'seal_update(glob "ksplice-*")' &&
		pack_as_is "$1"
}

# pack_as_is NAME: with contents that do not know what was edited
pack_as_is() {
	tar -czf /tmp/"$1".tar.gz ksplice-* && cd /
}

# edited HOW ID [TARGET]: the update with another pre image, as /tmp/HOW.tar.gz
edited() {
	( unpack "$2" && perl /t/lib/edit-module.pl "$1" ksplice-*/*"$3"-old.ko && pack "$1" ) ||
		exit
}

# wrong_functions ID N: loads the pre image of an update of vmlinux N times, each time
# with something else wrong in each function.  The functions are in /tmp/all-changed, those
# that match all the same in /tmp/accepted.
wrong_functions() {
	tar -xzf /updates/"$1".tar.gz -C /tmp && insmod /tmp/ksplice-"$1"/ksplice.ko || exit
	for seed in $(seq "$2"); do
		perl /t/lib/corrupt.pl "$seed" /tmp/ksplice-"$1"/*-old.ko /tmp/bad.ko \
			> /tmp/changed || exit
		insmod /tmp/bad.ko > /dev/null 2>&1
		sed -En "s/^([^ ]*: )'?([A-Za-z0-9_.]+)(\+0x|').*/\1\2 /p" \
			/sys/kernel/debug/ksplice/"$1"/log > /tmp/said
		grep -vFf /tmp/said /tmp/changed >> /tmp/accepted
		cat /tmp/changed >> /tmp/all-changed
		rmmod ksplice_"$1"_vmlinux_old 2> /dev/null
	done
	rmmod ksplice
}

# untouched TITLE: nothing of ours is in the kernel
untouched() {
	lsmod > /tmp/out
	[ ! -e /sys/kernel/ksplice ] && ! grep -q ksplice /tmp/out
	result $? "$1"
}

# wait_for COMMAND...: until it succeeds, ten seconds at most
wait_for() {
	tries=100
	until "$@" > /dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

# finish [-SIGNAL] PID...: ends processes that the script has started, and waits until
# they have ended, without the shell's words about it
finish() {
	kill "$@"
	case $1 in
	-*) shift ;;
	esac
	wait "$@"
	return 0
} 2> /dev/null

# sleeps_in NUMBER PID: the process sleeps in the system call of that number.  Its
# stack is not read to see that: the kernel warns if it runs just then while a
# return probe has one of its return addresses.
sleeps_in() {
	grep -q "^$1 " /proc/"$2"/syscall
}

# reads_pipe PID: it sleeps in read(2) of a pipe
reads_pipe() {
	read -r seen_call seen_fd seen_rest < /proc/"$1"/syscall &&
		[ "$seen_call" = 0 ] && [ -p /proc/"$1"/fd/$((seen_fd)) ]
}

# body_of FUNCTION: the offset of what follows its ftrace site, where a redirect goes
body_of() {
	perl /t/guest/core.pl /proc/kcore body \
		"$(awk -v name="$1" '$3 == name { print $1; exit }' /proc/kallsyms)"
}

. "$1"
