#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every exec in a container carries its container, the first one included; nothing of the host does.
. "$(dirname "$0")/lib.sh"

containers=${TALLYMAN_TEST_CONTAINERS:-200}

# attributed DESCRIPTION CONTAINER-NAME ARGUMENT [COUNT]: all execs with this argument are of the container
attributed() {
	local got
	got=$(events 'exec | select(nothing($tag)) | .process.container.name' --arg tag "$3" | sort | uniq -c | sed 's/^ *//')
	is "$1" "$got" "${4:-1} $(jq -n --arg name "$2" '$name')"
}

daemon_start
podman_setup

# ---- many short containers, two at a time, with host processes between them ----
run_loop() {
	local i
	for ((i = $1; i <= containers; i += 2)); do
		podman run --rm --name "shop-$i" --label app=shop --label "number=$i" "$image" /bin/sh -c \
			"/actors/nothing in-$i a; /actors/nothing in-$i b; /actors/nothing in-$i c" || return 1
		"$actors/nothing" "on-the-host-$i"
	done
}
run_loop 1 >"$work/loop-1.log" 2>&1 &
first=$!
run_loop 2 >"$work/loop-2.log" 2>&1 || fail "the second half of the containers runs" "$(tail -n 5 "$work/loop-2.log")"
wait $first || fail "the first half of the containers runs" "$(tail -n 5 "$work/loop-1.log")"
settle 30
wait_for 30 has '.container_stop.container.name == $name' --arg name "shop-$containers"

events 'exec | select((.process.binary == "/actors/nothing") and (.process.argv[1] // "" | startswith("in-")))
	| {number: .process.argv[1][3:], name: .process.container.name, image: .process.container.image.name,
	   label: .process.container.labels.number, app: .process.container.labels.app}' >"$work/commands.json"
is "each of the $containers containers shows its three commands" \
	"$(jq -r .number "$work/commands.json" | sort | uniq -c | awk '$1 == 3' | wc -l)" "$containers"
is "each of them with the container's own name, image and labels" \
	"$(jq -c 'select(.name != "shop-" + .number or .image != "localhost/busybox:test"
		or .label != .number or .app != "shop")' "$work/commands.json" | head -n 3)" ""
is "the first exec of each container is there and is attributed" \
	"$(events 'exec | select(.process.binary == "/bin/sh" and (.process.container.name // "" | startswith("shop-")))
		| .process.container.name' | sort -u | wc -l)" "$containers"
is "no process of these containers is written without its container" \
	"$(count '(process | (.binary == "/actors/nothing" or (.binary == "/bin/sh" and (.argv | any(startswith("/actors/nothing in-")))))
		and .container == null)')" 0
is "host processes in between have no container" \
	"$(count 'exec and (.process_exec.process | (.argv[1] // "" | startswith("on-the-host-")) and .container == null)')" \
	"$containers"
is "only the runtime's own stub has other programs, and is marked phase setup" \
	"$(events 'process | select(.container.name // "" | startswith("shop-")) | select(.phase != "setup")
		| .binary' | sort -u | tr '\n' ' ')" '"/actors/nothing" "/bin/sh" '
is "every container has one start" "$(count '.container_start')" "$containers"
is "and one stop" "$(count '.container_stop')" "$containers"
is "and no exec came before its container's start" "$(jq -n -c '
	reduce inputs as $e ({started: {}, early: []};
		if $e.container_start then .started[$e.container_start.container.id] = true
		elif $e.process_exec and $e.process_exec.process.phase != "setup" and $e.process_exec.process.container
			and (.started[$e.process_exec.process.container.id] | not)
		then .early += [$e.process_exec.process.container.name] else . end) | .early' "$events_json")" "[]"

# ---- podman exec ----
id=$(podman run -d --name web --label app=shop "$image" /bin/sleep 1000)
for i in 1 2 3; do
	podman exec web /actors/nothing by-podman-exec >/dev/null
done
settle
attributed "podman exec is attributed" web by-podman-exec 3

# ---- a child born in the container's cgroup by clone3, of which the kernel reports no attach ----
cgroup=$(container_cgroup "$id")
"$actors/cgroup-clone" "$cgroup" "$actors/nothing" by-clone3 >/dev/null
settle
attributed "a child made by clone3 into the cgroup is attributed" web by-clone3

# ---- a process that the host puts in ----
"$actors/cgroup-move" "$cgroup/nested" "$actors/nothing" moved-in >/dev/null
settle
attributed "a process moved into a cgroup below the container's is attributed" web moved-in
podman rm -f -t 0 web >/dev/null

# ---- nested cgroup and escape, from inside ----
podman run --rm --name inner --privileged --cgroupns host -v "$cgroup2:/cgroup" "$image" /bin/sh -c '
	own=/cgroup$(sed -n s/^0:://p /proc/self/cgroup)
	/actors/cgroup-move "$own/deeper" /actors/nothing in-nested-cgroup
	/actors/cgroup-move /cgroup /actors/nothing after-escape' >"$work/inner.log" 2>&1 ||
	fail "the container with nested cgroups runs" "$(cat "$work/inner.log")"
settle
attributed "an exec in a nested cgroup is attributed" inner in-nested-cgroup
attributed "an exec after leaving the cgroup is attributed" inner after-escape
is "leaving is an event of its own, with the container" \
	"$(events '.cgroup_escape // empty | .process.container.name')" '"inner"'

# ---- a pod ----
podman pod create --name shop-pod --label tier=front >/dev/null 2>"$work/pod.log" ||
	fail "podman makes a pod" "$(cat "$work/pod.log")"
podman run --rm --pod shop-pod --name in-pod "$image" /actors/nothing inside-a-pod
settle
attributed "an exec in a pod is attributed" in-pod inside-a-pod
is "with the pod's name" "$(events 'exec | select(nothing("inside-a-pod")) | .process.container.pod.name')" '"shop-pod"'

# ---- a container without a cgroup of its own, as rootless ones may be: by descent from its init ----
mkfifo "$work/go"
sh -c "read -r _ <'$work/go'; '$actors/nothing' without-cgroup; '$actors/nothing' without-cgroup" &
init=$!
jq -n -c --argjson pid "$init" '{ociVersion: "1.0.2", id: "without-cgroup-0123456789", status: "creating", pid: $pid, bundle: "/"}' |
	"$tallyman_hook" --socket "$run/hook.sock" --spool "$work/spool" 2>"$work/hook.log"
"$actors/nothing" beside-without-cgroup
echo >"$work/go"
wait "$init"
settle
is "a container without its own cgroup is attributed by descent" \
	"$(events 'exec | select(nothing("without-cgroup")) | .process.container.id' | sort | uniq -c | tr -s ' ')" \
	' 2 "without-cgroup-0123456789"'
is "and the host's processes in the same cgroup are not" \
	"$(events 'exec | select(nothing("beside-without-cgroup")) | .process.container')" null

is "nothing was reported as unregistered" "$(count '.unregistered_container')" 0
is "nothing was lost" "$(count '.event_loss')" 0
finish
