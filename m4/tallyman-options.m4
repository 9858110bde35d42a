dnl SPDX-License-Identifier: Apache-2.0
AC_DEFUN([TALLYMAN_OPTIONS], [
	AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [make compiler warnings errors])],
		[], [enable_werror=no])
	AC_ARG_ENABLE([sanitizers], [AS_HELP_STRING([--enable-sanitizers], [build with ASan and UBSan])],
		[], [enable_sanitizers=no])
	AC_ARG_ENABLE([coverage], [AS_HELP_STRING([--enable-coverage], [build for gcov])],
		[], [enable_coverage=no])
	AC_ARG_ENABLE([fuzzing], [AS_HELP_STRING([--enable-fuzzing], [build the libFuzzer targets; needs CC=clang])],
		[], [enable_fuzzing=no])
	AM_CONDITIONAL([ENABLE_FUZZING], [test "x$enable_fuzzing" = xyes])
	AM_CONDITIONAL([ENABLE_SANITIZERS], [test "x$enable_sanitizers" = xyes])
	AS_IF([test "x$enable_sanitizers" = xyes],
		[INSTRUMENTATION="-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer"])
	AS_IF([test "x$enable_coverage" = xyes], [INSTRUMENTATION="$INSTRUMENTATION --coverage -O0"])
	AS_IF([test "x$enable_fuzzing" = xyes], [INSTRUMENTATION="$INSTRUMENTATION -fsanitize=fuzzer-no-link,address,undefined"])
	AC_SUBST([INSTRUMENTATION])
])
