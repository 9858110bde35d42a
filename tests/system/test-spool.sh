#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Containers started while the daemon is down are known once it runs: from the spool, and without the
# spool from a scan.
. "$(dirname "$0")/lib.sh"

podman_setup
mkdir -p "$run"
chmod 755 "$run"

# ---- daemon down: the hook spools ----
podman run -d --name spooled --label app=shop "$image" /bin/sleep 1000 >/dev/null 2>"$work/run.log"
is "a container starts with the daemon down" "$(podman inspect -f '{{.State.Status}}' spooled 2>&1)" running
is "its announcement waits in the spool" "$(find "$run/spool" -type f 2>/dev/null | wc -l)" 1
is "which only its owner can read" "$(stat -c %a "$run/spool" 2>/dev/null)" 700

# ---- a container that came and went meanwhile leaves a stale one ----
podman run --rm --name gone "$image" /bin/true

# ---- and one that has no announcement at all ----
mv "$work/hooks.d/50-tallyman.json" "$work/"
podman run -d --name found --label app=scan "$image" /bin/sleep 1000 >/dev/null
mv "$work/50-tallyman.json" "$work/hooks.d/"

daemon_start
podman exec spooled /actors/nothing after-start
podman exec found /actors/nothing after-scan
settle

is "the spool is empty" "$(find "$run/spool" -type f | wc -l)" 0
is "the next exec is attributed" "$(events 'exec | select(nothing("after-start"))
	| [.process.container.name, .process.container.labels.app, .process.container.image.name]')" '["spooled","shop","localhost/busybox:test"]'
is "what ran before is attributed" "$(events 'exec | select(.process.argv == ["/bin/sleep", "1000"] and (.process.flags | test("procFS")))
	| .process.container.name' | sort)" '"found"
"spooled"'
is "it says that it came from the spool" "$(events '.container_start // empty | select(.container.name == "spooled") | .container.registered_by // .registered_by')" '"spool"'
is "the container without announcement is found by the scan" "$(events 'exec | select(nothing("after-scan"))
	| [.process.container.name, .process.container.labels.app]')" '["found","scan"]'
is "the one that was gone is not announced" "$(count '.container_start.container.name == "gone"')" 0

# ---- a spool that was tampered with ----
daemon_stop
mkdir -p "$run/spool"
printf '{"not":' >"$run/spool/truncated.json"
head -c 11000000 /dev/zero | tr '\0' x >"$run/spool/huge.json"
echo secret-behind-a-link >"$work/secret"
ln -s "$work/secret" "$run/spool/link.json"
mkfifo "$run/spool/fifo.json"
mkdir "$run/spool/directory.json"
daemon_start
settle
ok "a spool with garbage, a link, a FIFO and a directory in it harms nothing" daemon_alive
podman exec spooled /actors/nothing after-garbage
settle
is "and containers are attributed as before" "$(events 'exec | select(nothing("after-garbage")) | .process.container.name')" '"spooled"'
is "a link is not followed" "$(grep -c secret-behind "$work/daemon.log")" 0

# ---- a spool that is full takes no more, and the container still starts ----
daemon_stop
rm -rf "$run/spool"
for i in $(seq 1 3); do
	podman run --rm --name "again-$i" "$image" /bin/true || fail "container $i starts"
done
is "each leaves at most one file" "$(find "$run/spool" -type f | wc -l)" 3
finish
