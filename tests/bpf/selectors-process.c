/* SPDX-License-Identifier: Apache-2.0 */
/* The process at a hook: what it is, as /proc has it, and a past that it is given. */
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/util.h"
#include "tests/bpf/selectors.h"

/* The order of enum policy_namespace. */
static const char *const namespace_files[POLICY_NAMESPACE_COUNT] = {
	"uts",
	"ipc",
	"mnt",
	"pid",
	"pid_for_children",
	"net",
	"time",
	"time_for_children",
	"cgroup",
	"user",
};

static void namespaces_of(const char *process, uint32_t ret_inodes[POLICY_NAMESPACE_COUNT])
{
	for (int i = 0; i < POLICY_NAMESPACE_COUNT; i++) {
		char path[64];
		struct stat file;

		snprintf(path, sizeof(path), "/proc/%s/ns/%s", process, namespace_files[i]);
		ret_inodes[i] = stat(path, &file) ? 0 : (uint32_t)file.st_ino;
	}
}

void host_namespaces(uint32_t ret_inodes[POLICY_NAMESPACE_COUNT])
{
	static uint32_t inodes[POLICY_NAMESPACE_COUNT];

	if (!inodes[POLICY_NAMESPACE_USER])
		namespaces_of("self", inodes); /* before it becomes another */
	memcpy(ret_inodes, inodes, sizeof(inodes));
}

#define SELF UINT32_MAX /* its pid as /proc has it, which may be that of another namespace */

/* The parent's pid; its own in its innermost namespace, 0 where that is the host's. */
static uint32_t look_up(uint32_t pid, uint32_t *ret_pid, uint32_t *ret_namespace_pid)
{
	char path[64], line[256];
	uint32_t parent = 0;
	FILE *file;

	*ret_pid = pid;
	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	if (pid == SELF)
		snprintf(path, sizeof(path), "/proc/self/status");
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		char *last = strrchr(line, '\t');

		if (!strncmp(line, "Pid:", 4))
			*ret_pid = (uint32_t)strtoul(line + 4, NULL, 10);
		if (!strncmp(line, "PPid:", 5))
			parent = (uint32_t)strtoul(line + 5, NULL, 10);
		if (!strncmp(line, "NSpid:", 6) && last)
			*ret_namespace_pid = last > line + strlen("NSpid:")
						     ? (uint32_t)strtoul(last + 1, NULL, 10)
						     : 0;
	}
	if (file)
		fclose(file);
	return parent;
}

struct observed_process *observe_ancestors(void)
{
	static struct observed_process processes[64];
	uint32_t pid = SELF;

	for (size_t i = 0; i + 1 < ARRAY_SIZE(processes); i++) {
		pid = look_up(pid, &processes[i].pid, &processes[i].namespace_pid);
		processes[i].parent = &processes[i + 1];
		/* The kernel has one more there, with the pid 0. */
		if (!processes[i].pid)
			break;
	}
	return processes;
}

static bool has_binary(const struct policy_match_binaries *match, const char *path)
{
	size_t length = strlen(path);

	for (size_t i = 0; i < match->values.count; i++) {
		const struct policy_text *value = &match->values.items[i];
		size_t at = 0;

		if (match->operation == POLICY_POSTFIX || match->operation == POLICY_NOT_POSTFIX)
			at = length - value->length;
		else if ((match->operation == POLICY_IN || match->operation == POLICY_NOT_IN) &&
			 length != value->length)
			continue;
		if (value->length <= length && !memcmp(path + at, value->data, value->length))
			return true;
	}
	return false;
}

/* Each matchBinaries has the bit of its place in the hook. */
static void set_bits(const struct policy_hook *hook, const char *path, __u64 *words)
{
	size_t bit = 0;

	for (size_t i = 0; i < hook->selectors.count; i++) {
		const struct policy_selector *selector = &hook->selectors.items[i];

		for (size_t j = 0; j < selector->match_binaries.count; j++, bit++)
			if (has_binary(&selector->match_binaries.items[j], path))
				words[bit / 64] |= 1ULL << (bit % 64);
		for (size_t j = 0; j < selector->match_parent_binaries.count; j++, bit++)
			if (has_binary(&selector->match_parent_binaries.items[j], path))
				words[bit / 64] |= 1ULL << (bit % 64);
	}
}

static void read_capabilities(uint64_t ret_sets[POLICY_CAPABILITY_SETS])
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		exit(1);
	ret_sets[POLICY_CAPABILITIES_EFFECTIVE] = data[0].effective | (uint64_t)data[1].effective
									      << 32;
	ret_sets[POLICY_CAPABILITIES_INHERITABLE] =
		data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	ret_sets[POLICY_CAPABILITIES_PERMITTED] = data[0].permitted | (uint64_t)data[1].permitted
									      << 32;
}

/* Only a child is in it. */
static int enter_pid_namespace(int parent)
{
	int status, self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	pid_t child;

	if (self < 0 || unshare(CLONE_NEWPID))
		return parent;
	fflush(stdout);
	child = fork();
	if (child < 0)
		exit(1);
	if (!child)
		return self;
	_exit(waitpid(child, &status, 0) == child && !status ? 0 : 1);
}

int become_another(void)
{
	static const int flags[] = {
		CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWNET};
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];
	int parent = (int)syscall(SYS_pidfd_open, getppid(), 0);

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (one_in(4) && (flags[i] != CLONE_NEWNET || one_in(3)) && unshare(flags[i]))
			printf("# cannot make a namespace %x\n", flags[i]);
	if (one_in(4))
		parent = enter_pid_namespace(parent);
	if (one_in(4) && unshare(CLONE_NEWUSER))
		printf("# cannot make a user namespace\n");
	if (one_in(2) || syscall(SYS_capget, &header, data))
		return parent;
	for (int i = 0; i < 2; i++) {
		data[i].inheritable |= (uint32_t)random_bits() & data[i].permitted;
		data[i].effective &= (uint32_t)random_bits();
		data[i].permitted &= data[i].effective | (uint32_t)random_bits();
	}
	if (syscall(SYS_capset, &header, data))
		printf("# cannot give up capabilities\n");
	return parent;
}

void random_process(const struct policy_hook *hook, struct observation *observation,
	struct process_state *state, struct process_state *parent_state)
{
	struct observed_process *process = &observation->process;
	struct observed_process *parent = (struct observed_process *)process->parent;

	process->binary = binary_paths[random_below(BINARY_COUNT)];
	parent->binary = binary_paths[random_below(BINARY_COUNT)];
	memset(state, 0, sizeof(*state));
	memset(parent_state, 0, sizeof(*parent_state));
	set_bits(hook, process->binary, state->binaries);
	set_bits(hook, process->binary, state->followed);
	set_bits(hook, parent->binary, state->followed);
	set_bits(hook, parent->binary, parent_state->binaries);
	set_bits(hook, parent->binary, parent_state->followed);
	namespaces_of("self", process->namespaces);
	for (int i = 0; i < POLICY_NAMESPACE_COUNT; i++) {
		process->namespaces_at_exec[i] = process->namespaces[i] + one_in(4);
		state->namespaces[i] = process->namespaces_at_exec[i];
	}
	read_capabilities(process->capabilities);
	for (int i = 0; i < POLICY_CAPABILITY_SETS; i++) {
		process->capabilities_at_exec[i] = process->capabilities[i];
		if (one_in(2))
			process->capabilities_at_exec[i] ^= random_bits() & 0x1ffffffffff;
		state->capabilities[i] = process->capabilities_at_exec[i];
	}
}
