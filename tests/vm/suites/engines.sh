#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every way in which podman starts a program in a container, on a real host: systemd's cgroups, crun and
# runc, with root and without, from the command line and from units. Whatever way it is, the container is
# announced before its first exec, every exec carries its name, image and labels, and nothing else does.
# First all of it happens, then the log is read once: emulation is slow.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# podman_run NAME [OPTION…] COMMAND: a container that says its own name in its label
podman_run() {
	local name=$1
	shift
	podman run --name "$name" --network none --label "made=$name" "$@" >>"$work/podman.log" 2>&1 ||
		fail "$name: podman runs it" "$(tail -n 5 "$work/podman.log")"
}

# occurrences MARKER: how often the actor has said it until now
occurrences() {
	grep -c '"argv":\["/actors/nothing","'"$1"'"' "$events_json"
}

# said COUNT MARKER: for wait_for
said() {
	[ "$(occurrences "$2")" -ge "$1" ]
}

# ---- the service ----
is "the service is up after boot" "$(systemctl is-active tallymand.service)" active
is "nothing of the system failed to start" "$(systemctl --failed --no-legend --plain | awk '{ print $1 }')" ""
is "podman itself is told of no hooks directory" "$(grep -rhs '^[^#]*hooks_dir' /etc/containers /usr/share/containers)" ""
import_image

# ---- runtimes, exec, nested cgroups, none ----
start_runtimes() {
	local runtime
	for runtime in crun runc; do
		podman --runtime $runtime run --detach --name by-$runtime --network none --label made=by-$runtime \
			"$image" /bin/sleep 1000 >/dev/null || fail "by-$runtime: podman runs it"
		podman exec by-$runtime /actors/nothing exec-by-$runtime
	done
	# shellcheck disable=SC2016 # for the container's shell
	podman_run nested --privileged "$image" /bin/sh -c \
		'mkdir /sys/fs/cgroup/deeper && echo $$ >/sys/fs/cgroup/deeper/cgroup.procs && /actors/nothing in-nested'
	podman_run cgroupless --cgroups disabled "$image" /bin/sh -c '/actors/nothing in-cgroupless; exit 0'
}

# ---- pods ----
start_pod() {
	podman pod create --name shop --network none >>"$work/podman.log" 2>&1 || fail "podman makes a pod" "$(tail -n 5 "$work/podman.log")"
	podman run --name member --pod shop --label made=member "$image" /actors/nothing in-pod ||
		fail "member: podman runs it"
}

# ---- podman build ----
build_image() {
	printf 'FROM %s\nRUN ["/actors/nothing", "in-build"]\n' "$image" >"$work/Containerfile"
	podman build --network none --tag built --file "$work/Containerfile" "$work/rootfs/tmp" >"$work/build.log" 2>&1 ||
		fail "podman builds an image" "$(tail -n 5 "$work/build.log")"
}

# ---- restarts: by policy, and as after a boot ----
restart_containers() {
	podman_run failing --detach --restart on-failure:1 "$image" /bin/sh -c '/actors/nothing in-failing; exit 1'
	podman_run always --detach --restart always "$image" /bin/sh -c '/actors/nothing in-always; exec sleep 1000'
	wait_for 10 said 1 in-always
	# podman kill would be a stop by its user
	kill -KILL "$(podman inspect -f '{{.State.Pid}}' always)"
	wait_for 10 said 2 in-always || fail "always: podman restarts it"
	podman stop --time 0 always >/dev/null
	systemctl start podman-restart.service
	wait_for 10 said 3 in-always || fail "always: podman-restart.service starts it" "$(systemctl status podman-restart.service)"
	wait_for 10 said 2 in-failing || fail "failing: podman restarts it"
}

# ---- units: podman 5 makes them from quadlets, podman 4.3 writes them ----
podman_has_quadlet=yes
[ "$(podman version -f '{{.Client.Version}}' | cut -d. -f1)" -ge 5 ] || podman_has_quadlet=no
start_unit() {
	if [ $podman_has_quadlet = yes ]; then
		mkdir -p /etc/containers/systemd
		cat >/etc/containers/systemd/unit.container <<-END
			[Container]
			ContainerName=unit
			Image=$image
			Label=made=unit
			Network=none
			Exec=/bin/sh -c "/actors/nothing in-unit; exec sleep 1000"
		END
	else
		podman create --name unit --network none --label made=unit "$image" \
			/bin/sh -c "/actors/nothing in-unit; exec sleep 1000" >/dev/null
		podman generate systemd --new --name unit >/etc/systemd/system/unit.service 2>>"$work/podman.log"
		podman rm unit >/dev/null
	fi
	systemctl daemon-reload
	is "unit: it comes from where this podman makes units" "$(systemctl show -P SourcePath unit.service)" \
		"$([ $podman_has_quadlet = no ] || echo /etc/containers/systemd/unit.container)"
	systemctl start unit.service || fail "unit: systemd starts it" "$(systemctl status unit.service)"
	wait_for 10 said 1 in-unit
}

# ---- checkpoint and restore ----
restore_container() {
	local before
	podman --runtime runc run --detach --name restored --network none --label made=restored "$image" \
		/bin/sh -c 'while true; do /actors/nothing in-restored; sleep 1; done' >/dev/null
	wait_for 10 said 1 in-restored
	podman container checkpoint restored >"$work/checkpoint.log" 2>&1 || return 1
	settle
	before=$(occurrences in-restored)
	podman container restore restored >>"$work/checkpoint.log" 2>&1 || return 1
	podman exec restored /actors/nothing exec-restored
	wait_for 10 said $((before + 1)) in-restored
}

# ---- another user, without root ----
as_alice() {
	su - alice -c "$*" 2>>"$work/alice.log"
}

start_rootless() {
	local runtime
	loginctl enable-linger alice
	wait_for 10 test -S "/run/user/$(id -u alice)/bus"
	tar -C "$work/rootfs" -c . >"$work/rootfs.tar"
	as_alice podman import "$work/rootfs.tar" "$image" >/dev/null || fail "alice: podman imports an image" "$(cat "$work/alice.log")"
	for runtime in crun runc; do
		as_alice podman --runtime $runtime run --detach --name rootless-$runtime --network none \
			--label made=rootless-$runtime "$image" \
			/bin/sh -c "'/actors/nothing in-rootless-$runtime; exec sleep 1000'" >/dev/null ||
			fail "rootless-$runtime: podman runs it" "$(cat "$work/alice.log")"
		as_alice podman exec rootless-$runtime /actors/nothing exec-rootless-$runtime
	done
}

"$actors/nothing" on-the-host
start_runtimes
start_pod
build_image
restart_containers
start_unit
restore_container || fail "restored: podman checkpoints and restores it" "$(cat "$work/checkpoint.log")"
start_rootless
"$actors/nothing" on-the-host
snapshot

# ---- what is in the log ----
facts=$work/facts.json
events 'select(.container_start or .container_update or .unregistered_container or .cgroup_escape or .event_loss
	or .process_exec.process.container or (exec | nothing("on-the-host")))' >"$facts"

# fact FILTER [JQ-OPTION…]: over those events as one array
fact() {
	local filter=$1
	shift
	jq -L "$tests_dir" -s -c "$@" 'include "lib"; def execs: .[] | exec.process | select(.phase != "setup"); '"$filter" "$facts"
}

# attributed NAME COMMAND…: its programs, each as one word, in their order. Not sleep, where a shell starts it:
# the container may be killed before that.
attributed() {
	local name=$1
	shift
	is "$name: announced first, with image and label" "$(fact '[.[] | select((.container_start.container // .process_exec.process.container).name == $name)
		| select(.process_exec.process.phase != "setup")][0].container_start.container | [.name, .image.name, .labels.made]' --arg name "$name")" \
		"[\"$name\",\"$image\",\"$name\"]"
	is "$name: each of its programs has name, image and label" \
		"$(fact '[execs | select(.container.image.name == $image and .container.labels.made == $name and .container.name == $name)
			| .argv | select(.[0] != "sleep") | if .[0] == "/bin/sh" then "/bin/sh" else join(" ") end]' --arg name "$name" --arg image "$image")" "$(json_array "$@")"
}

for runtime in crun runc; do
	attributed by-$runtime "/bin/sleep 1000" "/actors/nothing exec-by-$runtime"
done
attributed nested /bin/sh "/actors/nothing in-nested"
attributed cgroupless /bin/sh "/actors/nothing in-cgroupless"
attributed member "/actors/nothing in-pod"
is "member: its pod's name" "$(fact '[execs | select(.container.name == "member") | .container.pod.name] | unique')" '["shop"]'
like "the pod's infra container is one too" "$(fact '[execs | select(.container.pod.name == "shop") | .container.name | select(. != "member")] | unique')" \
	'^\["[0-9a-f]{12}-infra"\]$'
like "podman build: a RUN step has a name" "$(fact '[execs | select(has_argument("in-build")) | .container.name]')" \
	'^\["buildah-buildah[0-9]+"\]$'
attributed failing /bin/sh "/actors/nothing in-failing" /bin/sh "/actors/nothing in-failing"
attributed always /bin/sh "/actors/nothing in-always" /bin/sh "/actors/nothing in-always" \
	/bin/sh "/actors/nothing in-always"
attributed unit /bin/sh "/actors/nothing in-unit"
is "restored: what it runs after its checkpoint has its name" \
	"$(fact '[execs | select(has_argument("in-restored")) | .container.name] | unique')" '["restored"]'
is "restored: and what podman executes in it" "$(fact '[execs | select(has_argument("exec-restored")) | .container.name]')" '["restored"]'
for runtime in crun runc; do
	attributed rootless-$runtime /bin/sh "/actors/nothing in-rootless-$runtime" "/actors/nothing exec-rootless-$runtime"
	is "rootless-$runtime: whose it is" \
		"$(fact '[execs | select(.container.name == $name) | .container.scope] | unique' --arg name rootless-$runtime)" \
		"[\"user:$(id -u alice)\"]"
done

# ---- and nothing else ----
# busybox runs its own applets by way of /proc/self/exe. criu's helpers are the exception: they run in the cgroup of the container that it restores, before
# the runtime calls its hooks.
is "no program of the host has a container" "$(fact '[.[].container_start.container // empty | select(.name == "restored") | .id] as $restored
	| [execs | select(.container and (.container.id | IN($restored[]) | not))
	| select(.binary | test("^/(bin|actors)/|^/(catatonit|pause|proc/self/exe)$") | not) | [.container.name, .binary]] | unique')" '[]'
is "what the host runs meanwhile has none" "$(fact '[execs | select(has_argument("on-the-host")) | .container]')" '[null,null]'
is "no container without registration" \
	"$(fact '[.[].unregistered_container // empty | select(.parent.arguments // "" | test(" restore ") | not)]')" '[]'
is "no process left its container" "$(fact '[.[].cgroup_escape // empty]')" '[]'
is "nothing was lost" "$(fact '[.[].event_loss // empty]')" '[]'
is "the service never restarted" "$(systemctl show -P NRestarts tallymand.service) $(systemctl is-active tallymand.service)" "0 active"
is "it has nothing to complain of in the journal" "$(complaints)" ""
podman kill --all >/dev/null 2>&1
finish
