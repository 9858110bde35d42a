# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the suites share that run in a whole machine: TAP and the helpers of the system tests, and the
# installed Tallyman instead of a daemon of one's own. A suite sources this and ends with `finish`.
. "$(dirname "${BASH_SOURCE[0]}")/../../system/lib.sh"

# The installed daemon's
run=/run/tallyman log=/var/log/tallyman
events_json=$log/events.json audit_log=$log/audit.log

# The real podman, not one with a storage of its own
podman() {
	command podman "$@"
}

# import_image [NAME]: an image of busybox and the actors
import_image() {
	make_rootfs
	tar -C "$work/rootfs" -c . | podman import - "${1:-$image}" >"$work/podman-import.log" 2>&1 ||
		bail "podman imports an image" "$(cat "$work/podman-import.log")"
}
