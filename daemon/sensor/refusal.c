/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/sensor/refusal.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <cap-ng.h>

#include "daemon/log.h"
#include "lib/cleanup.h"

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF	    39
#endif

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"
#define PERF_LEVEL "/proc/sys/kernel/perf_event_paranoid"

/* libbpf's print function has no argument of ours. */
static struct {
	char program[64];
	char verdict[200];
} refused;

/* The verifier's log can be megabytes; its verdict is the line before the statistics. */
static void keep_verdict(char *text)
{
	char *end = strstr(text, "\nprocessed "), *next, *begin;
	const char *program = strstr(text, "prog '");

	while (end && (next = strstr(end + 1, "\nprocessed ")))
		end = next;
	if (!end || !program)
		return;
	*end = 0;
	begin = strrchr(text, '\n');
	program += strlen("prog '");
	snprintf(refused.program, sizeof(refused.program), "%.*s", (int)strcspn(program, "'"),
		program);
	snprintf(refused.verdict, sizeof(refused.verdict), "%s", begin ? begin + 1 : text);
}

static int on_print(enum libbpf_print_level level, const char *format, va_list arguments)
{
	_cleanup_free_ char *text = NULL;

	if (level != LIBBPF_WARN)
		return 0;
	if (vasprintf(&text, format, arguments) < 0) {
		text = NULL;
		return 0;
	}
	if (strstr(format, "PROG LOAD LOG"))
		keep_verdict(text);
	text[strcspn(text, "\n")] = 0;
	log_debug("%s", text);
	return 0;
}

void refusal_listen(void)
{
	refused.program[0] = 0;
	libbpf_set_print(on_print);
}

static bool have_capability(unsigned int capability)
{
	return capng_have_capability(CAPNG_EFFECTIVE, capability) ||
	       capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN);
}

static void explain_permission(char ret_reason[REFUSAL_MAX])
{
	struct rlimit limit;

	capng_get_caps_process();
	if (!have_capability(CAP_BPF) || !have_capability(CAP_PERFMON))
		snprintf(ret_reason, REFUSAL_MAX,
			"CAP_BPF and CAP_PERFMON are needed, %s is missing",
			have_capability(CAP_BPF)       ? "CAP_PERFMON"
			: have_capability(CAP_PERFMON) ? "CAP_BPF"
						       : "each of them");
	else if (!getrlimit(RLIMIT_MEMLOCK, &limit) && limit.rlim_cur != RLIM_INFINITY)
		snprintf(ret_reason, REFUSAL_MAX,
			"kernels before 5.11 count maps as locked memory, of which %llu KiB are "
			"allowed: "
			"RLIMIT_MEMLOCK (LimitMEMLOCK= of the service) must be infinity",
			(unsigned long long)limit.rlim_cur / 1024);
	else
		snprintf(ret_reason, REFUSAL_MAX,
			"a security module or lockdown=confidentiality may forbid it");
}

void refusal_explain(int code, char ret_reason[REFUSAL_MAX])
{
	ret_reason[0] = 0;
	if (refused.program[0])
		snprintf(ret_reason, REFUSAL_MAX, "the verifier says of %s: %s", refused.program,
			refused.verdict);
	else if (code == -EPERM)
		explain_permission(ret_reason);
	else if (access(KERNEL_BTF, R_OK) < 0)
		snprintf(ret_reason, REFUSAL_MAX,
			"%s: %s: the kernel must be 5.10 or newer, with CONFIG_DEBUG_INFO_BTF",
			KERNEL_BTF, strerror(errno));
}

/* Above 2, a level that Debian's kernels have and begin with, no capability but one will do. */
void refusal_explain_perf(char ret_reason[REFUSAL_MAX])
{
	_cleanup_fclose_ FILE *file = fopen(PERF_LEVEL, "re");
	int level = 0;

	ret_reason[0] = 0;
	if (!file || fscanf(file, "%d", &level) != 1 || level <= 2)
		return;
	snprintf(ret_reason, REFUSAL_MAX,
		"kernel.perf_event_paranoid is %d, which wants CAP_SYS_ADMIN for it: set it to 2, "
		"or daemon.extra_capabilities to CAP_SYS_ADMIN",
		level);
}
