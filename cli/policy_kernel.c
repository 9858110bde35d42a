/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policy_kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "daemon/policy/compile.h"
#include "daemon/policy/kernel_btf.h"
#include "daemon/policy/place.h"
#include "lib/cleanup.h"
#include "lib/json_writer.h"
#include "policy/policy.h"

#define KPROBES "/sys/bus/event_source/devices/kprobe"
/* On every kernel, and never inlined: a function to try on. */
#define TRIED_FUNCTION "security_file_open"

enum ability {
	ABILITY_UNKNOWN, /* not allowed to try */
	ABILITY_NO,
	ABILITY_YES
};

struct hook_verdict {
	const struct policy_hook *hook;
	const char *section;
	size_t index;
	bool possible;
	char mechanism[64];
	char where[2 * HOOK_TARGET_MAX];
	struct error error;
};

/* A program that does nothing, loaded for a function: kernels without trampolines refuse it before
 * they look at it. */
static enum ability trampolines(struct kernel_types *types)
{
	struct bpf_insn instructions[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	const struct btf *btf = kernel_types_get(types);
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_FENTRY);
	int id, fd;

	if (geteuid() != 0)
		return ABILITY_UNKNOWN;
	id = btf ? btf__find_by_name_kind(btf, TRIED_FUNCTION, BTF_KIND_FUNC) : -1;
	if (id < 0)
		return ABILITY_NO;
	options.attach_btf_id = (uint32_t)id;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "try", "GPL", instructions, 2, &options);
	if (fd < 0)
		return ABILITY_NO;
	close(fd);
	return ABILITY_YES;
}

static void choose(struct hook_verdict *verdict, const struct hook_place *place,
	enum ability trampoline, bool kprobes)
{
	enum hook_mechanism instead = hook_mechanism_instead(verdict->hook, place->mechanism);
	bool by_trampoline = place->mechanism == MECHANISM_FENTRY ||
			     place->mechanism == MECHANISM_FMOD_RET ||
			     place->mechanism == MECHANISM_LSM;

	verdict->possible = true;
	snprintf(verdict->mechanism, sizeof(verdict->mechanism), "%s",
		hook_mechanism_name(place->mechanism));
	if (!by_trampoline || trampoline == ABILITY_YES)
		return;
	if (trampoline == ABILITY_UNKNOWN) {
		snprintf(verdict->mechanism, sizeof(verdict->mechanism), "%s%s%s",
			hook_mechanism_name(place->mechanism), instead == MECHANISMS ? "" : " or ",
			instead == MECHANISMS ? "" : hook_mechanism_name(instead));
		return;
	}
	if (instead == MECHANISM_KPROBE && kprobes) {
		snprintf(verdict->mechanism, sizeof(verdict->mechanism), "%s",
			hook_mechanism_name(instead));
		return;
	}
	verdict->possible = false;
	error_set(&verdict->error, -EOPNOTSUPP,
		"this kernel has no BPF trampolines, which %s needs%s",
		hook_mechanism_name(place->mechanism),
		instead == MECHANISM_KPROBE ? ", and no kprobes" : "");
}

static int any_bit(void *data, const struct policy_match_binaries *match, struct error *error)
{
	return 0;
}

/* What the selectors ask for and do: whether there is such a thing here. */
static int try_selectors(
	const struct policy_hook *hook, const struct hook_place *place, struct error *error)
{
	_cleanup_free_ int *scopes = calloc(hook->selectors.count + 1, sizeof(*scopes));
	struct compile_input input = {
		.hook = hook,
		.binary_bit = any_bit,
		.can_override =
			place->mechanism == MECHANISM_LSM || place->mechanism == MECHANISM_FMOD_RET,
		.workload_scopes = scopes,
	};
	struct compiled_hook compiled = {};
	int r;

	if (!scopes)
		return error_set(error, -ENOMEM, "out of memory");
	memcpy(input.types, place->types, sizeof(input.types));
	r = hook_compile(&input, &compiled, error);
	compiled_hook_done(&compiled);
	return r;
}

static void verdict_make(struct hook_verdict *verdict, struct kernel_types *types,
	enum ability trampoline, bool kprobes)
{
	struct hook_place place = {};
	int r = hook_place_find(verdict->hook, types, &place, &verdict->error);

	if (r >= 0)
		r = try_selectors(verdict->hook, &place, &verdict->error);
	if (r >= 0) {
		choose(verdict, &place, trampoline, kprobes);
		if (place.target_count == 1)
			snprintf(verdict->where, sizeof(verdict->where), "%s%s%s", place.subsystem,
				*place.subsystem ? "/" : "", place.targets->name);
		else
			snprintf(verdict->where, sizeof(verdict->where), "%zu places",
				place.target_count);
	}
	hook_place_done(&place);
}

static bool each_hook(const struct policy *policy,
	void (*say)(void *data, const struct hook_verdict *verdict), void *data)
{
	_cleanup_(kernel_types_done) struct kernel_types types = {};
	enum ability trampoline = trampolines(&types);
	bool kprobes = access(KPROBES, F_OK) == 0, all = true;

	for (int kind = 0; kind < POLICY_HOOK_KINDS; kind++)
		for (size_t i = 0; i < policy->spec.hooks[kind].count; i++) {
			struct hook_verdict verdict = {
				.hook = &policy->spec.hooks[kind].items[i],
				.section = policy_hook_noun((enum policy_hook_kind)kind, 0),
				.index = i,
			};

			verdict_make(&verdict, &types, trampoline, kprobes);
			all &= verdict.possible;
			say(data, &verdict);
		}
	return all;
}

struct text_output {
	struct buf *out;
	const char *file;
};

static void say_text(void *data, const struct hook_verdict *verdict)
{
	struct text_output *output = data;
	struct buf *out = output->out;

	buf_printf(out, "%s:%u:%u: %s[%zu]: ", output->file, verdict->hook->source->line,
		verdict->hook->source->column, verdict->section, verdict->index);
	if (verdict->possible)
		buf_printf(out, "%s: %s\n", verdict->where, verdict->mechanism);
	else
		buf_printf(out, "cannot: %s\n", verdict->error.message);
}

bool policy_kernel_text(struct buf *out, const char *file, const struct policy *policy)
{
	struct text_output output = {out, file};

	return each_hook(policy, say_text, &output);
}

static void say_json(void *data, const struct hook_verdict *verdict)
{
	struct buf *out = data;

	json_open_object(out);
	json_key_string(out, "section", verdict->section);
	json_key_unsigned(out, "index", verdict->index);
	json_key_bool(out, "possible", verdict->possible);
	if (verdict->possible) {
		json_key_string(out, "mechanism", verdict->mechanism);
		json_key_string(out, "where", verdict->where);
	} else {
		json_key_string(out, "error", verdict->error.message);
	}
	json_close_object(out);
}

bool policy_kernel_json(struct buf *out, const struct policy *policy)
{
	bool all;

	json_key(out, "hooks");
	json_open_array(out);
	all = each_hook(policy, say_json, out);
	json_close_array(out);
	return all;
}
