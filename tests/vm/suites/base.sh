#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The base sensor on whatever kernel this is: the system tests that are about what the kernel tells,
# against the installed programs. Each test has a daemon of its own.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

diag "Linux $(uname -r)"
is "the service is up after boot" "$(systemctl is-active tallymand.service)" active
ok "tallyman status answers" tallyman status
# one observer at a time is slow enough under emulation
systemctl stop tallymand.service tallymand.socket
export TALLYMAN_TEST_CONTAINERS=10
for subject in programs arguments exec-fields exit attribution; do
	system_test $subject
done
finish
