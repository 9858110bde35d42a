/* SPDX-License-Identifier: Apache-2.0 */
/* Which programs of the object a hook needs: one where it begins, one where it returns. */
#include <errno.h>
#include <stddef.h>

#include <bpf/libbpf.h>

#include "daemon/policy/engine/hook_internal.h"
#include "daemon/policy/place/system_calls.h"
#include "daemon/policy/place/uprobe.h"

#define PROGRAM(name) offsetof(struct policy_bpf, progs.name)

/* 0: there is none; an object begins with something else. */
static const struct {
	size_t entry, back;
} programs[MECHANISMS] = {
	[MECHANISM_SYSCALL_FENTRY] = {PROGRAM(on_syscall_function), PROGRAM(on_fexit)},
	[MECHANISM_SYSCALL_TRACEPOINT] = {PROGRAM(on_syscall), PROGRAM(on_syscall_return)},
	[MECHANISM_SYSCALL_ALL] = {PROGRAM(on_sys_enter), PROGRAM(on_sys_exit)},
	[MECHANISM_TRACEPOINT] = {PROGRAM(on_tracepoint), PROGRAM(on_syscall_return)},
	[MECHANISM_RAW_TRACEPOINT] = {PROGRAM(on_raw_tracepoint)},
	[MECHANISM_FENTRY] = {PROGRAM(on_fentry), PROGRAM(on_fexit)},
	[MECHANISM_KPROBE] = {PROGRAM(on_kprobe), PROGRAM(on_kretprobe)},
	[MECHANISM_LSM] = {PROGRAM(on_lsm)},
	[MECHANISM_LSM_SLEEPABLE] = {PROGRAM(on_lsm_sleepable)},
	[MECHANISM_FMOD_RET] = {PROGRAM(on_fmod_ret), PROGRAM(on_fexit)},
	[MECHANISM_UPROBE] = {PROGRAM(on_uprobe), PROGRAM(on_uretprobe)},
	[MECHANISM_UPROBE_MULTI] = {PROGRAM(on_uprobe), PROGRAM(on_uretprobe)},
	[MECHANISM_UPROBE_MULTI_SLEEPABLE] = {PROGRAM(on_uprobe_sleepable), PROGRAM(on_uretprobe)},
};
_Static_assert(PROGRAM(on_syscall) > 0, "0 is no program");

static struct bpf_program *program_at(const struct hook *hook, size_t offset)
{
	return offset ? *(struct bpf_program **)((char *)hook->object + offset) : NULL;
}

/* Those that the kernel jumps to are made for one function. */
static int set_function(const struct hook *hook, struct bpf_program *program)
{
	char name[HOOK_TARGET_MAX + 16];

	if (!hook_mechanism_is_system_call(hook->mechanism))
		return bpf_program__set_attach_target(program, 0, hook->targets->name);
	if (system_call_function((uint32_t)hook->targets->number, name, sizeof(name)) < 0)
		return -ENOENT;
	return bpf_program__set_attach_target(program, 0, name);
}

static int choose(const struct hook *hook, struct bpf_program *program)
{
	bpf_program__set_autoload(program, true);
	if (hook_mechanism_is_uprobe_multi(hook->mechanism))
		bpf_program__set_expected_attach_type(
			program, (enum bpf_attach_type)ATTACH_TYPE_UPROBE_MULTI);
	return hook_mechanism_is_by_trampoline(hook->mechanism) ? set_function(hook, program) : 0;
}

int hook_choose_programs(struct hook *hook)
{
	int r;

	hook->entry = program_at(hook, programs[hook->mechanism].entry);
	hook->back = hook->wants_return ? program_at(hook, programs[hook->mechanism].back) : NULL;
	r = choose(hook, hook->entry);
	return r < 0 || !hook->back ? r : choose(hook, hook->back);
}
