/* SPDX-License-Identifier: Apache-2.0 */
/* Verify each program of policies, with everything that a policy can ask for. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "bpf/include/policy.h"
#include "bpf/policy.skel.h"
#include "bpf/policy_resuming.skel.h"
#include "daemon/sensor/probe.h"
#include "tests/bpf/verifier.h"

static bool storage, rdonly_cast, attach_cookie, mappings, file_hashes, task_work;

static bool has_function(const struct btf *types, const char *name)
{
	return types && btf__find_by_name_kind(types, name, BTF_KIND_FUNC) > 0;
}

static void look_at_kernel(void)
{
	struct btf *types = btf__load_vmlinux_btf();

	rdonly_cast = has_function(types, "bpf_rdonly_cast");
	mappings = has_function(types, "bpf_iter_task_vma_new");
	file_hashes = has_function(types, "bpf_ima_file_hash");
	task_work = types && probe_task_work(types);
	btf__free(types);
	storage = libbpf_probe_bpf_map_type(BPF_MAP_TYPE_TASK_STORAGE, NULL) == 1;
	attach_cookie = libbpf_probe_bpf_helper(
				BPF_PROG_TYPE_KPROBE, BPF_FUNC_get_attach_cookie, NULL) == 1;
}

/* As the longest policy would; the object that resumes is not used for all of it (hook.c). */
static void ask_for_everything(struct policy_bpf *object, const char *program, bool resumes)
{
	bool is_call = strstr(program, "on_sys") != NULL;

	object->rodata->hook_readers = ~0ULL;
	object->rodata->hook_has_max_data = true;
	object->rodata->arguments_count = HOOK_ARGUMENTS_MAX;
	object->rodata->raw_count = is_call ? 6 : 1;
	object->rodata->function_parameters = 1;
	object->rodata->steps_count = HOOK_STEPS_MAX;
	object->rodata->steps_used = ~0ULL;
	object->rodata->steps_ask_ancestors = true;
	object->rodata->number_prefilter.is_used = true;
	object->rodata->number_prefilter.is_signed = true;
	object->rodata->number_prefilter.size = 4;
	object->rodata->number_prefilter.bits = 1;
	object->rodata->number_prefilter.count = PREFILTER_CHOICES_MAX;
	object->rodata->text_prefilter.is_used = true;
	object->rodata->text_prefilter.is_long = true;
	object->rodata->text_prefilter.count = PREFILTER_CHOICES_MAX;
	object->rodata->texts_size = HOOK_TEXT_BYTES_MAX;
	object->rodata->text_longest = HIT_ARGUMENT_MAX;
	object->rodata->hook_scope = 3;
	object->rodata->own_pid = 1;
	object->rodata->preemptible = true;
	object->rodata->throttle_bytes = 1 << 20;
	/* what an LSM hook returns, and a call again, nobody can ask for */
	object->rodata->hook_returns = !resumes && !strstr(program, "lsm");
	object->rodata->hook_rereads = !strstr(program, "lsm");
	object->rodata->hook_has_stack = !resumes;
	object->rodata->hook_wants_modules = mappings && !resumes;
	object->rodata->hook_signals = true;
	object->rodata->hook_overrides = strstr(program, "lsm") || strstr(program, "fmod_ret");
	object->rodata->hook_has_rate_limit = true;
	object->rodata->hook_sleeps = strstr(program, "sleepable") != NULL;
	object->rodata->have_attach_cookie = attach_cookie;
	object->rodata->have_rdonly_cast = rdonly_cast;
	object->rodata->have_task_storage = storage;
	object->rodata->raws_to_page_in = ~0U;
	if (strstr(program, "uprobe")) {
		struct register_argument *registers = (void *)object->rodata->registers;

		object->rodata->raw_count = HOOK_RAW_RETURN;
		for (size_t i = 0; i < HOOK_RAW_RETURN; i++)
			registers[i] = (struct register_argument){.size = 8,
				.kind = i % 2 ? REGISTER_VALUE : REGISTER_MEMORY,
				.index = REGISTER_NONE};
	}
	bpf_map__set_max_entries(object->maps.hook_steps, HOOK_STEPS_MAX);
	bpf_map__set_value_size(object->maps.hook_texts, HOOK_TEXT_BYTES_MAX);
}

#ifdef __aarch64__
#define SYSTEM_CALL_FUNCTION "__arm64_sys_openat"
#else
#define SYSTEM_CALL_FUNCTION "__x64_sys_openat"
#endif

/* Functions that all kernels have, and may be told what to return. */
static void set_target(struct bpf_program *program)
{
	switch (bpf_program__expected_attach_type(program)) {
	case BPF_TRACE_FENTRY:
	case BPF_TRACE_FEXIT:
	case BPF_MODIFY_RETURN:
		bpf_program__set_attach_target(program, 0,
			strcmp(bpf_program__name(program), "on_syscall_function")
				? "security_file_open"
				: SYSTEM_CALL_FUNCTION);
		break;
	default:
		break;
	}
}

/* As daemon/policy/engine/hook_environment.c does. */
static struct policy_bpf *open_object(bool resumes)
{
	struct policy_bpf *object = calloc(1, sizeof(*object));

	if (!object || policy_bpf__create_skeleton(object) < 0)
		abort();
	if (resumes)
		object->skeleton->data =
			(void *)policy_resuming_bpf__elf_bytes(&object->skeleton->data_sz);
	if (bpf_object__open_skeleton(object->skeleton, NULL) < 0)
		abort();
	return object;
}

static const char resuming[] = "as resuming";

static int load(const char *name, const void *configuration)
{
	bool resumes = configuration == resuming;
	struct policy_bpf *object = open_object(resumes);
	int r;

	set_target(verifier_choose(object->obj, name));
	if (!storage) { /* as the daemon does */
		bpf_map__set_map_flags(object->maps.containers, 0);
		bpf_map__set_map_flags(object->maps.container_scopes, 0);
	}
	bpf_map__set_autocreate(object->maps.hook_resumptions, task_work);
	bpf_map__set_autocreate(object->maps.tasks, storage);
	bpf_map__set_autocreate(object->maps.process_states, storage);
	bpf_map__set_autocreate(object->maps.tasks_by_tid, !storage);
	bpf_map__set_autocreate(object->maps.process_states_by_tid, !storage);
	bpf_map__set_max_entries(object->maps.path_walks, HIT_SLOTS);
	ask_for_everything(object, name, resumes);
	r = policy_bpf__load(object);
	policy_bpf__destroy(object);
	return r;
}

int main(void)
{
	struct policy_bpf *object;
	struct bpf_program *program;
	int refused = 0;

	verifier_begin();
	look_at_kernel();
	object = policy_bpf__open();
	if (!object)
		return 1;
	bpf_object__for_each_program(program, object->obj)
	{
		char heading[32];

		snprintf(heading, sizeof(heading), "%-24s", bpf_program__name(program));
		if ((program == object->progs.on_lsm_sleepable && !file_hashes) ||
			(program == object->progs.on_uprobe_sleepable && !mappings)) {
			printf("%s not possible\n", heading);
			continue;
		}
		refused += verifier_verify(heading, bpf_program__name(program), load, NULL);
	}
	policy_bpf__destroy(object);
	if (task_work) {
		refused +=
			verifier_verify("on_syscall-resuming     ", "on_syscall", load, resuming);
		refused += verifier_verify(
			"on_tracepoint-resuming  ", "on_tracepoint", load, resuming);
	} else {
		printf("on_syscall-resuming      not possible\n");
		printf("on_tracepoint-resuming   not possible\n");
	}
	return refused != 0;
}
