#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Containers of other engines, as their runtimes hand them to the hook: plain runc, CRI-O, podman 5
# with its database, and another user's. Their files are as those engines leave them on disk; the
# container itself is runc's.
. "$(dirname "$0")/lib.sh"

daemon_start
data=$tests_dir/data

# container_of ARGUMENT FILTER: of the exec with this argument
exec_of() {
	events 'exec | select(nothing($tag)) | .process | '"$2" --arg tag "$1"
}

# ---- plain runc: no engine, no name but the id ----
bundle "$work/plain" /actors/nothing from-plain-runc
runc run -b "$work/plain" plain-1 >"$work/runc.log" 2>&1 || fail "plain runc runs" "$(cat "$work/runc.log")"
settle
is "plain runc: the id, the runtime, no labels" "$(exec_of from-plain-runc '.container | [.id, .runtime, .labels // {}]')" '["plain-1","runc",{}]'
is "plain runc: verified by the daemon's own look" "$(exec_of from-plain-runc '.container.verified')" true

# ---- CRI-O ----
id=$(new_id)
crio_bundle "$id" /actors/nothing from-cri-o
runc run -b "$crio/$id/userdata" "$id" >"$work/runc.log" 2>&1 || fail "the CRI-O bundle runs" "$(cat "$work/runc.log")"
settle
is "CRI-O: engine, image" "$(exec_of from-cri-o '.container | [.id, .runtime, .image.name]')" "[\"$id\",\"cri-o\",\"localhost/ocitest:1\"]"
is "CRI-O: Tetragon's pod" "$(exec_of from-cri-o '.pod | [.namespace, .name, .container.name, .container.id]')" \
	"[\"prod\",\"webpod2\",\"nginx\",\"cri-o://$id\"]"
is "CRI-O: the pod's labels, from its sandbox" "$(exec_of from-cri-o '.pod.pod_labels.app')" '"web"'

# ---- podman's annotations cannot make a podman container a CRI-O one ----
id=$(new_id)
bundle "$work/spoof" /actors/nothing from-spoof
bundle_edit "$work/spoof" '.annotations = $annotations[0] | .linux.cgroupsPath = "/libpod_parent/libpod-" + $id' \
	--slurpfile annotations "$data/crio-container-annotations.json" --arg id "$id"
runc run -b "$work/spoof" "$id" >"$work/runc.log" 2>&1 || fail "the spoofed bundle runs" "$(cat "$work/runc.log")"
settle
is "CRI-O's annotations in a podman cgroup are no CRI-O" "$(exec_of from-spoof '[.container.id, .container.runtime == "cri-o", .pod]')" "[\"$id\",false,null]"

# ---- podman 5: everything in db.sql ----
id=$(new_id)
pod=$(new_id)
storage=$work/podman5
bundle "$storage/overlay-containers/$id/userdata" /actors/nothing from-podman-5
bundle_edit "$storage/overlay-containers/$id/userdata" '.annotations = {"io.container.manager": "libpod"}
	| .linux.cgroupsPath = "/libpod_parent/libpod-" + $id' --arg id "$id"
config=$(jq -n -c '{name: "five", labels: {app: "shop", tier: "back"}, rootfsImageID: ("ab" * 32), rootfsImageName: "docker.io/library/shop:5"}')
sqlite3 "$storage/db.sql" "
	CREATE TABLE ContainerConfig(ID TEXT PRIMARY KEY NOT NULL, Name TEXT UNIQUE NOT NULL, PodID TEXT, JSON TEXT NOT NULL);
	CREATE TABLE PodConfig(ID TEXT PRIMARY KEY NOT NULL, Name TEXT UNIQUE NOT NULL, JSON TEXT NOT NULL);
	INSERT INTO PodConfig VALUES('$pod', 'shop-pod', '{\"labels\":{\"tier\":\"front\"}}');
	INSERT INTO ContainerConfig VALUES('$id', 'five', '$pod', CAST('$config' AS BLOB));"
runc run -b "$storage/overlay-containers/$id/userdata" "$id" >"$work/runc.log" 2>&1 || fail "the podman 5 bundle runs" "$(cat "$work/runc.log")"
settle
is "podman 5: name, image, labels, pod" "$(exec_of from-podman-5 '.container | [.name, .runtime, .image.name, .labels, .pod.name, .pod.labels]')" \
	'["five","podman","docker.io/library/shop:5",{"app":"shop","tier":"back"},"shop-pod",{"tier":"front"}]'
is "podman 5: from its database" "$(exec_of from-podman-5 '.container.labels_source')" '"database"'

# ---- a database that was made to hang its reader ----
hostile() { # NAME SQL…: the container is known by its id all the same, and others are not held up
	local name=$1 id
	shift
	id=$(new_id)
	storage=$work/hostile-$name
	bundle "$storage/overlay-containers/$id/userdata" /actors/nothing "from-$name"
	bundle_edit "$storage/overlay-containers/$id/userdata" '.annotations = {"io.container.manager": "libpod"}
		| .linux.cgroupsPath = "/libpod_parent/libpod-" + $id' --arg id "$id"
	"$@" "$storage/db.sql"
	timeout 30 runc run -b "$storage/overlay-containers/$id/userdata" "$id" >"$work/runc.log" 2>&1
	is "$name: the container starts" $? 0
	settle
	is "$name: and is attributed" "$(exec_of "from-$name" .container.id)" "\"$id\""
}
endless_view() {
	sqlite3 "$1" "CREATE TABLE PodConfig(ID TEXT, Name TEXT, JSON TEXT);
		CREATE VIEW ContainerConfig(ID, Name, PodID, JSON) AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
		SELECT i, i, i, i FROM n;"
}
locked() {
	sqlite3 "$1" "CREATE TABLE ContainerConfig(ID TEXT, Name TEXT, PodID TEXT, JSON TEXT); CREATE TABLE PodConfig(ID TEXT, Name TEXT, JSON TEXT);"
	mkfifo "$work/unlock"
	(
		exec 8<>"$work/unlock"
		{ echo 'BEGIN EXCLUSIVE;'; read -r _ <&8; } | sqlite3 "$1"
	) &
	locker=$!
	wait_for 10 sh -c "! sqlite3 '$1' 'SELECT 1 FROM PodConfig'"
}
truncated() { printf 'SQLite format 3\0' >"$1"; }
hostile fifo mkfifo
hostile endless-view endless_view
hostile locked locked
echo >"$work/unlock"
wait "$locker" 2>/dev/null
hostile truncated truncated
hostile link ln -s /etc/passwd

# ---- another user's container ----
uid=12345
id=$(new_id)
cgroup=$cgroup2/tallyman-test-user
mkdir -p "$cgroup/libpod-$id"
chown -R $uid "$cgroup"
cleanups+=(remove_cgroup)
remove_cgroup() {
	rmdir "$cgroup"/libpod-* "$cgroup" 2>/dev/null
}
cp "$actors/nothing" "$tallyman_hook" "$work/"
mkfifo -m 666 "$work/go"
sh -c "echo \$\$ >'$cgroup/libpod-$id/cgroup.procs'
	exec setpriv --reuid $uid --regid $uid --clear-groups unshare -Ur sh -c 'echo ready >&2; read -r _ <\"$work/go\"; \"$work/nothing\" from-a-user'" \
	2>"$work/user.log" &
init=$!
wait_for 10 grep -q ready "$work/user.log"
register() { # UID PID ID
	jq -n -c --argjson pid "$2" --arg id "$3" '{ociVersion: "1.0.2", id: $id, status: "creating", pid: $pid, bundle: "/tmp"}' |
		setpriv --reuid "$1" --regid "$1" --clear-groups "$work/tallyman-hook" --socket "$run/hook.sock" --spool "$work/spool" \
			>"$work/hook.log" 2>&1
}
register 23456 $init "$id"
is "a third user's hook ends with 0" $? 0
register $uid 1 "$id"
is "a user's registration of pid 1 ends with 0" $? 0
register $uid $$ "$id"
is "a user's registration of root's process ends with 0" $? 0
is "and none of these made a container" "$(tallyman containers -o json | jq -s -c --arg id "$id" '[.. | objects | .id? | select(. == $id)]')" "[]"
register $uid $init "$id"
"$actors/nothing" on-the-host
echo >"$work/go"
wait $init
settle
is "a user's own container is attributed, with its scope" "$(exec_of from-a-user '.container | [.id, .scope]')" "[\"$id\",\"user:$uid\"]"
is "the host is not" "$(exec_of on-the-host .container)" null
finish
