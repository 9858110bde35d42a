/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/hit/audit_kind.h"

#include <stdio.h>
#include <string.h>

#include "daemon/policy/place/system_calls.h"
#include "lib/util.h"

#define NAME_MAX_BYTES 64

/* Beginnings of the names of system calls that are given paths; each has its f…, l… and …at forms.
 */
static const char *const file_calls[] = {"access", "acct", "chdir", "chmod", "chown", "chroot",
	"creat", "faccess", "fchmod", "fchown", "file_", "getxattr", "lchown", "lgetxattr", "link",
	"llistxattr", "listxattr", "lremovexattr", "lsetxattr", "lstat", "mkdir", "mknod", "mount",
	"move_mount", "name_to_handle", "newfstatat", "newlstat", "newstat", "open", "pivot_root",
	"readlink", "removexattr", "rename", "rmdir", "setxattr", "stat", "swapon", "symlink",
	"truncate", "umount", "unlink", "utime", "uselib"};

/* What is executed passes here; of functions and hooks of the BPF LSM the beginnings. */
static const char *const exec_tracepoints[] = {"sched_process_exec", "sched_prepare_exec"};
static const char *const exec_functions[] = {"security_bprm_", "bprm_"};

static bool begins(const char *name, const char *beginning)
{
	return strncmp(name, beginning, strlen(beginning)) == 0;
}

/* The system call that a hook is about, without prefixes; false when it is about none. */
static bool system_call_of(const struct policy_hook *hook, char ret_name[NAME_MAX_BYTES])
{
	static const char enter[] = "sys_enter_", exit[] = "sys_exit_";
	const struct policy_text *text =
		hook->kind == POLICY_TRACEPOINT ? &hook->event : &hook->call;
	char name[NAME_MAX_BYTES];
	const char *bare;

	if (!text->data || text->length >= sizeof(name))
		return false;
	memcpy(name, text->data, text->length);
	name[text->length] = '\0';
	if (hook->kind != POLICY_TRACEPOINT)
		bare = system_call_bare_name(name);
	else
		bare = begins(name, enter)  ? name + strlen(enter)
		       : begins(name, exit) ? name + strlen(exit)
					    : NULL;
	if (!bare)
		return false;
	snprintf(ret_name, NAME_MAX_BYTES, "%s", bare);
	return true;
}

static enum hit_audit kind_of_call(const char *name)
{
	if (begins(name, "execve"))
		return HIT_AUDIT_ANOM_EXEC;
	for (size_t i = 0; i < ARRAY_SIZE(file_calls); i++)
		if (begins(name, file_calls[i]))
			return HIT_AUDIT_ANOM_ACCESS_FS;
	return HIT_AUDIT_RESP_ANOMALY;
}

static bool is_of_exec(const struct policy_hook *hook)
{
	const bool tracepoint = hook->kind == POLICY_TRACEPOINT;
	const struct policy_text *text = tracepoint			 ? &hook->event
					 : hook->kind == POLICY_LSM_HOOK ? &hook->hook
									 : &hook->call;

	for (size_t i = 0; text->data && i < ARRAY_SIZE(exec_tracepoints); i++)
		if (tracepoint && strcmp(text->data, exec_tracepoints[i]) == 0)
			return true;
	for (size_t i = 0; text->data && i < ARRAY_SIZE(exec_functions); i++)
		if (!tracepoint && begins(text->data, exec_functions[i]))
			return true;
	return false;
}

enum hit_audit hook_audit_kind(
	const struct policy_hook *hook, const enum policy_argument_type *types, size_t count)
{
	char name[NAME_MAX_BYTES];
	bool file = false;

	if (is_of_exec(hook))
		return HIT_AUDIT_ANOM_EXEC;
	for (size_t i = 0; i < count; i++) {
		switch (types[i]) {
		case POLICY_TYPE_LINUX_BINPRM:
			return HIT_AUDIT_ANOM_EXEC;
		case POLICY_TYPE_SOCK:
		case POLICY_TYPE_SOCKET:
		case POLICY_TYPE_SKB:
		case POLICY_TYPE_SOCKADDR:
		case POLICY_TYPE_SOCKADDR_UN:
			return HIT_AUDIT_RESP_ANOMALY; /* a socket is a file too */
		case POLICY_TYPE_FILE:
		case POLICY_TYPE_PATH:
		case POLICY_TYPE_DENTRY:
		case POLICY_TYPE_FD:
		case POLICY_TYPE_FILENAME:
		case POLICY_TYPE_KIOCB:
			file = true;
			break;
		default:
			break;
		}
	}
	if (system_call_of(hook, name) && kind_of_call(name) != HIT_AUDIT_RESP_ANOMALY)
		return kind_of_call(name);
	return file ? HIT_AUDIT_ANOM_ACCESS_FS : HIT_AUDIT_RESP_ANOMALY;
}
