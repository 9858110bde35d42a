/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/security/security_status.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/export/json_credentials.h"
#include "lib/cleanup.h"
#include "lib/fd.h"
#include "lib/json_writer.h"

#define STATUS_MAX 16384

static void closedir_p(DIR **stream)
{
	if (*stream)
		closedir(*stream);
}

/* The number behind "\nNAME:\t"; 0 where the kernel has no such line. */
static uint64_t field(const char *text, const char *name, int base)
{
	const char *found = strstr(text, name);

	return found ? strtoull(found + strlen(name), NULL, base) : 0;
}

static int add_thread(const char *id, struct security_status *status)
{
	_cleanup_buf_ struct buf buf = {};
	const char *text;
	char path[64];
	int r;

	if (snprintf(path, sizeof(path), "/proc/self/task/%s/status", id) >= (int)sizeof(path))
		return 0;
	r = read_file_limited(path, STATUS_MAX, &buf);
	if (r < 0)
		return r == -ENOENT || r == -ESRCH ? 0 : r; /* it has ended */
	text = buf_string(&buf);
	if (!text)
		return -ENOMEM;
	status->threads++;
	status->capabilities |= field(text, "\nCapPrm:", 16);
	status->no_new_privs &= field(text, "\nNoNewPrivs:", 10) == 1;
	status->seccomp &= field(text, "\nSeccomp:", 10) == SECCOMP_MODE_FILTER;
	return 0;
}

int security_status_get(struct security_status *ret_status)
{
	struct security_status status = {.uid = geteuid(), .no_new_privs = true, .seccomp = true};
	_cleanup_(closedir_p) DIR *stream = opendir("/proc/self/task");
	struct dirent *entry;

	if (!stream)
		return -errno;
	while ((entry = readdir(stream))) {
		int r = entry->d_name[0] == '.' ? 0 : add_thread(entry->d_name, &status);

		if (r < 0)
			return r;
	}
	if (!status.threads)
		return -ENODATA;
	*ret_status = status;
	return 0;
}

static void put_capabilities(uint64_t mask, struct buf *json)
{
	json_key(json, "capabilities");
	json_open_array(json);
	for (unsigned int i = 0; i < 64; i++)
		if (mask >> i & 1)
			json_string(json, capability_name(i) ?: "unknown");
	json_close_array(json);
}

void security_status_put(struct buf *json)
{
	struct security_status status;
	int r = security_status_get(&status);

	json_key(json, "security");
	json_open_object(json);
	if (r < 0) {
		json_key_string(json, "error", strerror(-r));
	} else {
		json_key_unsigned(json, "uid", status.uid);
		put_capabilities(status.capabilities, json);
		json_key_bool(json, "no_new_privs", status.no_new_privs);
		json_key_bool(json, "seccomp", status.seccomp);
		json_key_unsigned(json, "threads", status.threads);
	}
	json_close_object(json);
}
