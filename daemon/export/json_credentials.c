/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/export/json_credentials.h"

#include "lib/json_writer.h"
#include "lib/util.h"

/* Tetragon's names: number 1 has no CAP_ in front there, and tools that read it expect that. */
static const char *const capability_names[] = {
	"CAP_CHOWN",
	"DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};

static const char *const securebit_names[] = {
	"SecBitNoRoot",
	"SecBitNoRootLocked",
	"SecBitNoSetUidFixup",
	"SecBitNoSetUidFixupLocked",
	"SecBitKeepCaps",
	"SecBitKeepCapsLocked",
	"SecBitNoCapAmbientRaise",
	"SecBitNoCapAmbientRaiseLocked",
};

const char *capability_name(unsigned capability)
{
	return capability < ARRAY_SIZE(capability_names) ? capability_names[capability] : NULL;
}

static void capability_set(struct buf *buf, const char *key, uint64_t set)
{
	if (!set)
		return;
	json_key(buf, key);
	json_open_array(buf);
	for (unsigned i = 0; i < ARRAY_SIZE(capability_names); i++)
		if (set & (1ULL << i))
			json_string(buf, capability_names[i]);
	json_close_array(buf);
}

void json_capabilities_format(const struct credentials *credentials, struct buf *buf)
{
	json_open_object(buf);
	capability_set(buf, "permitted", credentials->cap_permitted);
	capability_set(buf, "effective", credentials->cap_effective);
	capability_set(buf, "inheritable", credentials->cap_inheritable);
	json_close_object(buf);
}

static void namespace_put(struct buf *buf, const char *key, uint32_t inode, uint32_t host)
{
	if (!inode) /* a namespace that this kernel does not have */
		return;
	json_key(buf, key);
	json_open_object(buf);
	json_key_unsigned(buf, "inum", inode);
	if (inode == host)
		json_key_bool(buf, "is_host", true);
	json_close_object(buf);
}

void json_namespaces_format(
	const struct namespaces *namespaces, const uint32_t host[10], struct buf *buf)
{
	json_open_object(buf);
	namespace_put(buf, "uts", namespaces->uts, host[0]);
	namespace_put(buf, "ipc", namespaces->ipc, host[1]);
	namespace_put(buf, "mnt", namespaces->mnt, host[2]);
	namespace_put(buf, "pid", namespaces->pid, host[3]);
	namespace_put(buf, "pid_for_children", namespaces->pid_for_children, host[4]);
	namespace_put(buf, "net", namespaces->net, host[5]);
	namespace_put(buf, "time", namespaces->time, host[6]);
	namespace_put(buf, "time_for_children", namespaces->time_for_children, host[7]);
	namespace_put(buf, "cgroup", namespaces->cgroup, host[8]);
	namespace_put(buf, "user", namespaces->user, host[9]);
	json_close_object(buf);
}

void json_credentials_format(const struct credentials *credentials,
	const struct namespaces *namespaces, const uint32_t host[10], struct buf *buf)
{
	json_open_object(buf);
	json_key_unsigned(buf, "uid", credentials->uid);
	json_key_unsigned(buf, "gid", credentials->gid);
	json_key_unsigned(buf, "euid", credentials->euid);
	json_key_unsigned(buf, "egid", credentials->egid);
	json_key_unsigned(buf, "suid", credentials->suid);
	json_key_unsigned(buf, "sgid", credentials->sgid);
	json_key_unsigned(buf, "fsuid", credentials->fsuid);
	json_key_unsigned(buf, "fsgid", credentials->fsgid);
	if (credentials->securebits) {
		json_key(buf, "securebits");
		json_open_array(buf);
		for (unsigned i = 0; i < ARRAY_SIZE(securebit_names); i++)
			if (credentials->securebits & (1U << i))
				json_string(buf, securebit_names[i]);
		json_close_array(buf);
	}
	json_key(buf, "caps");
	json_capabilities_format(credentials, buf);
	json_key(buf, "user_ns");
	json_open_object(buf);
	json_key_number(buf, "level", (int32_t)credentials->user_namespace_level);
	json_key_unsigned(buf, "uid", credentials->user_namespace_owner);
	json_key_unsigned(buf, "gid", credentials->user_namespace_group);
	namespace_put(buf, "ns", namespaces->user, host[9]);
	json_close_object(buf);
	json_close_object(buf);
}

void json_binary_properties_format(const struct exec_image *image, struct buf *buf)
{
	uint32_t flags = image->flags;
	bool raised = flags & (RECORD_FLAG_SETUID_FILE | RECORD_FLAG_SETGID_FILE |
				      RECORD_FLAG_FILE_CAPABILITIES);
	bool unlinked = flags & (RECORD_FLAG_EXE_DELETED | RECORD_FLAG_EXE_MEMFD);

	if (!raised && !unlinked)
		return;
	json_key(buf, "binary_properties");
	json_open_object(buf);
	if (flags & RECORD_FLAG_SETUID_FILE)
		json_key_unsigned(buf, "setuid", image->credentials.euid);
	if (flags & RECORD_FLAG_SETGID_FILE)
		json_key_unsigned(buf, "setgid", image->credentials.egid);
	if (raised) {
		json_key(buf, "privileges_changed");
		json_open_array(buf);
		if (flags & RECORD_FLAG_FILE_CAPABILITIES)
			json_string(buf, "PRIVILEGES_RAISED_EXEC_FILE_CAP");
		if (flags & RECORD_FLAG_SETUID_FILE)
			json_string(buf, "PRIVILEGES_RAISED_EXEC_FILE_SETUID");
		if (flags & RECORD_FLAG_SETGID_FILE)
			json_string(buf, "PRIVILEGES_RAISED_EXEC_FILE_SETGID");
		json_close_array(buf);
	}
	if (unlinked) {
		json_key(buf, "file");
		json_open_object(buf);
		json_key(buf, "inode");
		json_open_object(buf);
		json_key_u64(buf, "number", image->exe_inode);
		json_key_unsigned(buf, "links", image->exe_links);
		json_close_object(buf);
		if (image->exe.length) {
			json_key(buf, "path");
			json_string_n(buf, exec_image_text(image, image->exe), image->exe.length);
		}
		json_close_object(buf);
	}
	json_close_object(buf);
}
