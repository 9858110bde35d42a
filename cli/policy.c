/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policy.h"

#include <stdio.h>
#include <string.h>

#include "cli/options.h"
#include "lib/util.h"

static const char help[] =
	"Usage: tallyman policy [OPTION…] COMMAND\n\n"
	"  check FILE…          read files, and say what they hold or what is wrong\n"
	"  add FILE…            put the policies of files in force, and keep them\n"
	"  delete NAME…         take policies that were added out of force for good\n"
	"  enable NAME…         put policies in force again\n"
	"  disable NAME…        take policies out of force until they are enabled\n"
	"  set-mode NAME MODE   enforce, or monitor: count actions instead of taking them\n"
	"  list                 the policies: state, hits, matches, errors, memory\n\n"
	"      --runtime-dir DIR\n"
	"  -h, --help           this text; `tallyman policy COMMAND --help` for its options\n\n"
	"Files in the policy directory (/etc/tallyman/policies.d) are in force without a command.\n"
	"See tallyman-policy(5).\n";

static const struct command {
	const char *name;
	int (*run)(struct cli *cli, int argc, char **argv);
} commands[] = {
	{"check", policy_check},
	{"add", policy_add},
	{"delete", policy_delete},
	{"enable", policy_enable},
	{"disable", policy_disable},
	{"set-mode", policy_set_mode},
	{"list", policy_list},
};

int verb_policy(struct cli *cli, int argc, char **argv)
{
	static const struct option long_options[] = {COMMON_OPTIONS, OUTPUT_OPTION, {0}};
	/* What stands before the command is looked at here, and by the command once more. */
	const struct verb_options options = {help, "+:ho:", long_options, .takes_arguments = true};
	int option, first, code;

	while ((option = options_next(cli, argc, argv, &options, &code)) > 0)
		cli->output = optarg;
	if (option == OPTIONS_STOP)
		return code;
	if (optind == argc)
		return cli_usage_error(cli,
			"what to do is needed: check, add, delete, enable, disable, set-mode, "
			"list");
	first = optind;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].name, argv[first]) != 0)
			continue;
		optind = 0; /* begin anew */
		return commands[i].run(cli, argc - first, argv + first);
	}
	return cli_usage_error(cli, "there is no `policy %s`", argv[first]);
}
