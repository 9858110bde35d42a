#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The promise of the package: after a boot, containers started as anyone would start them are on record.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

is "the service is up after boot" "$(systemctl is-active tallymand.service)" active
is "auditd is up" "$(systemctl is-active auditd.service)" active
ok "tallyman status answers" tallyman status
is "its group may ask too" "$(stat -c '%a %G' "$run/control.sock")" "660 tallyman"
is "nothing of the system failed to start" "$(systemctl --failed --no-legend --plain | awk '{ print $1 }')" ""
import_image "$image"

# try_runtime RUNTIME: one container, and what is known of it
try_runtime() {
	local runtime=$1 name=smoke-$1 marker=by-$1 id
	id=$(podman --runtime "$runtime" run --detach --name "$name" --network none --label "tested=$runtime" \
		"$image" /bin/sh -c "/bin/id; /actors/nothing $marker") || bail "podman starts a container by $runtime"
	podman wait "$name" >/dev/null
	settle
	is "a container by $runtime is announced with its name" \
		"$(events '.container_start // empty | .container | select(.id == $id) | [.name, .labels.tested]' --arg id "$id")" \
		"[\"$name\",\"$runtime\"]"
	is "each of its programs has its name ($runtime)" \
		"$(events 'exec | select(.process.container.name == $name and .process.phase != "setup") | .process.argv' \
			--arg name "$name" | jq -s -c .)" \
		"[[\"/bin/sh\",\"-c\",\"/bin/id; /actors/nothing $marker\"],[\"/bin/id\"],[\"/actors/nothing\",\"$marker\"]]"
	wait_for 10 audit_has "$name" "cmd=/actors/nothing $marker"
	like "ausearch finds its commands in auditd's log ($runtime)" "$(ausearch -i -w --vm-name "$name" -x /actors/nothing)" \
		"type=USER_CMD .*cmd=/actors/nothing $marker"
	like "ausearch finds its start ($runtime)" "$(ausearch -i -w --vm-name "$name" -m VIRT_CONTROL)" 'op=start .*res=success'
	podman rm "$name" >/dev/null
}

audit_has() {
	ausearch -i -w --vm-name "$1" | grep -qF "$2"
}

try_runtime crun
try_runtime runc
finish
