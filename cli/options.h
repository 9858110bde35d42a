/* SPDX-License-Identifier: Apache-2.0 */
/* The options that verbs have in common, and what every verb says of those it does not know. */
#pragma once

#include <getopt.h>
#include <stdbool.h>

#include "cli/cli.h"
#include "cli/output.h"

/* getopt_long() values beyond those that are letters. */
#define OPTION_RUNTIME_DIR 1000
#define OPTION_COLOR	   1001
#define OPTION_FIRST	   1100 /* a verb's own begin here */

/* Entries of a table for getopt_long(). */
/* clang-format off */
#define COMMON_OPTIONS                                                                             \
	{"help", no_argument, NULL, 'h'},                                                          \
	{"runtime-dir", required_argument, NULL, OPTION_RUNTIME_DIR}
#define OUTPUT_OPTION {"output", required_argument, NULL, 'o'}
#define COLOR_OPTION  {"color", required_argument, NULL, OPTION_COLOR}
/* clang-format on */

/* What options_next() returns when it is none of the verb's own options. */
#define OPTIONS_END  (-1)
#define OPTIONS_STOP (-2)

struct verb_options {
	const char *help;
	const char *short_options; /* with ":" before them, so that a missing value is known */
	const struct option *long_options;
	bool takes_arguments;	    /* that are no options; they begin at argv[optind] */
	enum output_format *format; /* -o text|json; NULL: -o is the verb's own, or none */
	enum colour_mode *colour;   /* NULL: no --color */
};

/* What is in common is done: --help, --runtime-dir, -o, --color, a usage error. The next option of
 * the verb's own is returned, with its value in optarg; OPTIONS_END after the last; OPTIONS_STOP
 * when the verb is to end with *ret_code. */
int options_next(
	struct cli *cli, int argc, char **argv, const struct verb_options *options, int *ret_code);
/* What getopt_long() did not know, in words; CLI_USAGE. */
int options_error(const struct cli *cli, char **argv, int result);
