/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/engine/hook_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "daemon/policy/engine/prefilter.h"
#include "daemon/sensor/refusal.h"
#include "lib/util.h"

/* What a system call is given may not be paged in when it begins. */
static bool rereads(const struct hook_place *place)
{
	return (hook_mechanism_is_system_call(place->mechanism) || place->is_call_entry) &&
	       place->reads_user_memory;
}

/* Whether the kernel calls back for that, so that not every return needs a program: resume.bpf.h.
 * It has no registers then, neither for stacks nor for what was returned. */
static bool resumes(const struct hook_environment *environment,
	const struct hook_settings *settings, const struct hook_place *place,
	const struct compiled_hook *compiled)
{
	return environment->have_task_work && hook_object_is_full(environment) &&
	       (place->mechanism == MECHANISM_SYSCALL_TRACEPOINT || place->is_call_entry) &&
	       rereads(place) && !settings->returns && !settings->return_socket &&
	       !compiled->has_stack;
}

static void mark_number(struct policy_bpf *object, uint64_t number)
{
	bool is_32_bit = number & SYSTEM_CALL_32_BIT;
	uint64_t *words = (uint64_t *)(is_32_bit ? object->rodata->system_call_numbers_32
						 : object->rodata->system_call_numbers);

	object->rodata->system_calls_32 |= is_32_bit;
	number &= ~(uint64_t)SYSTEM_CALL_32_BIT;
	if (number <= SYSTEM_CALL_NUMBER_MAX)
		words[number / 64] |= 1ULL << (number % 64);
}

static void set_constants(struct policy_bpf *object, const struct hook_environment *environment,
	const struct hook_settings *settings, const struct hook_place *place,
	const struct compiled_hook *compiled)
{
	object->rodata->ring_bytes = environment->ring_bytes;
	object->rodata->throttle_bytes = environment->throttle_bytes;
	object->rodata->have_task_storage = environment->have_task_storage;
	object->rodata->have_rdonly_cast = hook_object_is_full(environment);
	object->rodata->hook_wants_modules =
		compiled->has_user_stack && environment->have_mapping_iterator;
	/* Trampolines, uprobe.multi and task work keep a task on its CPU, no more. */
	object->rodata->preemptible = environment->preemptible ||
				      resumes(environment, settings, place, compiled) ||
				      hook_mechanism_is_by_trampoline(place->mechanism) ||
				      hook_mechanism_is_uprobe_multi(place->mechanism);
	object->rodata->hook_id = settings->id;
	object->rodata->hook_scope = settings->scope;
	object->rodata->own_pid = (uint32_t)getpid();
	object->rodata->hook_monitors = settings->monitors;
	object->rodata->hook_returns = settings->returns;
	object->rodata->hook_rereads = rereads(place);
	for (size_t i = 0; i < place->target_count; i++)
		if (hook_mechanism_is_system_call(place->mechanism))
			mark_number(object, (uint64_t)place->targets[i].number);
	object->rodata->hook_tracks_sockets = settings->tracks_sockets;
	object->rodata->hook_return_socket = settings->return_socket;
	object->rodata->hook_has_stack = compiled->has_stack;
	object->rodata->hook_signals = compiled->signals;
	object->rodata->hook_overrides = compiled->overrides;
	object->rodata->hook_sleeps = place->mechanism == MECHANISM_LSM_SLEEPABLE ||
				      place->mechanism == MECHANISM_UPROBE_MULTI_SLEEPABLE;
	object->rodata->raws_to_page_in = place->raws_to_page_in;
	object->rodata->hash_parameter = place->hash_parameter;
	object->rodata->hash_is_of_program = place->hash_is_of_program;
	object->rodata->function_parameters = place->parameter_count;
	object->rodata->hook_has_rate_limit = compiled->has_rate_limit;
	object->rodata->hook_readers = place->readers;
	for (size_t i = 0; i < place->arguments_count; i++)
		object->rodata->hook_has_max_data |=
			!!(place->arguments[i].flags & ARGUMENT_MAX_DATA);
	memcpy((void *)object->rodata->hook_arguments, place->arguments, sizeof(place->arguments));
	object->rodata->arguments_count = place->arguments_count;
	object->rodata->raw_count = place->raw_count;
	memcpy((void *)object->rodata->tracepoint_fields, place->fields, sizeof(place->fields));
	object->rodata->have_attach_cookie = place->has_cookies;
	if ((place->has_file || place->register_count) && place->target_count)
		memcpy((void *)object->rodata->registers, place->targets->registers,
			sizeof(place->targets->registers));
	object->rodata->steps_count = (uint32_t)compiled->step_count;
	object->rodata->steps_used = compiled->steps_used;
	object->rodata->text_longest = compiled->text_longest;
	object->rodata->steps_ask_ancestors = compiled->asks_ancestors;
	object->rodata->texts_size = (uint32_t)compiled->texts.length;
}

static int set_prefilter(struct policy_bpf *object, const struct hook_place *place,
	const struct compiled_hook *compiled)
{
	struct hook_prefilter prefilter;
	int r = prefilter_find(compiled, place->arguments, place->arguments_count, &prefilter);

	if (r < 0)
		return r;
	memcpy((void *)&object->rodata->number_prefilter, &prefilter.number,
		sizeof(prefilter.number));
	memcpy((void *)&object->rodata->text_prefilter, &prefilter.text, sizeof(prefilter.text));
	return 0;
}

static int size_maps(struct policy_bpf *object, const struct compiled_hook *compiled)
{
	int r = bpf_map__set_max_entries(
		object->maps.hook_steps, (uint32_t)MAX(compiled->step_count, (size_t)1));

	if (r >= 0)
		r = bpf_map__set_max_entries(
			object->maps.hook_selectors, (uint32_t)compiled->selector_count);
	if (r >= 0)
		r = bpf_map__set_value_size(
			object->maps.hook_texts, (uint32_t)compiled->texts.length);
	return r;
}

static int fill(const struct bpf_map *map, uint32_t index, const void *value)
{
	return bpf_map_update_elem(bpf_map__fd(map), &index, value, BPF_ANY) ? -errno : 0;
}

static int fill_maps(struct policy_bpf *object, const struct compiled_hook *compiled)
{
	int r = fill(object->maps.hook_texts, 0, compiled->texts.data);

	for (size_t i = 0; i < compiled->step_count && r >= 0; i++)
		r = fill(object->maps.hook_steps, (uint32_t)i, &compiled->steps[i]);
	for (size_t i = 0; i < compiled->selector_count && r >= 0; i++)
		r = fill(object->maps.hook_selectors, (uint32_t)i, &compiled->selectors[i]);
	return r;
}

static int load(const struct hook_environment *environment, const struct hook_settings *settings,
	const struct hook_place *place, const struct compiled_hook *compiled,
	struct hook **ret_hook, struct error *error)
{
	struct hook *hook = calloc(1, sizeof(*hook));
	int r;

	refusal_listen(); /* what was said of another hook is no reason */
	if (!hook)
		return error_set(error, -ENOMEM, "out of memory");
	hook->mechanism = place->mechanism;
	hook->uprobe_links[0] = hook->uprobe_links[1] = -1;
	hook->file = place->has_file ? fcntl(place->file, F_DUPFD_CLOEXEC, 0) : -1;
	memcpy(hook->subsystem, place->subsystem, sizeof(hook->subsystem));
	hook->cpus = libbpf_num_possible_cpus();
	hook->targets = calloc(place->target_count + 1, sizeof(*hook->targets));
	hook->links = calloc(2 * place->target_count + 1, sizeof(struct bpf_link *));
	if (!hook->targets || !hook->links || hook->cpus < 1 ||
		(place->has_file && hook->file < 0)) {
		hook_free(hook);
		return error_set(error, -ENOMEM, "out of memory");
	}
	if (place->target_count)
		memcpy(hook->targets, place->targets, place->target_count * sizeof(*hook->targets));
	hook->target_count = place->target_count;
	hook->resumes = resumes(environment, settings, place, compiled);
	hook->wants_return = settings->returns || (rereads(place) && !hook->resumes);
	hook->object = hook_open_object(environment, hook->resumes);
	if (!hook->object) {
		r = error_set(error, -errno, "cannot open the BPF object of policies: %s",
			strerror(errno));
		goto fail;
	}
	r = hook_choose_programs(hook);
	if (r < 0) {
		/* Modules may not be looked into without CAP_SYS_ADMIN: that is no reason here. */
		error_set(error, r, "this kernel has no function %s that programs can be put on",
			hook->targets->name);
		goto fail;
	}
	set_constants(hook->object, environment, settings, place, compiled);
	r = set_prefilter(hook->object, place, compiled);
	if (r >= 0)
		r = hook_share_maps(hook->object, environment);
	if (r >= 0)
		r = size_maps(hook->object, compiled);
	if (r >= 0)
		r = policy_bpf__load(hook->object);
	if (r >= 0)
		r = fill_maps(hook->object, compiled);
	if (r < 0) {
		/* Before any of the program was looked at: there are no trampolines. */
		if (r == -EPERM && hook_mechanism_is_by_trampoline(hook->mechanism))
			error_set(error, r,
				"this kernel refuses programs by %s (no BPF trampolines)",
				hook_mechanism_name(hook->mechanism));
		else
			hook_say_refused(error, r, "the kernel refuses the hook's program");
		goto fail;
	}
	*ret_hook = hook;
	return 0;
fail:
	hook_free(hook);
	return r;
}

int hook_load(const struct hook_environment *environment, const struct hook_settings *settings,
	const struct hook_place *place, const struct compiled_hook *compiled,
	struct hook **ret_hook, struct error *error)
{
	struct hook_environment without = *environment;
	int r = load(environment, settings, place, compiled, ret_hook, error);

	if (r >= 0 || !resumes(environment, settings, place, compiled))
		return r;
	without.have_task_work = false;
	return load(&without, settings, place, compiled, ret_hook, error);
}

void hook_arm(struct hook *hook)
{
	__atomic_store_n(&hook->object->bss->hook_armed, 1, __ATOMIC_RELEASE);
}

struct hook *hook_free(struct hook *hook)
{
	if (!hook)
		return NULL;
	/* Against the order they were attached in: entries go before the returns they wait for. */
	while (hook->link_count)
		bpf_link__destroy(hook->links[--hook->link_count]);
	for (size_t i = 0; i < ARRAY_SIZE(hook->uprobe_links); i++)
		if (hook->uprobe_links[i] >= 0)
			close(hook->uprobe_links[i]);
	if (hook->file >= 0)
		close(hook->file);
	policy_bpf__destroy(hook->object);
	free(hook->links);
	free(hook->targets);
	free(hook);
	return NULL;
}

int hook_program_fd(const struct hook *hook)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, hook->object->obj)
	{
		if (bpf_program__fd(program) >= 0)
			return bpf_program__fd(program);
	}
	return -ENOENT;
}
