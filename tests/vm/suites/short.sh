#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What every test run asks of a kernel that is not Debian 12's own: the service with its least power, a
# container by its name, the verifier, and exec events against what the actors say. More is in base.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

diag "Linux $(uname -r)"
is "the service is up after boot" "$(systemctl is-active tallymand.service)" active
import_image
podman run --name web --network none "$image" /actors/nothing in-web >"$work/podman.log" 2>&1 ||
	fail "podman runs a container" "$(cat "$work/podman.log")"
settle
is "a container's program has its name" "$(events 'exec | select(nothing("in-web")) | .process.container.name')" '"web"'
is "the service has nothing to complain of" "$(complaints)" ""
systemctl stop tallymand.service tallymand.socket
for subject in programs exec-fields; do
	system_test $subject
done
finish
