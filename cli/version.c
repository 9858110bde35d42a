/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/connection.h"
#include "cli/options.h"
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
	static const struct option long_options[] = {COMMON_OPTIONS, OUTPUT_OPTION, {0}};
	_cleanup_buf_ struct buf daemon = {0}, out = {0};
	enum output_format format = OUTPUT_TEXT;
	const struct verb_options options = {help, ":ho:", long_options, .format = &format};
	struct error error = {0};
	int code;

	if (options_next(cli, argc, argv, &options, &code) == OPTIONS_STOP)
		return code;
	/* A daemon that does not run is no failure of this verb. */
	connection_query(cli, "io.tallyman.GetVersion", NULL, false, copy_version, &daemon, &error);
	if (format == OUTPUT_JSON)
		print_json(&out, &daemon);
	else
		print_text(&out, &daemon, &error);
	output_flush(&out);
	return CLI_OK;
}
