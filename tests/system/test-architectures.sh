#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The sensors are compiled for arm64 too: what only such a machine would notice otherwise.
. "$(dirname "$0")/lib.sh"

clang=$(sed -n 's/^CLANG = //p' "$top_builddir/Makefile")
sources=$(cd "$tests_dir/../.." && pwd -P)
for source in "$sources"/bpf/*.bpf.c; do
	name=$(basename "$source" .bpf.c)
	ok "$name: for arm64" "${clang:-clang}" -target bpf -mcpu=v3 -D__TARGET_ARCH_arm64 -O2 -g -std=gnu11 -Wall -Wextra -Werror \
		-Wno-unused-parameter -Wno-missing-declarations -I"$sources/bpf/include" -I"$sources/bpf" -I"$sources" \
		-isystem /usr/aarch64-linux-gnu/include -c "$source" -o "$work/$name.o"
done
finish
