/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h> /* autoconf's; in quotes it would be daemon/config.h */

#include "daemon/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum {
	OPTION_RUNTIME_DIR = 256,
	OPTION_LOG_DIR,
	OPTION_POLICY_DIR,
	OPTION_STATE_DIR,
	OPTION_NO_AUDIT,
	OPTION_CHECK_CONFIG
};

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"runtime-dir", required_argument, NULL, OPTION_RUNTIME_DIR},
	{"log-dir", required_argument, NULL, OPTION_LOG_DIR},
	{"policy-dir", required_argument, NULL, OPTION_POLICY_DIR},
	{"state-dir", required_argument, NULL, OPTION_STATE_DIR},
	{"no-audit", no_argument, NULL, OPTION_NO_AUDIT},
	{"foreground", no_argument, NULL, 'f'},
	{"check-config", no_argument, NULL, OPTION_CHECK_CONFIG},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{},
};

static void print_help(void)
{
	puts("Usage: tallymand [OPTION…]\n"
	     "Record what containers do: events as JSON and as audit records.\n"
	     "\n"
	     "  -c, --config FILE      read FILE instead of " SYSCONFDIR "/tallyman/tallyman.conf\n"
	     "      --runtime-dir DIR  sockets, spool and kept state (/run/tallyman)\n"
	     "      --log-dir DIR      events.json and audit.log (/var/log/tallyman)\n"
	     "      --policy-dir DIR   policies (" SYSCONFDIR "/tallyman/policies.d)\n"
	     "      --state-dir DIR    policies added by command (/var/lib/tallyman)\n"
	     "      --no-audit         send nothing to the kernel's audit\n"
	     "  -f, --foreground       stay in the foreground (it always does; for service files)\n"
	     "      --check-config     read the configuration, print it in full, and stop\n"
	     "  -h, --help             show this help\n"
	     "  -V, --version          show the version\n"
	     "\n"
	     "See tallymand(8) and tallyman.conf(5).");
}

struct flag {
	const char *section, *key, *value;
};

static int finish(const char *path, const struct flag *flags, size_t count, bool check,
	struct config **ret_config)
{
	struct config *config = NULL;
	struct error error = {};
	int r;

	r = config_load(path, &config, &error);
	for (size_t i = 0; r >= 0 && i < count; i++)
		r = config_set(config, flags[i].section, flags[i].key, flags[i].value, &error);
	if (r >= 0)
		r = config_finish(config, &error);
	if (r < 0) {
		fprintf(stderr, "tallymand: %s\n", error.message);
		config_free(config);
		return r;
	}
	if (check) {
		config_print(config, stdout);
		config_free(config);
		return 1;
	}
	*ret_config = config;
	return 0;
}

int options_parse(int argc, char **argv, struct config **ret_config)
{
	struct flag flags[16];
	const char *path = NULL;
	size_t count = 0;
	bool check = false;
	int option;

	while ((option = getopt_long(argc, argv, "c:fhV", long_options, NULL)) >= 0) {
		if (count == 15) {
			fprintf(stderr, "tallymand: too many options\n");
			return -EINVAL;
		}
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case OPTION_RUNTIME_DIR:
			flags[count++] = (struct flag){"daemon", "runtime_dir", optarg};
			break;
		case OPTION_LOG_DIR:
			flags[count++] = (struct flag){"daemon", "log_dir", optarg};
			break;
		case OPTION_POLICY_DIR:
			flags[count++] = (struct flag){"daemon", "policy_dir", optarg};
			break;
		case OPTION_STATE_DIR:
			flags[count++] = (struct flag){"daemon", "state_dir", optarg};
			break;
		case OPTION_NO_AUDIT:
			flags[count++] = (struct flag){"audit", "enabled", "no"};
			break;
		case OPTION_CHECK_CONFIG:
			check = true;
			break;
		case 'f':
			break;
		case 'h':
			print_help();
			return 1;
		case 'V':
			puts("tallymand " PACKAGE_VERSION);
			return 1;
		default:
			fprintf(stderr, "Try 'tallymand --help'.\n");
			return -EINVAL;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "tallymand: unexpected argument '%s'\nTry 'tallymand --help'.\n",
			argv[optind]);
		return -EINVAL;
	}
	return finish(path, flags, count, check, ret_config);
}
