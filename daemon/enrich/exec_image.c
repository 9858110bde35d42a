/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/enrich/exec_image.h"

#include <string.h>

#include "lib/util.h"

#define DELETED_SUFFIX " (deleted)" /* as the kernel and Tetragon write it */

/* Append `path` to an absolute directory, resolving "." and ".." as text, as Go's filepath.Join
 * does: this is what Tetragon shows as `binary` for a relative path. */
static void append_cleaned(struct buf *buf, const char *path, size_t length)
{
	size_t at = 0;

	while (at < length) {
		const char *component = path + at, *slash = memchr(component, '/', length - at);
		size_t size = slash ? (size_t)(slash - component) : length - at;

		at += size + 1;
		if (size == 0 || (size == 1 && component[0] == '.'))
			continue;
		if (size == 2 && component[0] == '.' && component[1] == '.') {
			while (buf->length && buf->data[--buf->length] != '/')
				;
			continue;
		}
		buf_append_char(buf, '/');
		buf_append(buf, component, size);
	}
}

static void make_binary(struct exec_image_maker *maker, const struct record_view *view)
{
	struct buf *binary = &maker->binary;

	buf_clear(binary);
	/* A zombie has no file any more: named as ps does. */
	if ((view->exec->header.flags & RECORD_FLAG_KERNEL_THREAD) ||
		(!view->filename.length && !view->exe.length)) {
		buf_append_char(binary, '[');
		buf_append(binary, view->exec->comm, strnlen(view->exec->comm, 16));
		buf_append_char(binary, ']');
	} else if (view->filename.length && view->filename.data[0] == '/') {
		buf_append(binary, view->filename.data, view->filename.length);
	} else if (view->filename.length) {
		append_cleaned(binary, view->cwd.data, view->cwd.length);
		append_cleaned(binary, view->filename.data, view->filename.length);
		if (!binary->length)
			buf_append_char(binary, '/');
	} else { /* from the iterator: what execve was given is not known any more */
		buf_append(binary, view->exe.data, view->exe.length);
	}
}

static int make_arguments(struct exec_image_maker *maker, struct span arguments)
{
	struct buf *buf = &maker->arguments;

	buf_clear(buf);
	buf_append(buf, arguments.data, arguments.length);
	/* A process may write over its argv; a cut one ends anywhere. */
	if (buf->length && buf->data[buf->length - 1])
		buf_append_char(buf, 0);
	if (buf->failed)
		return -1;
	if (!maker->redaction || !buf->length)
		return 0;
	return redaction_arguments(
		maker->redaction, maker->binary.data, maker->binary.length, buf, 0);
}

static bool variable_wanted(const struct config *config, const char *variable, size_t length)
{
	const char *equals = memchr(variable, '=', length);
	size_t name_length = equals ? (size_t)(equals - variable) : length;

	if (!config->environment_filter.count)
		return true;
	for (size_t i = 0; i < config->environment_filter.count; i++) {
		const char *name = config->environment_filter.items[i];

		if (strlen(name) == name_length && !memcmp(name, variable, name_length))
			return true;
	}
	return false;
}

static int make_environment(struct exec_image_maker *maker, struct span environment)
{
	struct buf *buf = &maker->environment;
	size_t at = 0;

	buf_clear(buf);
	while (at < environment.length) {
		const char *variable = environment.data + at;
		size_t length = strnlen(variable, environment.length - at), start = buf->length;

		at += length + 1;
		if (!length || !variable_wanted(maker->config, variable, length))
			continue;
		buf_append(buf, variable, length);
		if (maker->redaction && redaction_variable(maker->redaction, maker->binary.data,
						maker->binary.length, buf, start) < 0)
			return -1;
		buf_append_char(buf, 0);
	}
	return buf->failed ? -1 : 0;
}

static struct text put(struct exec_image *image, uint32_t *at, const void *data, size_t length)
{
	struct text text = {*at, length};

	if (length)
		memcpy(image->data + *at, data, length);
	*at += length;
	return text;
}

struct exec_image *exec_image_new(
	struct exec_image_maker *maker, const struct record_view *view, struct span arguments)
{
	const struct exec_record *record = view->exec;
	bool deleted = record->header.flags & RECORD_FLAG_CWD_DELETED;
	struct exec_image *image;
	uint32_t at = 0;
	size_t size;

	make_binary(maker, view);
	if (make_arguments(maker, arguments) < 0 || make_environment(maker, view->environment) < 0)
		return NULL;
	size = sizeof(*image) + maker->binary.length + view->exe.length + view->cwd.length +
	       maker->arguments.length + maker->environment.length +
	       (deleted ? strlen(DELETED_SUFFIX) : 0);
	image = pool_get(maker->pool, size);
	if (!image)
		return NULL;
	image->references = 1;
	image->allocated = size;
	image->credentials = record->credentials;
	image->namespaces = record->namespaces;
	image->exe_inode = record->exe_inode;
	image->exe_links = record->exe_links;
	image->exe_mode = record->exe_mode;
	image->exe_uid = record->exe_uid;
	image->exe_gid = record->exe_gid;
	image->exe_device = record->exe_device;
	image->flags = record->header.flags;
	image->argc = record->argc;
	image->arguments_total = record->arguments_total;
	image->comm_length = strnlen(record->comm, sizeof(record->comm));
	memcpy(image->comm, record->comm, sizeof(image->comm));
	image->binary = put(image, &at, maker->binary.data, maker->binary.length);
	image->exe = put(image, &at, view->exe.data, view->exe.length);
	image->cwd = put(image, &at, view->cwd.data, view->cwd.length);
	if (deleted)
		image->cwd.length += put(image, &at, DELETED_SUFFIX, strlen(DELETED_SUFFIX)).length;
	image->arguments = put(image, &at, maker->arguments.data, maker->arguments.length);
	image->environment = put(image, &at, maker->environment.data, maker->environment.length);
	return image;
}

struct exec_image *exec_image_empty(struct exec_image_maker *maker)
{
	struct exec_image *image = pool_get(maker->pool, sizeof(*image));

	if (!image)
		return NULL;
	memset(image, 0, sizeof(*image));
	image->references = 1;
	image->allocated = sizeof(*image);
	image->credentials.auid = image->credentials.session = UINT32_MAX;
	return image;
}

struct exec_image *exec_image_shorten(
	struct exec_image_maker *maker, const struct exec_image *image, uint32_t limit)
{
	size_t size = sizeof(*image) + image->binary.length + image->exe.length +
		      image->cwd.length + limit;
	struct exec_image *copy;
	uint32_t at = 0;

	if (image->arguments.length < limit)
		return NULL;
	copy = pool_get(maker->pool, size);
	if (!copy)
		return NULL;
	memcpy(copy, image, sizeof(*copy));
	copy->references = 1;
	copy->allocated = size;
	copy->flags |= RECORD_FLAG_ARGUMENTS_CUT;
	copy->binary = put(copy, &at, exec_image_text(image, image->binary), image->binary.length);
	copy->exe = put(copy, &at, exec_image_text(image, image->exe), image->exe.length);
	copy->cwd = put(copy, &at, exec_image_text(image, image->cwd), image->cwd.length);
	copy->arguments = put(copy, &at, exec_image_text(image, image->arguments), limit);
	copy->data[copy->arguments.offset + limit - 1] = 0;
	copy->environment = (struct text){at, 0};
	return copy;
}

struct exec_image *exec_image_ref(struct exec_image *image)
{
	image->references++;
	return image;
}

void exec_image_unref(struct exec_image_maker *maker, struct exec_image *image)
{
	if (image && --image->references == 0)
		pool_put(maker->pool, image, image->allocated);
}

void exec_image_maker_done(struct exec_image_maker *maker)
{
	buf_done(&maker->binary);
	buf_done(&maker->arguments);
	buf_done(&maker->environment);
}
