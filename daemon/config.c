/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/config_file.h"
#include "daemon/config_filters.h"
#include "daemon/config_keys.h"
#include "daemon/config_value.h"
#include "daemon/security/capabilities.h"
#include "lib/cleanup.h"
#include "lib/util.h"

#define DEFAULT_PATH	    SYSCONFDIR "/tallyman/tallyman.conf"
#define DEFAULT_POLICY_DIR  SYSCONFDIR "/tallyman/policies.d"
#define DEFAULT_RUNTIME_DIR "/run/tallyman"
#define DEFAULT_STATE_DIR   "/var/lib/tallyman"
#define DROP_IN_SUFFIX	    ".conf"

int config_new(struct config **ret_config, struct error *error)
{
	_cleanup_(config_free_p) struct config *config = calloc(1, sizeof(*config));
	int r;

	if (!config)
		return error_set(error, -ENOMEM, "no memory");
	for (size_t i = 0; i < config_key_count; i++) {
		r = config_value_set(config, &config_keys[i], config_keys[i].default_text, error);
		if (r < 0)
			return r;
	}
	*ret_config = TAKE_PTR(config);
	return 0;
}

struct config *config_free(struct config *config)
{
	if (!config)
		return NULL;
	for (size_t i = 0; i < config_key_count; i++)
		config_value_free(config, &config_keys[i]);
	free(config);
	return NULL;
}

static int is_drop_in(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name), suffix = strlen(DROP_IN_SUFFIX);

	return entry->d_name[0] != '.' && length > suffix &&
	       strcmp(entry->d_name + length - suffix, DROP_IN_SUFFIX) == 0;
}

/* By bytes: alphasort() would order by the locale. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_drop_in(
	struct config *config, const char *directory, const char *name, struct error *error)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
		return error_set(error, -ENAMETOOLONG, "%s: the path is too long", directory);
	return config_file_read(config, path, error);
}

static int read_drop_ins(struct config *config, const char *path, struct error *error)
{
	struct dirent **entries = NULL;
	char directory[PATH_MAX];
	int count, r = 0;

	if (snprintf(directory, sizeof(directory), "%s.d", path) >= (int)sizeof(directory))
		return error_set(error, -ENAMETOOLONG, "%s: the path is too long", path);
	count = scandir(directory, &entries, is_drop_in, compare_names);
	if (count < 0 && errno == ENOENT)
		return 0;
	if (count < 0) {
		r = -errno;
		return error_set(error, r, "%s: %s", directory, strerror(-r));
	}
	for (int i = 0; i < count; i++) {
		if (r == 0)
			r = read_drop_in(config, directory, entries[i]->d_name, error);
		free(entries[i]);
	}
	free(entries);
	return r;
}

int config_load(const char *path, struct config **ret_config, struct error *error)
{
	_cleanup_(config_free_p) struct config *config = NULL;
	int r;

	r = config_new(&config, error);
	if (r < 0)
		return r;
	r = config_file_read(config, path ?: DEFAULT_PATH, error);
	if (r < 0 && (path || r != -ENOENT))
		return r;
	r = read_drop_ins(config, path ?: DEFAULT_PATH, error);
	if (r < 0)
		return r;
	if (error)
		*error = (struct error){}; /* a default file that is not there is no error */
	*ret_config = TAKE_PTR(config);
	return 0;
}

int config_set(struct config *config, const char *section, const char *key, const char *value,
	struct error *error)
{
	const struct config_key *found = config_key_find(section, key);
	char names[320];

	if (!config_section_known(section))
		return error_set(error, -EINVAL, "%s.%s: unknown section, allowed: %s", section,
			key, config_section_names(names, sizeof(names)));
	if (!found)
		return error_set(error, -EINVAL, "%s.%s: unknown key, allowed: %s", section, key,
			config_key_names(section, names, sizeof(names)));
	if (found->type == CONFIG_JSON && config_filters_check(found, value, error) < 0)
		return error_wrap(error, "%s.%s", section, found->name);
	return config_value_set(config, found, value, error);
}

static int replace_text(char **field, const char *text, struct error *error)
{
	char *copy = strdup(text);

	if (!copy)
		return error_set(error, -ENOMEM, "no memory");
	free(*field);
	*field = copy;
	return 0;
}

/* A name alone is a file in log_dir. */
static int complete_file(const struct config *config, char **field, struct error *error)
{
	_cleanup_free_ char *path = NULL;

	if ((*field)[0] == '/')
		return 0;
	if (asprintf(&path, "%s/%s", config->log_dir, *field) < 0) {
		path = NULL;
		return error_set(error, -ENOMEM, "no memory");
	}
	free(*field);
	*field = TAKE_PTR(path);
	return 0;
}

static int complete_node_name(struct config *config, struct error *error)
{
	char name[HOST_NAME_MAX + 1] = "";

	if (config->node_name[0])
		return 0;
	if (gethostname(name, sizeof(name) - 1) < 0 || !name[0])
		return replace_text(&config->node_name, "localhost", error);
	return replace_text(&config->node_name, name, error);
}

int config_finish(struct config *config, struct error *error)
{
	uint64_t capabilities;
	int r;

	r = capabilities_parse(&config->extra_capabilities, &capabilities, error);
	if (r < 0)
		return error_wrap(error, "daemon.extra_capabilities");

	r = complete_node_name(config, error);
	if (r < 0)
		return r;
	if (!config->policy_dir[0]) {
		r = replace_text(&config->policy_dir, DEFAULT_POLICY_DIR, error);
		if (r < 0)
			return r;
	}
	/* A daemon beside the host's own has its state beside its sockets. */
	if (!config->state_dir[0]) {
		r = replace_text(&config->state_dir,
			strcmp(config->runtime_dir, DEFAULT_RUNTIME_DIR) ? config->runtime_dir
									 : DEFAULT_STATE_DIR,
			error);
		if (r < 0)
			return r;
	}
	r = complete_file(config, &config->json_file, error);
	if (r < 0)
		return r;
	r = complete_file(config, &config->audit_log_file, error);
	if (r < 0)
		return r;
	if (config->json_enabled && config->audit_log_enabled &&
		strcmp(config->json_file, config->audit_log_file) == 0)
		return error_set(error, -EINVAL, "audit_log.file: %s is json.file already",
			config->audit_log_file);
	return 0;
}

static void print_keys(const struct config *config, bool as_template, FILE *file)
{
	const char *section = "";

	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];
		_cleanup_buf_ struct buf value = {};

		if (strcmp(section, key->section) != 0)
			fprintf(file, "%s[%s]\n", i ? "\n" : "", key->section);
		section = key->section;
		config_value_format(config, key, &value);
		if (as_template)
			fprintf(file, "# %s\n#", key->help);
		fprintf(file, "%s =%s%s\n", key->name, value.length ? " " : "",
			buf_string(&value) ?: "");
	}
}

void config_print(const struct config *config, FILE *file)
{
	print_keys(config, false, file);
}

int config_print_template(FILE *file, struct error *error)
{
	_cleanup_(config_free_p) struct config *config = NULL;
	int r;

	r = config_new(&config, error);
	if (r < 0)
		return r;
	fputs("# Configuration of tallymand: tallyman.conf(5). Every key stands here with its "
	      "default.\n"
	      "# Later files win: tallyman.conf, tallyman.conf.d/*.conf in name order, flags.\n"
	      "# A filter may go on in indented lines. `tallymand --check-config` shows what is in "
	      "force.\n\n",
		file);
	print_keys(config, true, file);
	return 0;
}
