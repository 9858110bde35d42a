/* SPDX-License-Identifier: Apache-2.0 */
/* Putting a loaded hook to its places. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "daemon/policy/engine/hook_internal.h"
#include "daemon/policy/place/tracefs.h"
#include "daemon/policy/place/uprobe.h"
#include "daemon/sensor/refusal.h"

static int keep_link(
	struct hook *hook, struct bpf_link *link, const char *what, struct error *error)
{
	char reason[REFUSAL_MAX];

	if (!link && errno == ENOENT)
		return error_set(error, -ENOENT,
			"%s: this kernel has no such function to put a program on, or no kprobes",
			what);
	if (!link && errno == EACCES) {
		refusal_explain_perf(reason);
		return error_set(error, -EACCES, "cannot attach to %s: %s", what,
			*reason ? reason : strerror(EACCES));
	}
	if (!link)
		return error_set(error, -errno, "cannot attach to %s: %s", what, strerror(errno));
	hook->links[hook->link_count++] = link;
	return 0;
}

static int attach_tracepoint(struct hook *hook, struct bpf_program *program, const char *subsystem,
	const char *prefix, const char *name, struct error *error)
{
	char event[HOOK_TARGET_MAX + 16], what[2 * HOOK_TARGET_MAX + 32];
	struct bpf_link *link;
	int fd, r;

	snprintf(event, sizeof(event), "%s%s", prefix, name);
	snprintf(what, sizeof(what), "tracepoint %s/%s", subsystem, event);
	fd = tracefs_event_open(subsystem, event);
	if (fd < 0) {
		errno = -fd;
		return keep_link(hook, NULL, what, error);
	}
	link = bpf_program__attach_perf_event(program, fd);
	if (!link) {
		r = -errno;
		close(fd);
		errno = -r;
	}
	return keep_link(hook, link, what, error);
}

static int attach_kprobe(struct hook *hook, const char *function, struct error *error)
{
	int r = 0;

	if (hook->back)
		r = keep_link(hook, bpf_program__attach_kprobe(hook->back, true, function),
			function, error);
	return r < 0 ? r
		     : keep_link(hook, bpf_program__attach_kprobe(hook->entry, false, function),
			       function, error);
}

/* A program that was loaded for its place. */
static int attach_loaded(struct hook *hook, const char *what, struct error *error)
{
	bool is_lsm =
		hook->mechanism == MECHANISM_LSM || hook->mechanism == MECHANISM_LSM_SLEEPABLE;
	int r = 0;

	if (hook->back)
		r = keep_link(hook, bpf_program__attach_trace(hook->back), what, error);
	if (r < 0)
		return r;
	return keep_link(hook,
		is_lsm ? bpf_program__attach_lsm(hook->entry)
		       : bpf_program__attach_trace(hook->entry),
		what, error);
}

static int say_not_attached(const struct hook *hook, int code, struct error *error)
{
	if (hook->mechanism == MECHANISM_UPROBE && (code == -EACCES || code == -EPERM))
		return error_set(error, code,
			"cannot attach to the program: this kernel wants CAP_SYS_ADMIN for it "
			"(daemon.extra_capabilities); since Linux 6.6 it does not");
	return error_set(error, code, "cannot attach to the program: %s", strerror(-code));
}

static int attach_uprobe(struct hook *hook, uint32_t index, bool at_return, struct error *error)
{
	struct bpf_program *program = at_return ? hook->back : hook->entry;
	const struct hook_target *target = &hook->targets[index];
	LIBBPF_OPTS(bpf_uprobe_opts, options, .retprobe = at_return,
		.ref_ctr_offset = target->reference_counter_offset,
		.bpf_cookie = hook->object->rodata->have_attach_cookie ? index : 0);
	char path[UPROBE_PATH_MAX];
	struct bpf_link *link;

	uprobe_path(hook->file, path);
	link = bpf_program__attach_uprobe_opts(program, -1, path, target->offset, &options);
	if (!link)
		return say_not_attached(hook, -errno, error);
	hook->links[hook->link_count++] = link;
	return 0;
}

static int attach_multi(struct hook *hook, bool at_return, struct error *error)
{
	struct bpf_program *program = at_return ? hook->back : hook->entry;
	int r = uprobe_multi_attach(
		bpf_program__fd(program), hook->file, hook->targets, hook->target_count, at_return);

	if (r < 0)
		return say_not_attached(hook, r, error);
	hook->uprobe_links[at_return] = r;
	return 0;
}

static int attach_program(struct hook *hook, struct error *error)
{
	int r = 0;

	if (hook_mechanism_is_uprobe_multi(hook->mechanism)) {
		if (!hook->target_count)
			return 0;
		if (hook->back)
			r = attach_multi(hook, true, error);
		return r < 0 ? r : attach_multi(hook, false, error);
	}
	for (uint32_t i = 0; i < hook->target_count && r >= 0; i++) {
		if (hook->back)
			r = attach_uprobe(hook, i, true, error);
		if (r >= 0)
			r = attach_uprobe(hook, i, false, error);
	}
	return r;
}

/* The return first: no entry then waits for one that nobody sees. */
static int attach_target(struct hook *hook, const struct hook_target *target, struct error *error)
{
	int r = 0;

	switch (hook->mechanism) {
	case MECHANISM_SYSCALL_TRACEPOINT:
		if (hook->back)
			r = attach_tracepoint(
				hook, hook->back, "syscalls", "sys_exit_", target->name, error);
		return r < 0 ? r
			     : attach_tracepoint(hook, hook->entry, "syscalls", "sys_enter_",
				       target->name, error);
	case MECHANISM_TRACEPOINT:
		if (hook->back)
			r = attach_tracepoint(hook, hook->back, hook->subsystem, "sys_exit_",
				target->name + strlen(CALL_ENTRY_PREFIX), error);
		return r < 0 ? r
			     : attach_tracepoint(
				       hook, hook->entry, hook->subsystem, "", target->name, error);
	case MECHANISM_RAW_TRACEPOINT:
		return keep_link(hook,
			bpf_program__attach_raw_tracepoint(hook->entry, target->name), target->name,
			error);
	case MECHANISM_KPROBE:
		return attach_kprobe(hook, target->name, error);
	default:
		return attach_loaded(hook, target->name, error);
	}
}

int hook_attach(struct hook *hook, struct error *error)
{
	if (hook->mechanism == MECHANISM_SYSCALL_ALL)
		return hook->target_count ? attach_loaded(hook, "tracepoint sys_enter", error) : 0;
	if (hook->mechanism == MECHANISM_UPROBE || hook_mechanism_is_uprobe_multi(hook->mechanism))
		return attach_program(hook, error);
	for (size_t i = 0; i < hook->target_count; i++) {
		int r = attach_target(hook, &hook->targets[i], error);

		if (r < 0)
			return r;
	}
	return 0;
}
