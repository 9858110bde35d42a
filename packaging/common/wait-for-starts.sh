# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Becomes part of the script that runs before a package's files are removed, after the hook's descriptors
# are. An engine reads the descriptors some time before its runtime runs the hook, and a hook that is gone
# by then fails the container. Which engine is between the two cannot be seen from outside; what can is
# the engines' own programs, of those that were there when the descriptors went,
engines() {
    grep -lxE 'podman|buildah' /proc/[0-9]*/comm 2>/dev/null || true
}

# and runtimes, which run the hook while they create.
creating() {
    # shellcheck disable=SC2013 # names without blanks
    for comm in $(grep -lxE 'runc|crun|crun-.*|youki' /proc/[0-9]*/comm 2>/dev/null); do
        process=$(dirname "$comm")
        if tr '\0' '\n' 2>/dev/null <"$process/cmdline" | grep -qxE 'create|restore'; then
            echo "$comm"
        fi
    done
}

# wait_until_gone TENTHS FILE…
wait_until_gone() {
    tenths=$1
    shift
    for file in "$@"; do
        while [ -e "$file" ] && [ "$tenths" -gt 0 ]; do
            sleep 0.1
            tenths=$((tenths - 1))
        done
    done
}

# A second first: CRI-O is one program that stays. An engine that still runs after five has most likely a
# container in the foreground; a runtime that creates for thirty will not come to an end.
wait_for_starts() {
    before=$(engines)
    sleep 1
    # shellcheck disable=SC2086 # a list of words
    wait_until_gone 50 $before
    # shellcheck disable=SC2046
    wait_until_gone 300 $(creating)
}
