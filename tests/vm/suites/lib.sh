# shellcheck shell=bash disable=SC2154,SC2034 # variables of tests/system/lib.sh
# SPDX-License-Identifier: Apache-2.0
# What the suites share that run in a whole machine: TAP and the helpers of the system tests, and the
# installed Tallyman instead of a daemon of one's own. A suite sources this and ends with `finish`.
# shellcheck source=../../system/lib.sh
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

# What the service complains of in the journal, in this boot. (That auditd's files hold less than a day is true
# of a machine in which so much happens at once.)
complaints() {
	journalctl -b -u tallymand.service -p warning -q --no-pager -o cat | grep -v "records a second auditd's files"
}

# system_test NAME: run tests/system/test-NAME.sh with the installed programs; its tests become ours,
# as "NAME: what it says".
system_test() {
	local name=$1 line ended=no wait=() begin=$SECONDS
	while IFS= read -r ${wait[@]+"${wait[@]}"} line; do
		if [[ $line =~ ^(ok|not\ ok)\ [0-9]+\ -\ (.*)$ ]]; then
			tap_count=$((tap_count + 1))
			[ "${BASH_REMATCH[1]}" = ok ] || tap_failed=$((tap_failed + 1))
			printf '%s %d - %s: %s\n' "${BASH_REMATCH[1]}" "$tap_count" "$name" "${BASH_REMATCH[2]}"
		elif [[ $line =~ ^1\.\.[0-9] ]]; then
			ended=yes
			# what it left running may hold its output open
			wait=(-t 60)
		else
			printf '# %s\n' "${line#\# }"
		fi
	done < <(test_logs=$test_logs-$name exec "$tests_dir/test-$name.sh" 2>&1 </dev/null)
	[ $ended = yes ] || fail "$name: runs to its end"
	diag "$name took $((SECONDS - begin)) s"
}

# reboot_machine: boot again, and run this suite from its beginning with $boot one higher. What was tested
# is kept; what a suite must remember it puts into $vm_state.
reboot_machine() {
	printf '%d %d\n' "$tap_count" "$tap_failed" >"$vm_state/tap"
	touch "$vm_state/reboot"
	exit 0
}

boot=${boot:-1}
vm_state=${vm_state:-$work}
[ ! -f "$vm_state/tap" ] || read -r tap_count tap_failed <"$vm_state/tap"
