/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Load each program of policies with everything that a policy can ask for, and say how many
 * instructions this kernel's verifier followed for it (the limit is a million). For a program that
 * is refused: the end of the verifier's log.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bpf/include/policy.h"
#include "bpf/policy.skel.h"

#define LOG_BYTES      (4u << 20)
#define LOG_TAIL_BYTES 4000
#define LOG_STATISTICS 4 /* log level: only the line with the count */
#define LOG_PATH       1 /* the instructions of the path that failed */

static char verifier_log[LOG_BYTES];
static bool storage, rdonly_cast, attach_cookie, mappings;

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

static bool has_function(const struct btf *types, const char *name)
{
	return types && btf__find_by_name_kind(types, name, BTF_KIND_FUNC) > 0;
}

static void look_at_kernel(void)
{
	struct btf *types = btf__load_vmlinux_btf();

	rdonly_cast = has_function(types, "bpf_rdonly_cast");
	mappings = has_function(types, "bpf_iter_task_vma_new");
	btf__free(types);
	storage = libbpf_probe_bpf_map_type(BPF_MAP_TYPE_TASK_STORAGE, NULL) == 1;
	attach_cookie = libbpf_probe_bpf_helper(
				BPF_PROG_TYPE_KPROBE, BPF_FUNC_get_attach_cookie, NULL) == 1;
}

/* As the longest policy would. */
static void ask_for_everything(struct policy_bpf *object, const char *program)
{
	bool is_call = strstr(program, "syscall") != NULL;

	object->rodata->hook_readers = ~0ULL;
	object->rodata->hook_has_max_data = true;
	object->rodata->arguments_count = HOOK_ARGUMENTS_MAX;
	object->rodata->raw_count = is_call ? 6 : 1;
	object->rodata->function_parameters = 1;
	object->rodata->steps_count = HOOK_STEPS_MAX;
	object->rodata->steps_used = ~0ULL;
	object->rodata->steps_ask_ancestors = true;
	object->rodata->texts_size = HOOK_TEXT_BYTES_MAX;
	object->rodata->text_longest = HIT_ARGUMENT_MAX;
	object->rodata->hook_scope = 3;
	object->rodata->own_pid = 1;
	object->rodata->preemptible = true;
	object->rodata->throttle_bytes = 1 << 20;
	object->rodata->hook_returns = true;
	object->rodata->hook_rereads = true;
	object->rodata->hook_has_stack = true;
	object->rodata->hook_wants_modules = mappings;
	object->rodata->hook_signals = true;
	object->rodata->hook_overrides = strstr(program, "lsm") || strstr(program, "fmod_ret");
	object->rodata->hook_has_rate_limit = true;
	object->rodata->have_attach_cookie = attach_cookie;
	object->rodata->have_rdonly_cast = rdonly_cast;
	object->rodata->have_task_storage = storage;
	bpf_map__set_max_entries(object->maps.hook_steps, HOOK_STEPS_MAX);
	bpf_map__set_value_size(object->maps.hook_texts, HOOK_TEXT_BYTES_MAX);
}

/* Functions that all kernels have, and may be told what to return. */
static void set_target(struct bpf_program *program)
{
	switch (bpf_program__expected_attach_type(program)) {
	case BPF_TRACE_FENTRY:
	case BPF_TRACE_FEXIT:
	case BPF_MODIFY_RETURN:
		bpf_program__set_attach_target(program, 0, "security_file_open");
		break;
	default:
		break;
	}
}

static int load(const char *name, int log_level)
{
	struct policy_bpf *object = policy_bpf__open();
	struct bpf_program *program;
	int r;

	if (!object)
		return -errno;
	bpf_object__for_each_program(program, object->obj)
	{
		bool wanted = !strcmp(bpf_program__name(program), name);

		bpf_program__set_autoload(program, wanted);
		if (!wanted)
			continue;
		bpf_program__set_log_level(program, log_level);
		bpf_program__set_log_buf(program, verifier_log, sizeof(verifier_log));
		set_target(program);
	}
	if (!storage) { /* as the daemon does */
		bpf_map__set_map_flags(object->maps.containers, 0);
		bpf_map__set_map_flags(object->maps.container_scopes, 0);
	}
	bpf_map__set_autocreate(object->maps.tasks, storage);
	bpf_map__set_autocreate(object->maps.process_states, storage);
	bpf_map__set_autocreate(object->maps.tasks_by_tid, !storage);
	bpf_map__set_autocreate(object->maps.process_states_by_tid, !storage);
	bpf_map__set_max_entries(object->maps.path_walks, HIT_SLOTS);
	ask_for_everything(object, name);
	verifier_log[0] = 0;
	r = policy_bpf__load(object);
	policy_bpf__destroy(object);
	return r;
}

static int verify(const char *name)
{
	size_t length;
	int r = load(name, LOG_STATISTICS);

	printf("%-24s ", name);
	if (!r) {
		printf("%lu\n", processed(verifier_log));
		return 0;
	}
	if (r == -EPERM && !verifier_log[0]) { /* trampolines are not allowed here */
		printf("not possible\n");
		return 0;
	}
	printf("refused: %s\n", strerror(-r));
	load(name, LOG_PATH);
	length = strlen(verifier_log);
	printf("%s\n", verifier_log + (length > LOG_TAIL_BYTES ? length - LOG_TAIL_BYTES : 0));
	return 1;
}

int main(void)
{
	const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	struct policy_bpf *object;
	struct bpf_program *program;
	struct utsname kernel;
	int refused = 0;

	setrlimit(RLIMIT_MEMLOCK, &unlimited); /* before 5.11 */
	setvbuf(stdout, NULL, _IOLBF, 0);
	libbpf_set_print(print_nothing);
	look_at_kernel();
	uname(&kernel);
	printf("kernel %s\n", kernel.release);
	object = policy_bpf__open();
	if (!object)
		return 1;
	bpf_object__for_each_program(program, object->obj) refused +=
		verify(bpf_program__name(program));
	policy_bpf__destroy(object);
	return refused != 0;
}
