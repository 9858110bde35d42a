/* SPDX-License-Identifier: Apache-2.0 */
/* tallyman: what people type. One file per verb. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/options.h"
#include "lib/util.h"

static const struct verb {
	const char *name, *summary;
	int (*run)(struct cli *cli, int argc, char **argv);
} verbs[] = {
	{"events", "show events, live or from log files; verify that a log is complete",
		verb_events},
	{"containers", "list the containers that the daemon knows", verb_containers},
	{"tree", "show the processes of each container as a tree", verb_tree},
	{"policy", "check, add, list and delete policies", verb_policy},
	{"status", "show what is attached, losses, and the state of each sink", verb_status},
	{"version", "show the version of this program and of the daemon", verb_version},
};

static void print_help(void)
{
	printf("Usage: tallyman [--runtime-dir DIR] VERB [OPTION…]\n\n"
	       "What containers on this host do, and who started them.\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		printf("  %-11s %s\n", verbs[i].name, verbs[i].summary);
	printf("\n"
	       "  --runtime-dir DIR  where the daemon's sockets are (default " DEFAULT_RUNTIME_DIR
	       ")\n"
	       "  -h, --help         this text; `tallyman VERB --help` for a verb's options\n"
	       "  --version          same as the verb\n\n"
	       "Exit codes: 0 done, 1 failed, 2 wrong usage. See tallyman(1).\n");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		COMMON_OPTIONS, {"version", no_argument, NULL, OPTION_FIRST}, {0}};
	struct cli cli = {.verb = "", .runtime_dir = DEFAULT_RUNTIME_DIR};
	int option;

	/* A reader that goes away is noticed when writing, and is no failure. */
	signal(SIGPIPE, SIG_IGN);
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:h", options, NULL)) != -1) {
		switch (option) {
		case 'h':
			print_help();
			return CLI_OK;
		case OPTION_RUNTIME_DIR:
			cli.runtime_dir = optarg;
			break;
		case OPTION_FIRST:
			optind = 0; /* begin anew: the place is one in this argv */
			return verb_version(&cli, 1, (char *[]){(char *)"version", NULL});
		default:
			return options_error(&cli, argv, option);
		}
	}
	if (optind == argc)
		return cli_usage_error(&cli, "a verb is needed");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		int first = optind;

		if (strcmp(verbs[i].name, argv[first]))
			continue;
		cli.verb = verbs[i].name;
		optind = 0; /* begin anew */
		return verbs[i].run(&cli, argc - first, argv + first);
	}
	return cli_usage_error(&cli, "there is no verb `%s`", argv[optind]);
}
