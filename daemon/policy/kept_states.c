/* SPDX-License-Identifier: Apache-2.0 */
/* Which policies are disabled or have been given a mode: a line "NAMESPACE NAME STATE MODE" each,
 * with - for no namespace and for the mode that the policy has by itself. */
#include "daemon/policy/kept_policies.h"

#include <errno.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/policy/policy_file.h"
#include "lib/cleanup.h"

#define STATES_FILE "states"
#define STATES_NEW  "states.new"
#define STATES_MAX  4096
#define FIELDS	    4

static void state_free(struct policy_state *state)
{
	free(state->name);
	free(state->namespace);
	free(state);
}

void kept_states_done(struct kept_policies *kept)
{
	struct policy_state *state, *next;

	for (state = kept->states; state; state = next) {
		next = state->next;
		state_free(state);
	}
	kept->states = NULL;
}

static struct policy_state **find(
	struct kept_policies *kept, const char *namespace, const char *name)
{
	struct policy_state **link = &kept->states;

	while (*link &&
		(strcmp((*link)->name, name) != 0 || strcmp((*link)->namespace, namespace) != 0))
		link = &(*link)->next;
	return link;
}

const struct policy_state *kept_policies_state(
	const struct kept_policies *kept, const char *namespace, const char *name)
{
	return *find((struct kept_policies *)kept, namespace, name);
}

static int write_states(struct kept_policies *kept, struct error *error)
{
	_cleanup_buf_ struct buf text = {0};
	int r;

	buf_append_literal(&text, "# tallyman: policies that are disabled or in another mode\n");
	for (const struct policy_state *state = kept->states; state; state = state->next)
		buf_printf(&text, "%s %s %s %s\n", *state->namespace ? state->namespace : "-",
			state->name, state->enabled ? "enabled" : "disabled",
			state->mode_is_set ? policy_mode_name(state->mode) : "-");
	r = kept_file_write(kept, STATES_NEW, &text, error);
	return r < 0 ? r : kept_file_rename(kept, STATES_NEW, STATES_FILE, error);
}

static int add_state(struct kept_policies *kept, const char *namespace, const char *name,
	struct policy_state **ret_state)
{
	struct policy_state *state = calloc(1, sizeof(*state));

	if (!state)
		return -ENOMEM;
	state->name = strdup(name);
	state->namespace = strdup(namespace);
	if (!state->name || !state->namespace) {
		state_free(state);
		return -ENOMEM;
	}
	state->next = kept->states;
	kept->states = state;
	*ret_state = state;
	return 0;
}

int kept_policies_set_state(
	struct kept_policies *kept, const struct policy_entry *entry, struct error *error)
{
	struct policy_state *state = *find(kept, entry->namespace, entry->name);

	if (entry->enabled && !entry->mode_is_set)
		return kept_policies_forget_state(kept, entry->namespace, entry->name, error);
	if (!state && add_state(kept, entry->namespace, entry->name, &state) < 0)
		return error_set(error, -ENOMEM, "no memory");
	state->enabled = entry->enabled;
	state->mode_is_set = entry->mode_is_set;
	state->mode = entry->mode;
	return write_states(kept, error);
}

int kept_policies_forget_state(
	struct kept_policies *kept, const char *namespace, const char *name, struct error *error)
{
	struct policy_state **link = find(kept, namespace, name), *state = *link;

	if (!state)
		return 0;
	*link = state->next;
	state_free(state);
	return write_states(kept, error);
}

static int read_line(struct kept_policies *kept, char *line)
{
	char *fields[FIELDS] = {0}, *rest = line;
	struct policy_state *state;
	enum policy_mode mode = POLICY_MODE_ENFORCE;
	bool mode_is_set;
	int r;

	for (size_t i = 0; i < FIELDS; i++)
		fields[i] = strsep(&rest, " ");
	if (!fields[FIELDS - 1] || rest || !*fields[1])
		return -EINVAL;
	mode_is_set = strcmp(fields[3], "-") != 0;
	if (mode_is_set && policy_mode_parse(fields[3], &mode) < 0)
		return -EINVAL;
	if (strcmp(fields[2], "enabled") != 0 && strcmp(fields[2], "disabled") != 0)
		return -EINVAL;
	r = add_state(kept, strcmp(fields[0], "-") ? fields[0] : "", fields[1], &state);
	if (r < 0)
		return r;
	state->enabled = fields[2][0] == 'e';
	state->mode_is_set = mode_is_set;
	state->mode = mode;
	return 0;
}

int kept_states_read(struct kept_policies *kept, struct error *error)
{
	_cleanup_buf_ struct buf text = {0};
	char *line, *rest;
	size_t count = 0;
	int r;

	r = policy_file_read(kept->directory_fd, STATES_FILE, &text, error);
	if (r == -ENOENT)
		return 0;
	rest = r < 0 ? NULL : buf_string(&text);
	if (!rest) /* what was disabled is enabled, which has to be said */
		return r < 0 ? error_wrap(error, "%s/%s", kept->path, STATES_FILE)
			     : error_set(error, -ENOMEM, "no memory");
	while ((line = strsep(&rest, "\n")) && count < STATES_MAX) {
		if (!*line || *line == '#')
			continue;
		count++;
		r = read_line(kept, line);
		if (r == -ENOMEM)
			return error_set(error, r, "no memory");
		if (r < 0)
			log_error("%s/%s: \"%.100s\" is not understood, and passed over",
				kept->path, STATES_FILE, line);
	}
	return 0;
}
