#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The system tests on cgroup v2 with the systemd manager, against the installed programs: all that the base
# suite has not run, but for those named here.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

systemctl stop tallymand.service tallymand.socket
export TALLYMAN_TEST_CONTAINERS=10
for script in "$tests_dir"/test-*.sh; do
	subject=$(basename "$script" .sh)
	subject=${subject#test-}
	case $subject in
	programs | arguments | exec-fields | exit | attribution) continue ;; # the base suite's
	memory | fairness) continue ;;                           # a measure of this machine's speed
	*) system_test "$subject" ;;
	esac
done
finish
