/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bpf/verifier.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#define LOG_BYTES      (4u << 20)
#define LOG_TAIL_BYTES 4000
#define LOG_STATISTICS 4 /* log level: only the line with the count */
#define LOG_PATH       1 /* the instructions of the path that failed */

static char verifier_log[LOG_BYTES];
static unsigned int log_level;

static int print_nothing(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return 0;
}

void verifier_begin(void)
{
	const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	struct utsname kernel;

	setrlimit(RLIMIT_MEMLOCK, &unlimited); /* before 5.11 */
	setvbuf(stdout, NULL, _IOLBF, 0);
	libbpf_set_print(print_nothing);
	uname(&kernel);
	printf("kernel %s\n", kernel.release);
}

/* "processed 4830+192+2273 insns": since 7.0 one number for each function. */
static unsigned long processed(const char *log)
{
	const char *at = strstr(log, "processed ");
	unsigned long sum = 0;
	char *end;

	for (at = at ? at + strlen("processed ") : ""; *at; at = end + 1) {
		sum += strtoul(at, &end, 10);
		if (*end != '+')
			break;
	}
	return sum;
}

struct bpf_program *verifier_choose(struct bpf_object *object, const char *name)
{
	struct bpf_program *program, *chosen = NULL;

	bpf_object__for_each_program(program, object)
	{
		bool wanted = !strcmp(bpf_program__name(program), name);

		bpf_program__set_autoload(program, wanted);
		if (wanted)
			chosen = program;
	}
	bpf_program__set_log_level(chosen, log_level);
	bpf_program__set_log_buf(chosen, verifier_log, sizeof(verifier_log));
	return chosen;
}

static int load_with_log(
	unsigned int level, const char *program, verifier_load load, const void *configuration)
{
	verifier_log[0] = 0;
	log_level = level;
	return load(program, configuration);
}

int verifier_verify(
	const char *heading, const char *program, verifier_load load, const void *configuration)
{
	int r = load_with_log(LOG_STATISTICS, program, load, configuration);
	size_t length;

	printf("%s ", heading);
	if (!r) {
		printf("%lu\n", processed(verifier_log));
		return 0;
	}
	/* Trampolines are not allowed here; before 6.0 a probe of a program's function cannot
	 * sleep. */
	if ((r == -EPERM && !verifier_log[0]) ||
		strstr(verifier_log, "programs can be sleepable")) {
		printf("not possible\n");
		return 0;
	}
	printf("refused: %s\n", strerror(-r));
	load_with_log(LOG_PATH, program, load, configuration);
	length = strlen(verifier_log);
	printf("%s\n", verifier_log + (length > LOG_TAIL_BYTES ? length - LOG_TAIL_BYTES : 0));
	return 1;
}
