/* SPDX-License-Identifier: Apache-2.0 */
/* What every verb of `tallyman` has in common. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define CLI_OK	   0
#define CLI_FAILED 1
#define CLI_USAGE  2

#define DEFAULT_RUNTIME_DIR "/run/tallyman"

struct cli {
	const char *verb; /* "" before it is known */
	const char *runtime_dir;
	const char *output; /* -o before a command of its verb; NULL */
};

enum output_format {
	OUTPUT_TEXT,
	OUTPUT_JSON,
	OUTPUT_TETRAGON
};

/* "tallyman VERB: …" and a hint where help is; CLI_USAGE. */
int cli_usage_error(const struct cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* "tallyman: …"; CLI_FAILED. */
int cli_failed(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* argv[0] is the verb. */
int verb_events(struct cli *cli, int argc, char **argv);
int verb_containers(struct cli *cli, int argc, char **argv);
int verb_tree(struct cli *cli, int argc, char **argv);
int verb_policy(struct cli *cli, int argc, char **argv);
int verb_status(struct cli *cli, int argc, char **argv);
int verb_version(struct cli *cli, int argc, char **argv);
