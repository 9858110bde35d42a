#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The life of policies: files in policy_dir, `tallyman policy`, what is refused, what survives; and whom
# they look at.
. "$(dirname "$0")/lib.sh"

policies=$work/policies

# policy NAME PREFIX [LINE…]: openat of what begins so; each LINE is one of spec's.
policy() {
	local name=$1 prefix=$2 line
	shift 2
	printf 'apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata: {name: %s}\nspec:\n' "$name"
	for line in "$@"; do printf '  %s\n' "$line"; done
	cat <<-E
		  kprobes:
		  - call: sys_openat
		    syscall: true
		    args: [{index: 1, type: string}]
		    selectors:
		    - matchArgs: [{index: 1, operator: Prefix, values: ["$prefix"]}]
	E
}

# put NAME: standard input becomes a file of policy_dir at once
put() {
	cat >"$work/$1.new" && mv "$work/$1.new" "$policies/$1"
}

list() { # FILTER: of each policy
	tallyman policy list -o json | jq -c ".[] | $1"
}
state() { # NAME
	list "select(.name == \"$1\") | .state"
}
state_is() { # NAME STATE: "" is none
	[ "$(state "$1")" = "${2:+\"$2\"}" ]
}
changes() { # NAME: what became of it, in words
	events ".policy_change // empty | select(.name == \"$1\") | .change" | tr -d '"' | paste -s -d ' '
}
marks() { # PREFIX: the policies that saw such an openat, and how often
	settle
	events '.process_kprobe // empty | select(.args[0].string_arg // "" | startswith($prefix)) | .policy_name' \
		--arg prefix "$1" | sort | uniq -c | awk '{ gsub("\"", ""); print $2 ":" $1 }' | paste -s -d ' '
}
make_marks() {
	"$actors/open-marks" "$@"
}

# ---- over the control socket ----
daemon_start
is "there are no policies at first" "$(tallyman policy list -o json)" "[]"
policy by-hand /mark-hand- >"$work/by-hand.yaml"
is "add says that it is in force" "$(tallyman policy add "$work/by-hand.yaml")" "by-hand: in force"
make_marks /mark-hand- 3
is "it is" "$(marks /mark-hand-)" "by-hand:3"
is "list has its counters, memory and source" "$(list '[.name, .state, .mode, .matches, .posted, .errors, (.kernel_memory | tonumber) > 0,
	.source, (.hooks | length)]')" '["by-hand","enabled","enforce","3","3","0",true,"uid 0 over the control socket",1]'
like "and as a table" "$(tallyman policy list | tail -n 1)" '^by-hand +- +enabled +enforce +1 .* 3 +3 +0 +[0-9]+ KiB  uid 0'
said=$(tallyman policy add "$work/by-hand.yaml" 2>&1)
is "a second one of the name is refused" "$?" 1
like "with the reason" "$said" "there is a policy by-hand already, of uid 0"
ok "with --replace it takes its place" tallyman policy add --replace "$work/by-hand.yaml"
ok "disable" tallyman policy disable by-hand
make_marks /mark-hand-disabled- 1
is "a disabled policy sees nothing" "$(marks /mark-hand-disabled-)" ""
is "and is listed as that" "$(state by-hand)" '"disabled"'
ok "enable" tallyman policy enable by-hand
make_marks /mark-hand-enabled- 1
is "it sees again" "$(marks /mark-hand-enabled-)" "by-hand:1"
ok "set-mode" tallyman policy set-mode by-hand monitor
is "its mode is shown" "$(list .mode)" '"monitor"'
make_marks /mark-hand-monitored- 2
is "and it counts on" "$(settle; list '[.matches, .posted]')" '["3","3"]'
settle
is "each change is an event" "$(changes by-hand)" "added refused replaced disabled enabled mode_monitor"
like "a mistake is said with file, line and column" "$(policy by-hand2 /x 'kprobez: []' | tallyman policy add - 2>&1)" \
	'^/dev/stdin:5:3: spec.kprobez: '
like "so is what is no UTF-8, by which a path would be another" "$(policy latin /x$'\xff' | tallyman policy add - 2>&1)" \
	'/dev/stdin:10:60: not YAML: invalid leading UTF-8 octet'
is "what does not exist cannot be deleted" "$(tallyman policy delete nowhere 2>&1)" "tallyman: there is no policy nowhere"
{
	policy pair-a /mark-pair-
	echo ---
	policy pair-b /mark-pair-
} | tallyman policy add - >/dev/null
is "a text of two is added as a whole" "$(list .name | paste -s -d ' ')" '"by-hand" "pair-a" "pair-b"'
{
	policy half-a /x
	echo ---
	policy pair-b /x
} | tallyman policy add - >/dev/null 2>&1
is "or not at all" "$(state half-a)" ""
ok "one of the two can be deleted" tallyman policy delete pair-a
make_marks /mark-pair- 1
is "and only the other sees" "$(marks /mark-pair-)" "pair-b:1"
if getent passwd nobody >/dev/null; then
	chmod 777 "$run/control.sock"
	said=$(setpriv --reuid nobody --clear-groups "$top_builddir/cli/tallyman" --runtime-dir "$run" policy delete pair-b 2>&1)
	is "another user changes nothing" "$? $said" "1 tallyman: policies are changed by root alone"
	ok "but may look" setpriv --reuid nobody --clear-groups "$top_builddir/cli/tallyman" --runtime-dir "$run" policy list
fi

# ---- files ----
policy file /mark-file- | put file.yaml
ok "a file is in force when it comes" wait_for 5 state_is file enabled
make_marks /mark-file- 1
is "and sees" "$(marks /mark-file-)" "file:1"
policy file /mark-second- >"$policies/file.yaml"
second_sees() {
	make_marks /mark-second- 1
	[ -n "$(marks /mark-second-)" ]
}
ok "written over, the new one is" wait_for 5 second_sees
printf 'apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata: {name: file}\nspec: {kprobes: [{call: 3}]}\n' | put file.yaml
wait_for 5 has '.policy_change.change == "refused" and .policy_change.source == $file' --arg file "$policies/file.yaml"
like "a broken one is refused with file, line and column" "$(list 'select(.name == "file") | .error')" "file.yaml:4:25: spec.kprobes\\[0\\].call: "
like "in the status too" "$(tallyman status -o json | jq -r '.policies.refused_files[].error')" "file.yaml:4:25: "
like "and in the journal" "$(cat "$work/daemon.log")" "policy refused: .*file.yaml:4:25: "
make_marks /mark-second-again- 1
is "what was in force stays" "$(marks /mark-second-again-)" "file:1"
policy file /mark-third- | put file.yaml
ok "mended, it is in force" wait_for 5 eval '[ "$(list "select(.name == \"file\") | .error")" = null ]'
mv "$policies/file.yaml" "$policies/renamed.yaml"
wait_for 5 eval '[ "$(list "select(.name == \"file\") | .source")" = "\"$policies/renamed.yaml\"" ]'
make_marks /mark-third- 1
is "renamed, it still is" "$(marks /mark-third-)" "file:1"
said=$(tallyman policy delete file 2>&1)
like "a file's policy goes with the file alone" "$? $said" "^1 .*comes from $policies/renamed.yaml: remove it there"
rm "$policies/renamed.yaml"
ok "removed, it is gone" wait_for 5 state_is file ""
settle
is "each change is an event" "$(changes file)" "added replaced refused replaced replaced deleted"
exec 8>"$policies/slow.yaml"
policy slow /mark-slow- | head -n 4 >&8
touch "$policies/other.txt" # not a policy, nor a change
policy quick /mark-quick- | put quick.yaml
wait_for 5 state_is quick enabled
is "a file that is being written is not read" "$(list 'select(.source | endswith("slow.yaml"))')" ""
policy slow /mark-slow- | tail -n +5 >&8
exec 8>&-
ok "once it is closed, it is" wait_for 5 state_is slow enabled
is "and was never refused" "$(changes slow)" "added"

refused_is() { # FILE EXPRESSION
	list "select(.source == \"$policies/$1\") | .error" | grep -qE "$2"
}
policy open /x >"$work/open.yaml" && chmod 666 "$work/open.yaml" && mv "$work/open.yaml" "$policies"
ok "a file that anybody may write to is refused" wait_for 5 refused_is open.yaml 'others than its owner may write to the file'
chmod 644 "$policies/open.yaml"
ok "until its mode is right" wait_for 5 state_is open enabled
ln -s "$work/by-hand.yaml" "$policies/link.yaml"
ok "a symbolic link is refused" wait_for 5 refused_is link.yaml 'symbolic link'
mkfifo "$policies/fifo.yaml"
ok "and a FIFO, without waiting for it" wait_for 5 refused_is fifo.yaml 'no regular file'
policy owned /x >"$work/owned.yaml" && chown 12345 "$work/owned.yaml" && mv "$work/owned.yaml" "$policies"
ok "and another user's file" wait_for 5 refused_is owned.yaml 'belongs to uid 12345'
head -c 1100000 /dev/zero | tr '\0' '#' | put big.yaml
ok "and one of more than 1 MiB" wait_for 5 refused_is big.yaml 'more than 1048576 bytes'
policy pair-b /x | put taken.yaml
ok "and one whose name is taken" wait_for 5 refused_is taken.yaml 'there is a policy pair-b already'
tallyman policy delete pair-b >/dev/null
is "until that one has gone" "$(list 'select(.name == "pair-b") | [.state, .source]')" "[\"enabled\",\"$policies/taken.yaml\"]"
rm -f "$policies"/{link,fifo,owned,big,taken,open,quick}.yaml
wait_for 5 state_is quick ""

# ---- a restart ----
tallyman policy disable slow >/dev/null
printf 'not a policy' >"$policies/broken.yaml"
daemon_stop
is "what was added is kept for root alone" "$(stat -c %a "$run"/policies "$run"/policies/by-hand-*.yaml | paste -s -d ' ')" "700 600"
daemon_start
ok "what was added is there after a restart" wait_for 10 state_is by-hand enabled
is "in its mode, and from whom it was" "$(list 'select(.name == "by-hand") | [.mode, .source]')" '["monitor","uid 0 over the control socket"]'
is "what was disabled is disabled" "$(state slow)" '"disabled"'
is "what was deleted is not there" "$(state pair-a)" ""
ok "a broken file keeps nobody from starting" refused_is broken.yaml 'broken.yaml:1:1: '
make_marks /mark-hand-restarted- 1
is "it sees" "$(marks /mark-hand-restarted-)" "by-hand:1"
rm -f "$policies"/*.yaml

# ---- replacement without a gap ----
policy gap /mark-gap- | put gap.yaml
wait_for 5 state_is gap enabled
make_marks /mark-gap- 1500 2000 &
marker=$!
for i in {1..20}; do
	{
		echo "# version $i"
		policy gap /mark-gap-
	} | put gap.yaml
	wait_for 10 eval '[ "$(grep -c "\"name\":\"gap\",\"change\":\"replaced\"" "$events_json")" -ge "$i" ]'
done
like "20 replacements" "$(settle; changes gap)" '^added( replaced){20}$'
wait "$marker"
settle
is "and each call has its event" "$(events '.process_kprobe // empty | select(.policy_name == "gap") | .args[0].string_arg' |
	sort -u | wc -l)" 1500
is "while nothing was lost" "$(count 'kind == "event_loss"')" 0

# ---- a directory that must not be read ----
policies_error() {
	tallyman status -o json | jq -r '.policies.error // empty' | grep -qE "$1"
}
chmod 777 "$policies"
ok "the status says that the directory is not read, and why" wait_for 10 policies_error 'others than its owner may write'
chmod 755 "$policies"
ok "and no more when it is" wait_for 20 not policies_error .

# ---- clients that always ask for something, and the directory ----
keep_adding() { # NAME
	policy "$1" /mark-busy- >"$work/$1.yaml"
	until [ -e "$work/enough" ]; do
		tallyman policy add --replace "$work/$1.yaml" >/dev/null 2>&1
	done
}
for i in 1 2 3 4; do
	keep_adding busy-$i &
	adders[i]=$!
done
wait_for 20 state_is busy-4 enabled
policy beside /mark-beside- | put beside.yaml
ok "a file comes in force while clients keep the daemon busy" wait_for 20 state_is beside enabled
touch "$work/enough"
wait "${adders[@]}"
rm "$policies/beside.yaml"
ok "and goes" wait_for 20 state_is beside ""
tallyman policy delete busy-1 busy-2 busy-3 busy-4 >/dev/null || fail "the clients' policies are deleted"

# ---- many ----
for i in {1..50}; do
	policy "many-$i" "/mark-many-$((i % 10))-" >"$work/many-$i.yaml"
done
mv "$work"/many-*.yaml "$policies"
all_there() {
	[ "$(list 'select(.name | startswith("many-")) | select(.state == "enabled")' | wc -l)" = 50 ]
}
ok "50 policies at once" wait_for 60 all_there
make_marks /mark-many-3- 1
is "of which those see that should" "$(marks /mark-many-3- | tr ' ' '\n' | wc -l)" 5
is "none takes a megabyte" "$(list 'select((.kernel_memory // "0" | tonumber) > 1048576) | .name')" ""
rm "$policies"/many-*.yaml
ok "and they go" wait_for 60 eval '[ -z "$(list "select(.name | startswith(\"many-\"))")" ]'

# ---- whom they look at ----
podman_setup
namespaced() { # NAMESPACE
	sed "s/^kind: .*/kind: TracingPolicyNamespaced/; s/name: [a-z-]*/&, namespace: $1/"
}
policy by-name /mark-scope- 'containerSelector: {matchExpressions: [{key: name, operator: In, values: [web, api]}]}' | put by-name.yaml
policy by-label /mark-scope- 'podSelector: {matchLabels: {app: shop}}' | put by-label.yaml
policy not-label /mark-scope- 'podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [shop]}]}' | put not-label.yaml
policy by-image /mark-scope- 'containerSelector: {matchLabels: {repo: localhost/busybox}}' | put by-image.yaml
policy by-pod /mark-scope- 'podSelector: {matchLabels: {tier: front}}' | put by-pod.yaml
policy containers /mark-scope- 'podSelector: {}' | put containers.yaml
policy host /mark-scope- 'hostSelector: {}' | put host.yaml
policy host-and-web /mark-scope- 'hostSelector: {}' 'containerSelector: {matchLabels: {name: web}}' | put host-and-web.yaml
policy everything /mark-scope- | put everything.yaml
policy namespaced /mark-scope- | namespaced other | put namespaced.yaml
wait_for 10 state_is namespaced enabled
wait_for 10 state_is everything enabled
is "all are in force" "$(list 'select(.state != "enabled") | [.name, .error]')" ""

podman run --name web --label app=shop "$image" /actors/open-marks /mark-scope-web- 1
is "a container of the name and label, from its first instruction" "$(marks /mark-scope-web-)" \
	"by-image:1 by-label:1 by-name:1 containers:1 everything:1 host-and-web:1"
podman run --name api "$image" /actors/open-marks /mark-scope-api- 1
is "a container of a name" "$(marks /mark-scope-api-)" "by-image:1 by-name:1 containers:1 everything:1 not-label:1"
podman run --name other --rootfs "$work/rootfs" /actors/open-marks /mark-scope-other- 1
is "a container of none" "$(marks /mark-scope-other-)" "containers:1 everything:1 not-label:1"
podman pod create --name till --infra=false --label tier=front >/dev/null
podman run --pod till --name member "$image" /actors/open-marks /mark-scope-member- 1
is "a container of a pod that has the label" "$(marks /mark-scope-member-)" \
	"by-image:1 by-pod:1 containers:1 everything:1 not-label:1"
make_marks /mark-scope-host- 1
is "the host" "$(marks /mark-scope-host-)" "everything:1 host:1 host-and-web:1"
# CRI-O: the pod's labels, its namespace, the container's short name
policy crio-pod /mark-scope- 'podSelector: {matchLabels: {app: web}}' | put crio-pod.yaml
policy crio-name /mark-scope- 'containerSelector: {matchLabels: {name: nginx}}' | put crio-name.yaml
policy crio-prod /mark-scope- | namespaced prod | put crio-prod.yaml
policy crio-default /mark-scope- | namespaced default | put crio-default.yaml
wait_for 10 state_is crio-default enabled
id=$(new_id)
crio_bundle "$id" /actors/open-marks /mark-scope-crio- 1
runc run -b "$crio/$id/userdata" "$id" >"$work/runc.log" 2>&1 || fail "the CRI-O bundle runs" "$(cat "$work/runc.log")"
is "a container of CRI-O's" "$(marks /mark-scope-crio-)" "containers:1 crio-name:1 crio-pod:1 crio-prod:1 everything:1 not-label:1"
rm "$policies"/crio-*.yaml
ok "their policies go" wait_for 10 state_is crio-default ""
mkfifo "$work/commands"
podman run -d --name late -v "$work/commands:/commands" "$image" /bin/sh -c \
	'while read -r word; do /actors/open-marks "$word" 1; done <>/commands' >/dev/null
exec 9<>"$work/commands"
policy late /mark-scope- 'containerSelector: {matchLabels: {name: late}}' | put late.yaml
wait_for 5 state_is late enabled
echo /mark-scope-late- >&9
wait_for 10 has '.process_kprobe.policy_name == "late"'
is "a policy finds the containers that run already" "$(marks /mark-scope-late-)" "by-image:1 containers:1 everything:1 late:1 not-label:1"
daemon_stop KILL
daemon_start
wait_for 10 state_is late enabled
echo /mark-scope-again- >&9
wait_for 10 has '.process_kprobe.policy_name == "late" and .process_kprobe.args[0].string_arg == "/mark-scope-again-0"'
is "after a restart too" "$(marks /mark-scope-again-)" "by-image:1 containers:1 everything:1 late:1 not-label:1"
is "nothing is in use when all are gone" "$(rm -f "$policies"/*.yaml
	wait_for 20 eval '[ "$(tallyman status -o json | jq .policies.scopes)" = 0 ]'
	tallyman status -o json | jq -c '[.policies.scopes, .policies.scope_errors]')" '[0,"0"]'
finish
