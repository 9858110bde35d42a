/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/connection.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/process_tree.h"
#include "cli/value.h"
#include "lib/json_writer.h"

static const char help[] =
	"Usage: tallyman tree [OPTION…] [CONTAINER]\n\n"
	"The processes of each container, or of one given by its name or id, as a tree.\n\n"
	"  -a, --all            those that have ended lately too\n"
	"      --host           the host's processes too\n"
	"  -o, --output FORMAT  text (default) or json: an array of processes\n"
	"      --color WHEN     auto, always or never\n"
	"      --runtime-dir DIR\n";

#define OPTION_HOST (OPTION_FIRST + 0)

struct listing {
	struct process_tree *tree;
	struct buf json;
	enum output_format format;
	bool host;
};

static int take_reply(void *data, const struct json_value *parameters)
{
	const struct json_value *processes = json_get(parameters, "processes");
	struct listing *listing = data;
	int rc = 0;

	for (size_t i = 0; !rc && i < json_count(processes); i++) {
		const struct json_value *process = json_at(processes, i);

		if (listing->format != OUTPUT_JSON)
			rc = process_tree_add(listing->tree, process);
		else if (listing->host || json_get(process, "container"))
			value_json(process, &listing->json);
		if (listing->json.length > (1 << 20)) /* as it comes: it may be long */
			output_flush(&listing->json);
	}
	return rc;
}

static int show(struct cli *cli, struct listing *listing, const char *container, bool all,
	enum colour_mode colour)
{
	_cleanup_buf_ struct buf parameters = {0}, out = {0};
	struct error error = {0};

	json_open_object(&parameters);
	if (container)
		json_key_string(&parameters, "container", container);
	json_key_bool(&parameters, "all", all);
	json_close_object(&parameters);
	buf_append_char(&listing->json, '[');
	if (connection_query(cli, "io.tallyman.ListProcesses", buf_string(&parameters), true,
		    take_reply, listing, &error))
		return cli_failed("%s", error.code ? error.message : "out of memory");
	if (listing->format == OUTPUT_JSON) {
		buf_append_literal(&listing->json, "]\n");
		output_flush(&listing->json);
		return CLI_OK;
	}
	if (process_tree_print(listing->tree, listing->host, colour_wanted(colour), &out))
		return cli_failed("out of memory");
	output_flush(&out);
	return CLI_OK;
}

int verb_tree(struct cli *cli, int argc, char **argv)
{
	static const struct option long_options[] = {COMMON_OPTIONS, OUTPUT_OPTION, COLOR_OPTION,
		{"all", no_argument, NULL, 'a'}, {"host", no_argument, NULL, OPTION_HOST}, {0}};
	enum colour_mode colour = COLOUR_AUTO;
	struct listing listing = {0};
	const struct verb_options options = {help, ":hao:", long_options, .takes_arguments = true,
		.format = &listing.format, .colour = &colour};
	bool all = false;
	int option, code;

	while ((option = options_next(cli, argc, argv, &options, &code)) > 0) {
		if (option == 'a')
			all = true;
		else
			listing.host = true;
	}
	if (option == OPTIONS_STOP)
		return code;
	if (argc - optind > 1)
		return cli_usage_error(cli, "one container at most");
	if (optind < argc && listing.host)
		return cli_usage_error(cli, "--host and a container exclude each other");
	listing.tree = process_tree_new();
	if (!listing.tree)
		return cli_failed("out of memory");
	code = show(cli, &listing, argv[optind], all, colour);
	process_tree_free(listing.tree);
	buf_done(&listing.json);
	return code;
}
