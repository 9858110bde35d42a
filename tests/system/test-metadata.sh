#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What podman has on disk of a container at the moment its hook runs, read from each place it is in.
. "$(dirname "$0")/lib.sh"

read_metadata=$top_builddir/tests/metadata/read-metadata
found=$work/found.jsonl
[ -x "$read_metadata" ] || bail "tests/metadata/read-metadata is built"
podman_setup
jq -n --arg hook "$read_metadata" --arg found "$found" '{version: "1.0.0", when: {always: true}, stages: ["createRuntime"],
	hook: {path: $hook, args: [$hook, $found, "engine", "database", "bolt", "events", "storage"], timeout: 20}}' \
	>"$work/hooks.d/50-tallyman.json"
image_id=$(podman image inspect --format '{{.Id}}' "$image")
image_digest=$(podman image inspect --format '{{.Digest}}' "$image")

# run DESCRIPTION PODMAN-ARGUMENT…: and forget what earlier ones left
run() {
	local description=$1
	shift
	: >"$found"
	podman "$@" >"$work/podman.log" 2>&1 || fail "$description: podman $1" "$(cat "$work/podman.log")"
}

# from SOURCE FILTER
from() {
	jq -c "select(.source == \"$1\") | $2" "$found"
}

# ---- an image, labels with odd bytes ----
odd=$(printf 'quote" back\\slash <tag> \u00e9 \u2028 =end')
run "run" run --rm --name web-1 --label app=shop --label "odd=$odd" --label empty= "$image" true
labels=$(jq -n -c --arg odd "$odd" '{app: "shop", empty: "", odd: $odd}')
is "run: everything together" "$(from engine '[.name, .image, .image_id, .digest, .runtime, .pod]')" \
	"[\"web-1\",\"$image\",\"$image_id\",\"$image_digest\",\"podman\",null]"
is "run: its labels, byte for byte" "$(from engine .labels)" "$labels"
is "run: from the best source" "$(from engine .labels_source)" '"database"'
is "run: bolt_state.db alone" "$(from bolt '[.name, .image, .image_id, .labels]')" \
	"[\"web-1\",\"$image\",\"$image_id\",$labels]"
is "run: the events alone" "$(from events '[.name, .image, .labels, .labels_source]')" \
	"[\"web-1\",\"$image\",$labels,\"event\"]"
is "run: the storage lists alone" "$(from storage '[.name, .image, .image_id, .labels_source]')" \
	"[\"web-1\",\"$image\",\"$image_id\",\"storage\"]"
like "run: podman 4.3 has no db.sql" "$(from database .error)" 'No such file'

# ---- without an image ----
run "rootfs" run --rm --name bare --label app=bare --rootfs "$work/rootfs" true
is "rootfs: no image" "$(from engine '[.name, .image, .image_id, .labels]')" '["bare",null,null,{"app":"bare"}]'

# ---- no name given ----
run "nameless" run --rm "$image" true
like "nameless: podman's own choice" "$(from engine .name)" '^"[a-z]+_[a-z]+"$'

# ---- pods ----
run "pod" pod create --name till --infra=false --label pod=label
pod=$(podman pod inspect --format '{{.ID}}' till)
run "pod" run --rm --pod till --name member --label in=pod "$image" true
is "pod: id and name" "$(from engine '[.name, .pod_id, .pod, .labels, .pod_labels]')" \
	"[\"member\",\"$pod\",\"till\",{\"in\":\"pod\"},{\"pod\":\"label\"}]"
is "pod: from the events as well" "$(from events '[.pod_id, .pod]')" "[\"$pod\",\"till\"]"
run "infra" pod create --name shop --infra-image "$image" --infra-command "/bin/sleep 1000"
run "infra" run --rm --pod shop --name shop-web "$image" true
is "infra: the pod's own container, then its member" "$(from engine '[.name, .pod]' | sed 's/"[0-9a-f]\{12\}-infra"/INFRA/')" \
	'[INFRA,"shop"]
["shop-web","shop"]'
is "infra: the same from the events" "$(from events .pod | sort -u)" '"shop"'
podman pod rm -f -t 0 shop >/dev/null 2>&1

# ---- started again: after a rename, and after a reboot took the events ----
run "create" create --name before --label app=again "$image" true
is "create: no hook runs" "$(cat "$found")" ""
run "rename" rename before after
run "start" start -a after
is "rename: the new name" "$(from engine '[.name, .labels]')" '["after",{"app":"again"}]'
rm -rf "$work/libpod/events"
run "start again" start -a after
is "no events: all is still known" "$(from engine '[.name, .image, .digest, .labels]')" \
	"[\"after\",\"$image\",\"$image_digest\",{\"app\":\"again\"}]"

# ---- two podmans at a time, so that the state changes while it is read ----
: >"$found"
many() {
	local i
	for ((i = $1; i <= 30; i += 2)); do
		podman run --rm --name "many-$i" --label "number=$i" "$image" true
	done
}
many 1 >"$work/many.log" 2>&1 &
many 2 >>"$work/many.log" 2>&1
wait $!
is "in parallel: every one with its own name and label" \
	"$(from engine 'select(.name == "many-" + .labels.number) | .name' | sort -u | wc -l)" 30

# ---- events in the journal, read from one that journald writes here ----
journald=/lib/systemd/systemd-journald
[ -x $journald ] || journald=/usr/lib/systemd/systemd-journald
[ -x $journald ] || bail "systemd-journald is installed"
jq --arg found "$found" '.hook.args = [.hook.path, $found, "journal"]' "$work/hooks.d/50-tallyman.json" >"$work/hook.json"
mv "$work/hook.json" "$work/hooks.d/50-tallyman.json"
sed -i 's/events_logger = .*/events_logger = "journald"/' "$work/containers.conf"
cat >"$work/in-journal.sh" <<-E
	# In a mount namespace of its own, where /run/systemd and the journals are new and empty.
	mount -t tmpfs none /run/systemd 2>/dev/null || { mkdir -p /run/systemd && mount -t tmpfs none /run/systemd; }
	mkdir -p /run/log /run/systemd/journald.conf.d && mount -t tmpfs none /run/log && mount -t tmpfs none /var/log
	# Storage: here; Audit: leave the kernel's alone
	printf '[Journal]\nStorage=volatile\nAudit=\nReadKMsg=no\n' >/run/systemd/journald.conf.d/test.conf
	$journald & journald=\$!
	trap 'kill \$journald' EXIT
	for i in \$(seq 200); do [ -S /run/systemd/journal/socket ] && break; sleep 0.05; done
	export CONTAINERS_CONF=$work/containers.conf CONTAINERS_STORAGE_CONF=$work/storage.conf
	podman pod create --name paper --infra=false >/dev/null &&
		podman run --rm --pod paper --log-driver=k8s-file --name press --label app=print $image true
E
: >"$found"
unshare -m --propagation private bash "$work/in-journal.sh" >"$work/journal.log" 2>&1 ||
	fail "podman runs with the journal" "$(cat "$work/journal.log")"
is "journal: name, image, labels, pod" "$(from journal '[.name, .image, .labels, .pod, .labels_source]')" \
	"[\"press\",\"$image\",{\"app\":\"print\"},\"paper\",\"journal\"]"
finish
