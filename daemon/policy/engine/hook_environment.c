/* SPDX-License-Identifier: Apache-2.0 */
/* The maps that hooks share: with each other, and with the base sensor. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bpf/include/policy.h"
#include "bpf/policy_plain.skel.h"
#include "bpf/policy_resuming.skel.h"
#include "daemon/log.h"
#include "daemon/policy/engine/hook_internal.h"
#include "daemon/policy/place/reduced_btf.h"
#include "daemon/sensor/refusal.h"
#include "lib/util.h"

#define KERNEL_TYPES "/sys/kernel/btf/vmlinux"

/* The maps of the object that are not a hook's own. */
int hook_share_maps(struct policy_bpf *object, const struct hook_environment *environment)
{
	const struct policy_bpf *shared = environment->shared;
	struct {
		struct bpf_map *map;
		int fd;
	} maps[] = {
		{object->maps.ring, environment->ring_fd},
		{object->maps.cpus, environment->cpus_fd},
		{object->maps.last_waking, environment->last_waking_fd},
		{object->maps.containers, environment->containers_fd},
		{environment->have_task_storage ? object->maps.tasks : object->maps.tasks_by_tid,
			environment->tasks_fd},
		{environment->have_task_storage ? object->maps.process_states
						: object->maps.process_states_by_tid,
			environment->process_states_fd},
		{object->maps.hit_slots, shared ? bpf_map__fd(shared->maps.hit_slots) : -1},
		{object->maps.path_walks, shared ? bpf_map__fd(shared->maps.path_walks) : -1},
		{object->maps.hook_calls, shared ? bpf_map__fd(shared->maps.hook_calls) : -1},
		{object->maps.hook_resumptions, shared && environment->have_task_work
							? bpf_map__fd(shared->maps.hook_resumptions)
							: -1},
		{object->maps.socket_owners, shared ? bpf_map__fd(shared->maps.socket_owners) : -1},
		{object->maps.file_hashes, shared ? bpf_map__fd(shared->maps.file_hashes) : -1},
		{object->maps.rate_limits, shared ? bpf_map__fd(shared->maps.rate_limits) : -1},
		{object->maps.container_scopes,
			shared ? bpf_map__fd(shared->maps.container_scopes) : -1},
	};

	bpf_map__set_max_entries(object->maps.path_walks, HIT_SLOTS);
	if (!environment->have_task_storage) /* 5.10: see base.c */
		bpf_map__set_map_flags(object->maps.container_scopes, 0);
	bpf_map__set_autocreate(object->maps.hook_resumptions, environment->have_task_work);
	bpf_map__set_autocreate(object->maps.tasks, environment->have_task_storage);
	bpf_map__set_autocreate(object->maps.process_states, environment->have_task_storage);
	bpf_map__set_autocreate(object->maps.tasks_by_tid, !environment->have_task_storage);
	bpf_map__set_autocreate(
		object->maps.process_states_by_tid, !environment->have_task_storage);
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		int r = maps[i].fd >= 0 ? bpf_map__reuse_fd(maps[i].map, maps[i].fd) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

int hook_say_refused(struct error *error, int code, const char *what)
{
	char reason[REFUSAL_MAX];

	refusal_explain(code, reason);
	return error_set(
		error, code, "%s: %s%s%s", what, strerror(-code), *reason ? ": " : "", reason);
}

#define SAME_PLACE_IN(object, part, member)                                                        \
	_Static_assert(offsetof(struct policy_bpf__##part, member) ==                              \
			       offsetof(struct object##_bpf__##part, member),                      \
		"all objects are configured and armed alike")
#define SAME_PLACE(part, member)                                                                   \
	SAME_PLACE_IN(policy_plain, part, member);                                                 \
	SAME_PLACE_IN(policy_resuming, part, member)
SAME_PLACE(rodata, have_rdonly_cast);
SAME_PLACE(rodata, hook_arguments);
SAME_PLACE(rodata, hook_wants_modules);
SAME_PLACE(rodata, number_prefilter);
SAME_PLACE(rodata, registers);
SAME_PLACE(rodata, tracepoint_fields);
SAME_PLACE(rodata, system_call_numbers);
SAME_PLACE(rodata, hook_id);
SAME_PLACE(rodata, steps_count);
SAME_PLACE(bss, hook_armed);
SAME_PLACE(bss, calls_kept);
_Static_assert(
	sizeof(struct policy_bpf__rodata) == sizeof(struct policy_plain_bpf__rodata) &&
		sizeof(struct policy_bpf__rodata) == sizeof(struct policy_resuming_bpf__rodata),
	"all objects have the same constants");

bool hook_object_is_full(const struct hook_environment *environment)
{
	return environment->have_rdonly_cast && environment->have_mapping_iterator;
}

/* Types that this kernel does not have (of modules, where it has none) are looked for in its
 * modules' BTF as well, which takes CAP_SYS_ADMIN; not when the BTF to look in is named. */
struct policy_bpf *hook_open_object(const struct hook_environment *environment, bool resumes)
{
	char types[32] = KERNEL_TYPES;
	LIBBPF_OPTS(bpf_object_open_opts, options, .btf_custom_path = types);
	struct policy_bpf *object = calloc(1, sizeof(*object));
	int r;

	if (!object) {
		errno = ENOMEM;
		return NULL;
	}
	if (environment->types >= 0)
		snprintf(types, sizeof(types), "/proc/self/fd/%d", environment->types);
	r = policy_bpf__create_skeleton(object);
	/* the same programs, without functions that this kernel lacks */
	if (r >= 0 && resumes)
		object->skeleton->data =
			(void *)policy_resuming_bpf__elf_bytes(&object->skeleton->data_sz);
	else if (r >= 0 && !hook_object_is_full(environment))
		object->skeleton->data =
			(void *)policy_plain_bpf__elf_bytes(&object->skeleton->data_sz);
	if (r >= 0)
		r = bpf_object__open_skeleton(object->skeleton, &options);
	if (r < 0) {
		policy_bpf__destroy(object);
		errno = -r;
		return NULL;
	}
	return object;
}

/* Without them hooks are loaded all the same, only slower. */
static void reduce_types(struct hook_environment *environment)
{
	struct policy_bpf *object = hook_open_object(environment, false);
	struct btf *kernel = btf__load_vmlinux_btf();

	if (object && kernel)
		environment->types = reduced_btf_open(kernel, bpf_object__btf(object->obj));
	if (environment->types < 0)
		log_debug(
			"the kernel's types cannot be reduced: %s", strerror(-environment->types));
	btf__free(kernel);
	policy_bpf__destroy(object);
}

int hook_environment_init(struct hook_environment *environment, struct error *error)
{
	struct policy_bpf *object;
	int r;

	environment->types = -1;
	reduce_types(environment);
	object = hook_open_object(environment, false);
	if (!object) {
		r = error_set(error, -errno, "cannot open the BPF object of policies: %s",
			strerror(errno));
		hook_environment_done(environment);
		return r;
	}
	r = hook_share_maps(object, environment);
	if (r >= 0)
		r = policy_bpf__load(object);
	environment->shared = object;
	if (r < 0) {
		hook_environment_done(environment);
		return hook_say_refused(error, r, "cannot make the maps of policies");
	}
	return 0;
}

void hook_environment_done(struct hook_environment *environment)
{
	policy_bpf__destroy(environment->shared);
	environment->shared = NULL;
	if (environment->types >= 0)
		close(environment->types);
	environment->types = -1;
}
