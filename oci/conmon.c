/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/conmon.h"

#include <string.h>

#include "lib/util.h"

/* Options whose value is the next argument. All of them must be known, since values come from
 * users (`--log-tag`, `--runtime-arg`) and may themselves look like an option. */
static const char *const value_options[] = {"-b", "-c", "-l", "-n", "-p", "-P", "-r", "-T", "-u",
	"-0", "--api-version", "--bundle", "--cid", "--conmon-pidfile", "--container-pidfile",
	"--cuuid", "--exec-process-spec", "--exit-command", "--exit-command-arg", "--exit-delay",
	"--exit-dir", "--log-allowlist-dir", "--log-global-size-max", "--log-label", "--log-level",
	"--log-path", "--log-size-max", "--log-tag", "--name", "--persist-dir", "--restore",
	"--restore-arg", "--runtime", "--runtime-arg", "--runtime-opt", "--sdnotify-socket",
	"--seccomp-notify-plugins", "--seccomp-notify-socket", "--socket-dir-path", "--timeout"};

/* The value of the option at arguments[*index], which moves on to it; NULL for a flag. */
static const char *option_value(const char *const *arguments, size_t count, size_t *index)
{
	const char *equals;

	if (strncmp(arguments[*index], "--", 2) == 0) {
		equals = strchr(arguments[*index], '=');
		if (equals)
			return equals + 1;
	}
	for (size_t i = 0; i < ARRAY_SIZE(value_options); i++)
		if (strcmp(arguments[*index], value_options[i]) == 0)
			return ++*index < count ? arguments[*index] : NULL;
	return NULL;
}

static bool option_is(const char *argument, const char *short_name, const char *long_name)
{
	size_t length = strlen(long_name);

	if (short_name && strcmp(argument, short_name) == 0)
		return true;
	return strncmp(argument, long_name, length) == 0 &&
	       (argument[length] == '\0' || argument[length] == '=');
}

/* podman's own command line comes one argument at a time. */
static void parse_exit_argument(
	struct conmon_arguments *conmon, const char ***pending, const char *value)
{
	if (*pending) {
		**pending = value;
		*pending = NULL;
	} else if (strcmp(value, "--root") == 0) {
		*pending = &conmon->podman_root;
	} else if (strcmp(value, "--runroot") == 0) {
		*pending = &conmon->podman_run_root;
	} else if (strcmp(value, "--tmpdir") == 0) {
		*pending = &conmon->podman_tmp_directory;
	}
}

void conmon_arguments_parse(
	const char *const *arguments, size_t count, struct conmon_arguments *ret_arguments)
{
	struct conmon_arguments conmon = {0};
	const char **pending = NULL;

	count = MIN(count, (size_t)CONMON_ARGUMENTS_MAX);
	for (size_t i = 1; i < count; i++) {
		const char *argument = arguments[i], *value;

		value = option_value(arguments, count, &i);
		if (!value)
			continue;
		if (option_is(argument, "-c", "--cid"))
			conmon.id = value;
		else if (option_is(argument, "-n", "--name"))
			conmon.name = value;
		else if (option_is(argument, "-b", "--bundle"))
			conmon.bundle = value;
		else if (option_is(argument, "-p", "--container-pidfile"))
			conmon.pid_file = value;
		else if (option_is(argument, NULL, "--exit-dir"))
			conmon.exit_directory = value;
		else if (option_is(argument, NULL, "--exit-command"))
			conmon.exit_command = value;
		else if (option_is(argument, NULL, "--exit-command-arg"))
			parse_exit_argument(&conmon, &pending, value);
	}
	*ret_arguments = conmon;
}

bool conmon_is_podman(const struct conmon_arguments *arguments)
{
	const char *slash;

	if (!arguments->exit_command)
		return false;
	slash = strrchr(arguments->exit_command, '/');
	return strcmp(slash ? slash + 1 : arguments->exit_command, "podman") == 0;
}
