/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/connection.h"
#include "cli/output.h"
#include "cli/text.h"
#include "config.h"
#include "lib/json_writer.h"

static const char help[] = "Usage: tallyman version [OPTION…]\n\n"
			   "The version of this program, and of the daemon if it runs.\n\n"
			   "  -o, --output FORMAT  text (default) or json\n"
			   "      --runtime-dir DIR\n";

static int copy_version(void *data, const struct json_value *parameters)
{
	const char *version = json_text(json_get(parameters, "version"));

	if (version)
		buf_append_string(data, version);
	return 0;
}

static void print_text(struct buf *out, const struct buf *daemon, const struct error *error)
{
	buf_append_literal(out, "client: " PACKAGE_VERSION "\ndaemon: ");
	if (daemon->length)
		text_untrusted(out, daemon->data, daemon->length);
	else
		buf_printf(out, "not known (%s)", error->message);
	buf_append_char(out, '\n');
}

static void print_json(struct buf *out, const struct buf *daemon)
{
	json_open_object(out);
	json_key_string(out, "client", PACKAGE_VERSION);
	json_key(out, "daemon");
	if (daemon->length)
		json_string_n(out, daemon->data, daemon->length);
	else
		buf_append_literal(out, "null");
	json_close_object(out);
	buf_append_char(out, '\n');
}

int verb_version(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
		COMMON_OPTIONS, {"output", required_argument, NULL, 'o'}, {0}};
	_cleanup_buf_ struct buf daemon = {0}, out = {0};
	enum output_format format = OUTPUT_TEXT;
	struct error error = {0};
	int option;

	while ((option = getopt_long(argc, argv, ":ho:", options, NULL)) != -1) {
		switch (option) {
		case OPTION_HELP:
			fputs(help, stdout);
			return CLI_OK;
		case OPTION_RUNTIME_DIR:
			cli->runtime_dir = optarg;
			break;
		case 'o':
			if (!cli_parse_output(cli, optarg, &format))
				return CLI_USAGE;
			break;
		default:
			return cli_option_error(cli, argv, option);
		}
	}
	if (optind < argc)
		return cli_usage_error(cli, "takes no `%s`", argv[optind]);
	/* A daemon that does not run is no failure of this verb. */
	connection_query(cli, "io.tallyman.GetVersion", NULL, false, copy_version, &daemon, &error);
	if (format == OUTPUT_JSON)
		print_json(&out, &daemon);
	else
		print_text(&out, &daemon, &error);
	output_flush(&out);
	return CLI_OK;
}
