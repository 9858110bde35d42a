/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/export/json_process.h"

#include <string.h>
#include <sys/stat.h>

#include "daemon/export/json_credentials.h"
#include "lib/json_writer.h"

#define DOCKER_ID_LENGTH 31 /* what Tetragon writes of a container's id */

static void flag(struct buf *buf, bool set, const char *name)
{
	if (!set)
		return;
	if (buf->length && buf->data[buf->length - 1] != '"')
		buf_append_char(buf, ' ');
	buf_append_string(buf, name);
}

/* In the order in which Tetragon writes them. */
static void flags_format(const struct process *process, struct buf *buf)
{
	const struct exec_image *image = process->image;
	uint32_t flags = image->flags;
	bool executed = !process->cloned && image->binary.length;

	json_key(buf, "flags");
	buf_append_char(buf, '"');
	flag(buf, executed && !process->procfs, "execve");
	flag(buf, process->procfs, "procFS");
	if (executed) {
		flag(buf, flags & RECORD_FLAG_ARGUMENTS_CUT, "truncArgs");
		flag(buf, process->miss, "miss");
		flag(buf, flags & RECORD_FLAG_FILENAME_ERROR, "errorFilename");
		flag(buf, flags & RECORD_FLAG_ARGUMENTS_ERROR, "errorArgs");
	}
	/* kernel threads and what they fork, and who had ended when we came */
	flag(buf, image->binary.length && !image->cwd.length, "nocwd");
	if (executed) {
		flag(buf, flags & RECORD_FLAG_CWD_ROOT, "rootcwd");
		flag(buf, flags & RECORD_FLAG_CWD_ERROR, "errorCWD");
	}
	flag(buf, process->after_clone || process->cloned, "clone");
	if (executed)
		flag(buf, !process->procfs && image->arguments_total > ARGUMENTS_INLINE_MAX,
			"dataArgs");
	flag(buf, process->in_init_tree, "inInitTree");
	flag(buf, !image->binary.length, "unknown");
	buf_append_char(buf, '"');
}

/* argv[1..] joined by blanks; an argument with a blank in it stands in double quotes. */
static bool arguments_format(const struct exec_image *image, struct buf *buf)
{
	const char *data = exec_image_text(image, image->arguments);
	size_t length = image->arguments.length, at = strnlen(data, length) + 1;
	bool replaced = false, first = true;

	if (at >= length)
		return false;
	json_key(buf, "arguments");
	buf_append_char(buf, '"');
	while (at < length) {
		size_t size = strnlen(data + at, length - at);
		bool quote = memchr(data + at, ' ', size) != NULL;

		if (!first)
			buf_append_char(buf, ' ');
		first = false;
		if (quote)
			buf_append_literal(buf, "\\\"");
		replaced |= json_escape(buf, data + at, size);
		if (quote)
			buf_append_literal(buf, "\\\"");
		at += size + 1;
	}
	buf_append_char(buf, '"');
	return replaced;
}

/* Each argument by itself; and once more in base64 where the text cannot hold its bytes. */
static void argv_format(const struct exec_image *image, struct buf *buf)
{
	const char *data = exec_image_text(image, image->arguments);
	size_t length = image->arguments.length;
	bool replaced = false;

	json_key(buf, "argv");
	json_open_array(buf);
	for (size_t at = 0; at < length;) {
		size_t size = strnlen(data + at, length - at);

		replaced |= json_string_n(buf, data + at, size);
		at += size + 1;
	}
	json_close_array(buf);
	if (!replaced)
		return;
	json_key(buf, "argv_b64");
	json_open_array(buf);
	for (size_t at = 0; at < length;) {
		size_t size = strnlen(data + at, length - at);

		json_base64(buf, data + at, size);
		at += size + 1;
	}
	json_close_array(buf);
}

static void text_format(struct buf *buf, const char *key, const char *key_b64,
	const struct exec_image *image, struct text text)
{
	if (!text.length)
		return;
	json_key(buf, key);
	if (!json_string_n(buf, exec_image_text(image, text), text.length))
		return;
	json_key(buf, key_b64);
	json_base64(buf, exec_image_text(image, text), text.length);
}

static void exec_id_put(
	struct buf *buf, const char *key, const char *node_name, uint64_t ktime, uint32_t pid)
{
	char id[EXEC_ID_MAX];
	size_t length = exec_id_format(node_name, ktime, pid, id);

	json_key(buf, key);
	buf_append_char(buf, '"');
	buf_append(buf, id, length);
	buf_append_char(buf, '"');
}

static void environment_format(const struct exec_image *image, struct buf *buf)
{
	const char *data = exec_image_text(image, image->environment);
	size_t length = image->environment.length;

	if (!length)
		return;
	json_key(buf, "environment_variables");
	json_open_array(buf);
	for (size_t at = 0; at < length;) {
		size_t size = strnlen(data + at, length - at);
		const char *equals = memchr(data + at, '=', size);
		size_t name = equals ? (size_t)(equals - data - at) : size;

		json_open_object(buf);
		json_key(buf, "Key");
		json_string_n(buf, data + at, name);
		json_key(buf, "Value");
		json_string_n(
			buf, data + at + name + (equals != NULL), size - name - (equals != NULL));
		json_close_object(buf);
		at += size + 1;
	}
	json_close_array(buf);
}

/* In full once per event: parents and ancestors name theirs only. */
static void container_format(const struct container *container, bool full, struct buf *buf)
{
	json_key(buf, "container");
	if (full && container->json_length) {
		json_raw(buf, container->json, container->json_length);
		return;
	}
	json_open_object(buf);
	json_key_string(buf, "id", container->id);
	if (container->metadata.name)
		json_key_string(buf, "name", container->metadata.name);
	json_close_object(buf);
}

void json_process_format(const struct json_event_options *options, const struct process *process,
	enum json_process_role role, uint32_t tid, bool setup, struct buf *buf)
{
	const struct exec_image *image = process->image;
	const struct container *container = process->container;

	json_open_object(buf);
	exec_id_put(buf, "exec_id", options->node_name, process->ktime, process->pid);
	json_key_unsigned(buf, "pid", process->pid);
	json_key_unsigned(buf, "uid", image->credentials.euid);
	text_format(buf, "cwd", "cwd_b64", image, image->cwd);
	text_format(buf, "binary", "binary_b64", image, image->binary);
	arguments_format(image, buf);
	flags_format(process, buf);
	json_key(buf, "start_time");
	json_time(buf, process->start_time);
	json_key_unsigned(buf, "auid", image->credentials.auid);
	if (container && container->pod_json_length) {
		json_key(buf, "pod");
		json_raw(buf, container->pod_json, container->pod_json_length);
	}
	if (container) {
		json_key(buf, "docker");
		json_string_n(buf, container->id, strnlen(container->id, DOCKER_ID_LENGTH));
	}
	if (process->parent_ktime)
		exec_id_put(buf, "parent_exec_id", options->node_name, process->parent_ktime,
			process->parent_pid);
	json_key_unsigned(buf, "refcnt", process->references);
	if (role == JSON_PROCESS_EXEC && options->process_credentials) {
		json_key(buf, "cap");
		json_capabilities_format(&image->credentials, buf);
	}
	if (role == JSON_PROCESS_EXEC && options->process_namespaces) {
		json_key(buf, "ns");
		json_namespaces_format(&image->namespaces, options->host_namespaces, buf);
	}
	json_key_unsigned(buf, "tid", tid ? tid : process->pid);
	if (role == JSON_PROCESS_EXEC && options->process_credentials) {
		json_key(buf, "process_credentials");
		json_credentials_format(
			&image->credentials, &image->namespaces, options->host_namespaces, buf);
	}
	if (role == JSON_PROCESS_EXEC)
		json_binary_properties_format(image, buf);
	json_key_bool(buf, "in_init_tree", process->in_init_tree);
	if (role == JSON_PROCESS_EXEC)
		environment_format(image, buf);

	/* What Tetragon does not have. */
	if (role == JSON_PROCESS_EXEC) {
		argv_format(image, buf);
		if (image->flags & (RECORD_FLAG_ARGUMENTS_CUT | RECORD_FLAG_ARGUMENTS_ERROR))
			json_key_unsigned(buf, "arguments_total", image->arguments_total);
		text_format(buf, "exe", "exe_b64", image, image->exe);
		json_key_unsigned(buf, "ses", image->credentials.session);
	}
	if (setup)
		json_key_string(buf, "phase", "setup");
	if (container)
		container_format(container, role != JSON_PROCESS_PARENT, buf);
	json_close_object(buf);
}
