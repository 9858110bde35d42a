/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Load each program of the base sensor alone, in every variant and with everything configured that
 * makes it longer, and say how many instructions this kernel's verifier followed for it (the limit
 * is a million). For a program that is refused: the end of the verifier's log.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf/base.skel.h"
#include "bpf/include/event.h"

#define LOG_BYTES      (4u << 20)
#define LOG_TAIL_BYTES 4000
#define LOG_STATISTICS 4 /* log level: only the line with the count */
#define LOG_PATH       1 /* the instructions of the path that failed */

static char verifier_log[LOG_BYTES];

static int print_nothing(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return 0;
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

/* Programs that come in two variants; the further instances are the first once more. */
static bool wanted(const char *name, bool loop)
{
	bool bounded = strstr(name, "_bounded") != NULL;

	if (strstr(name, "_instance") || strstr(name, "_witness"))
		return false;

	if (!strncmp(name, "on_exec", 7) || !strncmp(name, "iterate_tasks", 13))
		return loop || bounded;
	return true;
}

static int load(const char *name, bool storage, bool everything, int log_level)
{
	struct base_bpf *object = base_bpf__open();
	struct bpf_program *program;
	int r;

	if (!object)
		return -errno;
	bpf_object__for_each_program(program, object->obj)
	{
		bpf_program__set_autoload(program, !strcmp(bpf_program__name(program), name));
		bpf_program__set_log_level(program, log_level);
		bpf_program__set_log_buf(program, verifier_log, sizeof(verifier_log));
	}
	bpf_map__set_autocreate(object->maps.tasks, storage);
	bpf_map__set_autocreate(object->maps.tasks_by_tid, !storage);
	bpf_map__set_autocreate(object->maps.process_states, storage);
	bpf_map__set_autocreate(object->maps.process_states_by_tid, !storage);
	object->rodata->have_task_storage = storage;
	if (everything) {
		object->rodata->environment_enabled = true;
		object->rodata->instances = INSTANCES_MAX;
		object->rodata->throttle_bytes = RING_BYTES_DEFAULT / THROTTLE_RING_DIVISOR;
	}
	verifier_log[0] = 0;
	r = base_bpf__load(object);
	base_bpf__destroy(object);
	return r;
}

static void print_log_end(void)
{
	size_t length = strlen(verifier_log);

	printf("%s\n", verifier_log + (length > LOG_TAIL_BYTES ? length - LOG_TAIL_BYTES : 0));
}

static int verify(const char *name, bool storage, bool everything)
{
	int r = load(name, storage, everything, LOG_STATISTICS);

	printf("%-24s %-13s %-12s ", name, storage ? "task storage" : "hash",
		everything ? "everything" : "plain");
	if (!r) {
		printf("%lu\n", processed(verifier_log));
		return 0;
	}
	printf("refused: %s\n", strerror(-r));
	load(name, storage, everything, LOG_PATH);
	print_log_end();
	return 1;
}

int main(void)
{
	const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	struct base_bpf *object;
	struct bpf_program *program;
	struct utsname kernel;
	bool storage, loop;
	int refused = 0;

	setrlimit(RLIMIT_MEMLOCK, &unlimited); /* before 5.11 */
	libbpf_set_print(print_nothing);
	storage = libbpf_probe_bpf_map_type(BPF_MAP_TYPE_TASK_STORAGE, NULL) == 1;
	loop = libbpf_probe_bpf_helper(BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_FUNC_loop, NULL) == 1;
	uname(&kernel);
	printf("kernel %s\n", kernel.release);
	object = base_bpf__open();
	if (!object)
		return 1;
	bpf_object__for_each_program(program, object->obj)
	{
		const char *name = bpf_program__name(program);

		if (!wanted(name, loop))
			continue;
		for (int everything = 0; everything < 2; everything++) {
			if (storage)
				refused += verify(name, true, everything);
			refused += verify(name, false, everything);
		}
	}
	base_bpf__destroy(object);
	return refused != 0;
}
