#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The promise of the package: after a boot, containers started as anyone would start them are on record.
. "$(dirname "$0")/lib.sh"

is "the service is up after boot" "$(systemctl is-active tallymand.service)" active
is "auditd is up" "$(systemctl is-active auditd.service)" active
ok "tallyman status answers" tallyman status
import_image

for runtime in crun runc; do
	name=smoke-$runtime
	id=$(podman --runtime $runtime run --detach --name $name --network none --label "tested=$runtime" \
		$image /bin/sh -c '/bin/id; /actors/nothing by-'$runtime) || bail "podman starts a container by $runtime"
	podman wait $name >/dev/null
	settle
	is "a container by $runtime is announced with its name" \
		"$(events '.container_start // empty | .container | select(.id == $id) | [.name, .labels.tested]' --arg id "$id")" \
		"[\"$name\",\"$runtime\"]"
	is "what it runs has its name ($runtime)" \
		"$(events 'exec | select(.process.argv[1] == $marker) | .process.container.name' --arg marker by-$runtime)" "\"$name\""
	is "each of its programs has ($runtime)" \
		"$(events 'exec | select(.process.container.name == $name) | .process.argv[0]' --arg name $name |
			grep -c -e '"/bin/id"' -e '"/actors/nothing"')" 2
	wait_for 20 eval "ausearch -w --vm-name $name -x /bin/busybox 2>/dev/null | grep -q USER_CMD"
	like "ausearch finds its commands in auditd's log ($runtime)" \
		"$(ausearch -i -w --vm-name $name 2>&1)" "type=USER_CMD .*cmd=/actors/nothing by-$runtime"
	like "and its start" "$(ausearch -i -w --vm-name $name -m VIRT_CONTROL 2>&1)" 'op=start .*res=success'
	podman rm $name >/dev/null
done
finish
