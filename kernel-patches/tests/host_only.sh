#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What counts for the whole machine can be changed on the host only: not by the root
# of a container, whichever capabilities it has and whichever namespaces it lacks.
#
# tests: 8

# So that this is the same on a kernel of the series and on one with all updates.
updates='cpuset_files ttools shield_mounts nonpriv_netbind release_suffix fatal_signal
	min_epoll_wait pagecache_limit managed_irq hostinfo'
get_features() {
	[ -e /updates/hostinfo.tar.gz ] || return 0
	for update in $updates; do
		ksplice-apply /updates/$update.tar.gz || return 1
	done
}

# FILE VALUE: each knob, and what it is not at first
knobs='
/proc/sys/kernel/cpuset_cpuinfo_show_realinfo 1
/proc/sys/kernel/cpuset_cpuinfo_count_quota 1
/proc/sys/kernel/ttools_for_all_users 1
/proc/sys/kernel/watch_host_pid 1
/proc/sys/kernel/print-fatal-signals-src-dst 1
/proc/sys/kernel/min_epoll_wait_time 20
/proc/sys/kernel/irq_force_manage 1
/proc/sys/vm/pagecache_limit_ratio 60
/proc/sys/vm/pagecache_limit_reclaim_ratio 70
/proc/sys/vm/pagecache_limit_ignore_dirty 3
/proc/sys/vm/pagecache_limit_async 1
/proc/tkernel/release_suffix 1
/proc/tkernel/nonpriv_netbind 22
/proc/tkernel/shield_mounts set_none_/none
'
# each FUNCTION: of FILE and VALUE, for each knob; succeeds if all do
each() {
	echo "$knobs" | {
		good=0
		while read -r file value; do
			[ -z "$file" ] && continue
			"$1" "$file" "$(echo "$value" | tr _ ' ')" || good=1
		done
		exit $good
	}
}
# Writing is refused from $container, and the value stays.
stays() {
	before=$(cat "$1") || return 1
	if $container perl /tests/tool.pl put "$1" "$2" 2> /tmp/why; then
		echo "$1 is written"
		return 1
	fi
	grep -Eq '^(EPERM|EACCES)$' /tmp/why || { cat /tmp/why; return 1; }
	[ "$(cat "$1")" = "$before" ] || { echo "$1 has changed"; return 1; }
}
# The host may.
takes_it() {
	before=$(cat "$1")
	tool put "$1" "$2" || { echo "$1 does not take $2"; return 1; }
	[ "$(cat "$1")" != "$before" ] || { echo "$1 stays"; return 1; }
	case $1 in
	*/nonpriv_netbind) tool put "$1" "-$2" ;;
	*/shield_mounts) tool put "$1" "clear ${2#set }" ;;
	*) tool put "$1" "$before" ;;
	esac
}
is_there() {
	test -e "$1" || { echo "there is no $1"; return 1; }
}
in_container() {
	container=$*
	each stays
}

ok 'all features are there' get_features
ok 'each knob is' each is_there
ok 'a limit, so that those that depend on it can be written' \
	tool put /proc/sys/vm/pagecache_limit_ratio 40
ok "not by a user namespace's root" in_container unshare -U -r -n -p -f
ok "not by a container's root without one" in_container unshare -n -p -f
ok 'not from another network namespace' in_container unshare -n
ok 'nor from another PID namespace' in_container unshare -p -f
ok 'the host may' each takes_it
echo 0 > /proc/sys/vm/pagecache_limit_ratio
