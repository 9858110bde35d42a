dnl SPDX-License-Identifier: Apache-2.0
dnl Find the compiler and the tool that make the BPF objects and their skeletons, and check that
dnl they can: a clang without the bpf target is common.
AC_DEFUN([TALLYMAN_BPF_TOOLCHAIN], [
	AC_ARG_VAR([CLANG], [clang with the bpf target])
	AC_ARG_VAR([BPFTOOL], [bpftool, 7.0 or later])
	AC_ARG_VAR([BPF_CFLAGS], [extra flags for the BPF objects])
	AC_CHECK_PROGS([CLANG], [clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14])
	AS_IF([test "x$CLANG" = x], [AC_MSG_ERROR([clang is needed to build the BPF objects])])
	AC_PATH_PROGS([BPFTOOL], [bpftool], [], [$PATH:/usr/sbin:/sbin])
	AS_IF([test "x$BPFTOOL" = x], [AC_MSG_ERROR([bpftool is needed to build the BPF skeletons])])
	AC_MSG_CHECKING([whether $CLANG can compile for bpf])
	AS_IF([echo 'int x;' | $CLANG -target bpf -g -c -x c - -o conftest.bpf.o >/dev/null 2>&1],
		[AC_MSG_RESULT([yes])],
		[AC_MSG_RESULT([no]); AC_MSG_ERROR([$CLANG has no bpf target])])
	rm -f conftest.bpf.o
	dnl linux/types.h includes asm/types.h, which Debian keeps in the multiarch directory.
	BPF_SYSTEM_INCLUDES="-idirafter /usr/include"
	multiarch=$($CC -print-multiarch 2>/dev/null)
	AS_IF([test "x$multiarch" != x], [BPF_SYSTEM_INCLUDES="$BPF_SYSTEM_INCLUDES -idirafter /usr/include/$multiarch"])
	AC_SUBST([BPF_SYSTEM_INCLUDES])
	AS_CASE([$host_cpu],
		[x86_64], [BPF_ARCH=x86], [aarch64], [BPF_ARCH=arm64],
		[AC_MSG_ERROR([no BPF register layout is known for $host_cpu])])
	AC_SUBST([BPF_ARCH])
])
