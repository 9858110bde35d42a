/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/policy_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/log.h"
#include "daemon/policy/policy_file.h"
#include "lib/cleanup.h"
#include "lib/json_writer.h"
#include "lib/util.h"

static void file_free(struct policy_file *file)
{
	policy_document_free(file->document);
	free(file->name);
	free(file->path);
	free(file);
}

void policy_files_done(struct policy_files *files)
{
	struct policy_file *file, *next;

	for (file = files->files; file; file = next) {
		next = file->next;
		file_free(file);
	}
	files->files = NULL;
}

/* The file of this name, made if it is not known yet. NULL: no memory. */
static struct policy_file *get(struct policy_files *files, const char *name)
{
	struct policy_file **link = &files->files, *file;

	while (*link && strcmp((*link)->name, name) < 0)
		link = &(*link)->next;
	if (*link && !strcmp((*link)->name, name))
		return *link;
	file = calloc(1, sizeof(*file));
	if (!file)
		return NULL;
	file->name = strdup(name);
	if (!file->name || asprintf(&file->path, "%s/%s", files->directory->path, name) < 0) {
		file->path = NULL;
		file_free(file);
		return NULL;
	}
	file->next = *link;
	*link = file;
	return file;
}

static int64_t ns_of(struct timespec time)
{
	return (int64_t)time.tv_sec * (int64_t)NSEC_PER_SEC + time.tv_nsec;
}

/* Whether it is not as it was; what it is now is remembered. */
static bool has_changed(struct policy_file *file, int directory_fd)
{
	const struct policy_file before = *file;
	struct stat status;

	if (fstatat(directory_fd, file->name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return true;
	file->inode = status.st_ino;
	file->size = (uint64_t)status.st_size;
	file->modified_ns = ns_of(status.st_mtim);
	file->changed_ns = ns_of(status.st_ctim);
	file->mode = status.st_mode;
	return before.inode != file->inode || before.size != file->size ||
	       before.modified_ns != file->modified_ns || before.changed_ns != file->changed_ns ||
	       before.mode != file->mode;
}

static bool is_same_text(const struct policy_file *file, const struct buf *text)
{
	return file->document && !file->error.code && file->document->length == text->length &&
	       !memcmp(file->document->text, text->data, text->length);
}

static void apply(struct policy_files *files, struct policy_file *file)
{
	file->error = (struct error){0};
	if (policies_set_file(files->policies, file->path, file->document, &file->error) < 0)
		policies_refuse(
			files->policies, file->path, file->path, file->document, &file->error);
	else
		log_info("%s: %zu %s in force", file->path, file->document->set->count,
			file->document->set->count == 1 ? "policy" : "policies");
}

static void read_file(struct policy_files *files, struct policy_file *file)
{
	_cleanup_buf_ struct buf text = {0};
	struct policy_document *document = NULL;
	struct error error = {0};
	int r;

	r = policy_file_read(files->directory->fd, file->name, &text, &error);
	if (!r && is_same_text(file, &text))
		return;
	if (r < 0)
		error_wrap(&error, "%s", file->path);
	else if (policy_document_new(
			 file->path, text.data ? text.data : "", text.length, &document) < 0)
		error_set(&error, -ENOMEM, "%s: no memory", file->path);
	policy_document_free(file->document);
	file->document = document;
	if (document) {
		apply(files, file);
		return;
	}
	file->error = error;
	policies_refuse(files->policies, file->path, file->path, NULL, &file->error);
}

static void forget_gone(struct policy_files *files)
{
	struct policy_file **link = &files->files;

	while (*link) {
		struct policy_file *file = *link;

		if (file->seen) {
			link = &file->next;
			continue;
		}
		*link = file->next;
		file_free(file);
	}
}

void policy_files_retry(struct policy_files *files)
{
	for (struct policy_file *file = files->files; file; file = file->next) {
		struct error before = file->error, error = {0};

		if (before.code != -EEXIST || !file->document)
			continue;
		file->error = (struct error){0};
		if (policies_set_file(files->policies, file->path, file->document, &error) < 0)
			file->error = error;
		else
			log_info("%s: in force now", file->path);
	}
}

void policy_files_update(struct policy_files *files)
{
	struct policy_directory *directory = files->directory;
	struct policy_file_names names = {0};
	struct policy_file *file;
	int r;

	if (directory->fd < 0 && directory->error.code != -ENOENT)
		return; /* not gone, but not to be read: what is in force stays */
	r = directory->fd < 0 ? 0 : policy_file_names_read(directory->fd, &names);
	if (r < 0) {
		log_error("%s: %s", directory->path, strerror(-r));
		policy_file_names_done(&names);
		return;
	}
	if (names.omitted)
		log_error("%s: %zu files are not read: there can be %d at most", directory->path,
			names.omitted, POLICY_FILES_MAX);
	for (file = files->files; file; file = file->next)
		file->seen = false;
	for (size_t i = 0; i < names.count; i++) {
		file = get(files, names.items[i]);
		if (file)
			file->seen = true;
	}
	policy_file_names_done(&names);
	for (file = files->files; file; file = file->next)
		if (!file->seen)
			policies_orphan_file(files->policies, file->path);
	for (file = files->files; file; file = file->next)
		if (file->seen && !__atomic_load_n(files->stop, __ATOMIC_RELAXED) &&
			!policy_directory_is_written(directory, file->name) &&
			has_changed(file, directory->fd))
			read_file(files, file);
	policies_remove_orphans(files->policies);
	forget_gone(files);
	policy_files_retry(files);
}

void policy_files_errors_json(const struct policy_files *files, struct buf *json)
{
	for (const struct policy_file *file = files->files; file; file = file->next) {
		if (!file->error.code)
			continue;
		json_open_object(json);
		json_key_string(json, "file", file->path);
		json_key_string(json, "error", file->error.message);
		json_close_object(json);
	}
}

static void put_refused(const struct policy_file *file, const struct policy_metadata *metadata,
	char separator, struct buf *json)
{
	json_open_object(json);
	if (metadata) {
		json_key_string(json, "name", metadata->name.data);
		if (metadata->namespace.length)
			json_key_string(json, "namespace", metadata->namespace.data);
	}
	json_key_string(json, "state", "error");
	json_key_string(json, "source", file->path);
	json_key_string(json, "error", file->error.message);
	json_close_object(json);
	buf_append_char(json, separator);
}

void policy_files_json(const struct policy_files *files, char separator, struct buf *json)
{
	for (const struct policy_file *file = files->files; file; file = file->next) {
		const struct policy_document *document = file->document;
		bool named = document && !document->set->report.errors && document->set->count;

		if (!file->error.code)
			continue;
		for (size_t i = 0; named && i < document->set->count; i++) {
			const struct policy_metadata *metadata =
				&document->set->policies[i].metadata;
			struct policy_entry *entry;

			if (policies_find(files->policies,
				    metadata->namespace.length ? metadata->namespace.data : "",
				    metadata->name.data, &entry, NULL) < 0 ||
				strcmp(entry->source, file->path) != 0)
				put_refused(file, metadata, separator, json);
		}
		if (!named && !policies_has_file(files->policies, file->path))
			put_refused(file, NULL, separator, json);
	}
}
