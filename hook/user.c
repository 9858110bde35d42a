/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/user.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/fd.h"

#define UID_MAP_MAX   65536
#define PASSWD_MAX    (4u << 20)
#define OVERFLOW_UID  65534 /* when the kernel does not say */
#define UID_COUNT_ALL UINT32_MAX

bool uid_map_lookup(const char *text, uid_t inside, uid_t *ret_outside, bool *ret_initial)
{
	while (*text) {
		uint32_t first, outside, count;
		const char *end = strchr(text, '\n');

		if (sscanf(text, "%" SCNu32 " %" SCNu32 " %" SCNu32, &first, &outside, &count) != 3)
			return false;
		if (inside >= first && inside - first < count) {
			*ret_outside = outside + (inside - first);
			*ret_initial = !first && !outside && count == UID_COUNT_ALL;
			return true;
		}
		if (!end)
			break;
		text = end + 1;
	}
	return false;
}

bool passwd_lookup(const char *text, const char *name, uid_t *ret_uid)
{
	size_t length = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		const char *field;
		char *end;
		unsigned long uid;

		line += *line == '\n';
		if (strncmp(line, name, length) || line[length] != ':')
			continue;
		field = strchr(line + length + 1, ':'); /* behind the password */
		if (!field)
			return false;
		uid = strtoul(field + 1, &end, 10);
		if (end == field + 1 || *end != ':' || uid >= UINT32_MAX)
			return false;
		*ret_uid = (uid_t)uid;
		return true;
	}
	return false;
}

static uid_t overflow_uid(void)
{
	_cleanup_buf_ struct buf buf = {};
	const char *text;

	if (read_file_limited("/proc/sys/kernel/overflowuid", 64, &buf) < 0)
		return OVERFLOW_UID;
	text = buf_string(&buf);
	return text ? (uid_t)strtoul(text, NULL, 10) : OVERFLOW_UID;
}

void hook_user_read(struct hook_user *ret_user)
{
	_cleanup_buf_ struct buf buf = {};
	const char *text;

	*ret_user = (struct hook_user){.uid = getuid()};
	if (read_file_limited("/proc/self/uid_map", UID_MAP_MAX, &buf) < 0)
		return;
	text = buf_string(&buf);
	if (text)
		uid_map_lookup(text, getuid(), &ret_user->uid, &ret_user->initial_namespace);
}

bool hook_user_is_root(const struct hook_user *user)
{
	return user->initial_namespace && !user->uid;
}

bool hook_user_trusts(const struct hook_user *user, uid_t owner)
{
	_cleanup_buf_ struct buf buf = {};
	const char *text;
	uid_t tallyman;

	if (!user->initial_namespace)
		return owner == overflow_uid();
	if (!owner)
		return true;
	/* Not getpwnam(3): its modules are slow to load and may ask a network. The package's user
	 * stands in the file. */
	if (read_file_limited("/etc/passwd", PASSWD_MAX, &buf) < 0)
		return false;
	text = buf_string(&buf);
	return text && passwd_lookup(text, TALLYMAN_USER, &tallyman) && tallyman == owner;
}
