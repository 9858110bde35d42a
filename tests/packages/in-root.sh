#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Inside of a Debian root that will be thrown away: install, upgrade, downgrade, remove and purge the
# package while containers are started all the time. Run by test-deb-install.sh, which reads the lines
# "ok - …" and "not ok - …".
#   in-root.sh RUNTIME OLDER.deb NEWER.deb
set -u
runtime=$1 older=$2 newer=$3
export DEBIAN_FRONTEND=noninteractive PODMAN_IGNORE_CGROUPSV1_WARNING=1 LC_ALL=C.UTF-8
hooks=/usr/share/containers/oci/hooks.d
shim=/run/mini-systemd
events=/var/log/tallyman/events.json

pass() {
	echo "ok - $*"
}

# fail DESCRIPTION [EXPLANATION]
fail() {
	echo "not ok - $1"
	printf '%s\n' "${2-}" | tail -n 25 | sed 's/^/# /'
}

# ok DESCRIPTION COMMAND…
ok() {
	local description=$1 output
	shift
	if output=$("$@" 2>&1); then pass "$description"; else fail "$description" "$*: $output"; fi
}

# is DESCRIPTION GOT EXPECTED
is() {
	if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "got:      $2"$'\n'"expected: $3"; fi
}

# wait_for SECONDS COMMAND…
wait_for() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -le "$deadline" ] || return 1
		sleep 0.1
	done
}

engine() {
	podman --runtime "$runtime" --cgroup-manager cgroupfs --events-backend file "$@"
}

container() {
	engine run --network none --pids-limit 0 --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 "$@"
}

# apt PHASE ARGUMENT…: its exit status and what it said are left in $apt_status and $apt_output
apt() {
	echo "$1" >/run/phase
	shift
	apt_output=$(apt-get -y -q --no-install-recommends --allow-downgrades -o Dpkg::Options::=--force-confold "$@" 2>&1)
	apt_status=$?
	grep -v -e '^(Reading database' <<<"$apt_output" >>/run/apt.log
}

# Two at once, one after the other, until told to stop.
starts() {
	local phase output
	while [ ! -e /run/starts.stop ]; do
		phase=$(cat /run/phase)
		if output=$(container --rm --rootfs /run/rootfs /bin/true 2>&1); then
			echo "started during $phase"
		else
			echo "FAILED during $phase: $output"
		fi
	done >>/run/starts."$1"
}

starts_begin() {
	rm -f /run/starts.*
	starts 1 &
	starts 2 &
}

# starts_end PHASE…: none failed, and each phase saw some
starts_end() {
	local phase count counts=''
	touch /run/starts.stop
	wait -n && wait -n
	is 'no container start fails' "$(grep -h FAILED /run/starts.[12])" ''
	for phase in "$@"; do
		count=$(cat /run/starts.[12] | grep -cx "started during $phase")
		counts+=" $phase: $count"
		[ "$count" -gt 0 ] || fail "containers start during $phase" "$(cat /run/starts.[12])"
	done
	echo "# container starts:$counts"
}

# Every file of the root, with what is in the account files; but what dpkg and apt note for themselves.
everything() {
	find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /mnt -o \
		-path /var/lib/dpkg -o -path /var/log/apt -o -path /var/cache -o -path /var/lib/containers -o \
		-path /var/lib/apt -o -path /root \) -prune -o \
		! -name 'dpkg.log' ! -name '*.conf-' ! -path '/etc/*-' ! -path /etc/.pwd.lock ! -path /etc/ld.so.cache \
		! -type d -printf '%p %m %u %g %l\n' -o -type d -printf '%p %m %u %g\n' 2>/dev/null | sort
	cat /etc/passwd /etc/group /etc/shadow /etc/gshadow
	ls -d /run/tallyman /var/log/tallyman /var/lib/tallyman /etc/tallyman 2>/dev/null
}

descriptors() {
	(cd "$hooks" 2>/dev/null && for name in *tallyman*; do [ ! -e "$name" ] || readlink "$name"; done)
}
both='../../../tallyman/hooks.d/50-tallyman.json
../../../tallyman/hooks.d/51-tallyman-poststop.json'

prepare() {
	local name
	mkdir -p /run/rootfs/bin /run/web/bin /etc/tallyman/tallyman.conf.d
	cp /bin/busybox /run/rootfs/bin
	for name in sh true sleep; do ln -s busybox "/run/rootfs/bin/$name"; done
	cp -r /run/rootfs/bin /run/web
	# The kernel's audit belongs to the whole machine.
	printf '[audit]\nenabled = no\n' >/etc/tallyman/tallyman.conf.d/test.conf
	# what podman makes for itself when it is used
	container --rm --rootfs /run/rootfs /bin/true
	everything | grep -v '^/etc/tallyman' >/run/before
}

# What is installed while an image is made: no systemd runs, nothing is started.
without_systemd() {
	echo '# without a running systemd'
	apt install install "$older"
	is 'installing succeeds' "$apt_status" 0
	is 'descriptors are there, as links' "$(descriptors)" "$both"
	ok 'the links lead to descriptors' jq -e '.hook.path == "/usr/libexec/oci/hooks.d/tallyman-hook"' "$hooks"/5?-tallyman*.json
	ok 'the user is there' getent passwd tallyman
	is 'directories belong to the user' "$(stat -c '%n %a %U %G' /run/tallyman /run/tallyman/spool /run/tallyman/containers /var/log/tallyman /var/lib/tallyman)" \
		'/run/tallyman 755 tallyman tallyman
/run/tallyman/spool 700 tallyman tallyman
/run/tallyman/containers 700 tallyman tallyman
/var/log/tallyman 700 tallyman tallyman
/var/lib/tallyman 700 tallyman tallyman'
	is 'units are enabled' "$(cd /etc/systemd/system && ls -- */tallymand.*)" \
		'multi-user.target.wants/tallymand.service
sockets.target.wants/tallymand.socket'
	ok 'the configuration is valid' tallymand --check-config
	ok 'a container starts' container --rm --rootfs /run/rootfs /bin/true
	echo '# kept' >>/etc/tallyman/tallyman.conf
	apt upgrade install "$newer"
	is 'upgrading succeeds' "$apt_status" 0
	is 'a changed configuration file is kept' "$(tail -n 1 /etc/tallyman/tallyman.conf)" '# kept'
	apt purge purge tallyman
	is 'purging succeeds' "$apt_status" 0
	is 'purging leaves nothing' "$(everything | diff /run/before - | head -n 20)" ''
}

# Execs of the long-running container: with its name, and with another or none
ticks() {
	cat "$events"* 2>/dev/null | grep -F '"arguments":"true web-tick"' |
		jq -r '.process_exec // empty | .process.container.name // "unknown"' | sort | uniq -c | awk '{ print $2, $1 }'
}

named() {
	ticks | awk '$1 == "web" { n = $2 } END { print n + 0 }'
}

# observed_after PHASE: execs of the container go on being written, and under its name
observed_after() {
	local before
	before=$(named)
	more_ticks() { [ "$(named)" -gt $((before + 2)) ]; }
	if wait_for 20 more_ticks; then
		pass "after $1 the running container is observed"
	else
		fail "after $1 the running container is observed" "$(tail -n 5 "$shim/daemon.log"; tallyman containers; ticks; tail -n 2 "$events" | cut -c1-300)"
	fi
	is "after $1 each of its execs has its name" "$(ticks | grep -v '^web ')" ''
}

# What the maintainer scripts asked of the service manager, and how many descriptors there were then
asked() {
	cat "$shim/log"
	: >"$shim/log"
}

with_systemd() {
	echo '# with a service manager'
	mkdir -p "$shim" /run/systemd/system /etc/tallyman/tallyman.conf.d
	printf '[audit]\nenabled = no\n[json]\nmax_size = 0\n' >/etc/tallyman/tallyman.conf.d/test.conf
	dpkg-divert --quiet --local --rename --divert /usr/bin/systemctl.real --add /usr/bin/systemctl
	install -m 755 "$(dirname "$0")/service-manager" /usr/bin/systemctl
	systemctl manage &
	manager=$!
	wait_for 5 test -S "$shim/notify"
	everything | grep -v '^/etc/tallyman' >/run/before
	starts_begin

	apt install install "$older"
	is 'installing succeeds' "$apt_status" 0
	is 'the daemon is ready before engines are told of the hook' "$(asked)" \
		'start tallymand.service descriptors=0
start tallymand.socket descriptors=0'
	container -d --name web --label app=shop --rootfs /run/web /bin/sh -c \
		'while :; do /bin/busybox true web-tick; sleep 0.1; done' >/dev/null
	observed_after install

	apt upgrade install "$newer"
	is 'upgrading succeeds' "$apt_status" 0
	is 'the new version is there' "$(dpkg-query -W -f '${Version}' tallyman)" "$(dpkg-deb -f "$newer" Version)"
	is 'an upgrade restarts the daemon and leaves the socket, and the descriptors' "$(asked)" \
		'restart tallymand.service descriptors=2
start tallymand.socket descriptors=2'
	observed_after upgrade

	apt downgrade install "$older"
	is 'downgrading succeeds' "$apt_status" 0
	asked >/dev/null
	observed_after downgrade

	apt remove remove tallyman
	is 'removing succeeds' "$apt_status" 0
	is 'the daemon stops after engines were told that there is no hook' "$(asked)" \
		'stop tallymand.socket descriptors=0
stop tallymand.service descriptors=0'
	is 'descriptors are gone' "$(descriptors)" ''

	# From here on a container that the daemon has not registered may not start: none may be asked to
	# before the daemon is there, or after it went.
	printf '[require]\nall = yes\n' >/etc/tallyman/hook.conf
	apt reinstall install "$older"
	is 'installing again succeeds' "$apt_status" 0
	observed_after reinstall
	ok 'hooks are required' grep -q 'all = yes' /etc/tallyman/hook.conf
	apt purge purge tallyman
	is 'purging succeeds' "$apt_status" 0
	ok 'a container of before is stopped' engine stop -t 0 web
	ok 'and removed' engine rm -f web
	starts_end install upgrade downgrade remove reinstall purge
	is 'purging leaves nothing' "$(everything | diff /run/before - | head -n 20)" ''
}

# A host that cannot run the daemon: here for its configuration, elsewhere for want of BTF.
cannot_start() {
	echo '# a daemon that cannot start'
	mkdir -p /etc/tallyman/tallyman.conf.d
	echo 'nonsense' >/etc/tallyman/tallyman.conf.d/test.conf
	apt install install "$older"
	is 'installing succeeds' "$apt_status" 0
	ok 'and says that the daemon does not run' grep -q 'tallymand does not run' <<<"$apt_output"
	ok 'a container starts' container --rm --rootfs /run/rootfs /bin/true
	apt purge purge tallyman
	is 'purging succeeds' "$apt_status" 0
}

end() {
	touch /run/starts.stop
	engine rm -f -t 0 -a >/dev/null 2>&1
	systemctl exit 2>/dev/null
	[ -z "${manager-}" ] || kill "$manager" 2>/dev/null
	wait
}
trap end EXIT
trap 'exit 130' INT TERM

prepare
without_systemd
with_systemd
cannot_start
echo '# came to its end'
