# SPDX-License-Identifier: GPL-2.0-only
#
# What the tests of the hook with systemd share.  systemd runs in a PID namespace, with
# all of the control groups.  Read it after runtime-words.sh.

# systemd with nothing to do, and beside it a shell that does what inside() says.
mkdir -p ./etc/systemd/system
printf '[Unit]\nDescription=Nothing\nDefaultDependencies=no\n' \
	> ./etc/systemd/system/nothing.target
cat > ./tmp/start << 'END'
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
(
	while read -r line < /tmp/lines; do
		sh -c "$line" > /tmp/answer 2>&1 < /dev/null
		echo $? > /tmp/status.new
		mv /tmp/status.new /tmp/status
	done
) &
container=other exec /usr/lib/systemd/systemd --system --unit=nothing.target
END
mkfifo ./tmp/lines
unshare -p -f -m chroot . sh /tmp/start > /tmp/systemd.log 2>&1 &

# inside LINE: a command of the shell, which has a minute
inside() {
	rm -f ./tmp/status
	echo "$*" > ./tmp/lines
	for turn in 1 2 3 4 5 6; do
		wait_for test -e ./tmp/status && break
	done
	[ -e ./tmp/status ] || return 1
	cat ./tmp/answer
	[ "$(cat ./tmp/status)" = 0 ] || { cat ./tmp/answer >&2; return 1; }
}
manages() {
	inside systemctl --no-pager show -p Version
}
# has NAME KIB: that is the memory that it sees
has() {
	grep -q " $2 kB" $root/$1.total
}
# no_trouble NAME...: none of their files failed at any time
no_trouble() {
	for name in "$@"; do
		cat $root/$name.trouble
		! [ -s $root/$name.trouble ] || return 1
	done
}

# What containers do until NAME.stop is there
cat > $root/reader << 'END'
until [ -e /$1.stop ]; do
	for file in /proc/cpuinfo /proc/diskstats /proc/loadavg /proc/meminfo /proc/stat \
		/proc/swaps /proc/uptime /proc/vmstat /sys/devices/system/cpu/online; do
		cat $file > /$1.one 2>> /$1.trouble
		[ -s /$1.one ] || echo "$file is empty" >> /$1.trouble
	done
	grep MemTotal /proc/meminfo > /$1.new
	cat /sys/devices/system/cpu/online >> /$1.new
	mv /$1.new /$1.total
	sleep 0.1
done
END
ln -s busybox $root/bin/mv
chmod 777 $root
