/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/options.h"
#include "cli/output.h"

static const char help[] =
	"Usage: tallyman events [OPTION…] [FILE…]\n\n"
	"Events as they happen, or from log files. Rotated files are read oldest first; `-` is\n"
	"standard input.\n\n"
	"  -o, --output FORMAT      compact (default): a line to read for each event\n"
	"                           json: as in the log\n"
	"                           tetragon: as json, and only the kinds that Tetragon has\n"
	"      --container NAME|ID  only of this container (repeatable: of any of them)\n"
	"      --containers         only of containers, of whichever\n"
	"      --label KEY[=VALUE]  only of containers with this label (repeatable: with all of "
	"them)\n"
	"      --host               only of processes outside of containers; with the two above: "
	"too\n"
	"      --event KIND         only of this kind (repeatable), e.g. process_exec or exec\n"
	"  -n, --lines N            of files: the last N; live: end after N\n"
	"  -f, --follow             of files: go on as they grow\n"
	"      --verify             of files: say whether anything is missing, and what\n"
	"      --timestamps         compact: begin each line with its time\n"
	"      --color WHEN         auto, always or never\n"
	"      --runtime-dir DIR\n\n"
	"A loss that concerns no single container passes --container, --containers, --label, "
	"--host.\n";

#define OPTION_CONTAINER  (OPTION_FIRST + 0)
#define OPTION_LABEL	  (OPTION_FIRST + 1)
#define OPTION_HOST	  (OPTION_FIRST + 2)
#define OPTION_EVENT	  (OPTION_FIRST + 3)
#define OPTION_VERIFY	  (OPTION_FIRST + 4)
#define OPTION_TIMESTAMPS (OPTION_FIRST + 5)
#define OPTION_CONTAINERS (OPTION_FIRST + 6)
#define LINES_MAX	  1000000

static int add_value(struct cli *cli, const char **values, size_t *count, const char *value)
{
	if (*count == EVENT_FILTER_VALUES_MAX)
		return cli_usage_error(cli, "more than %d of one option", EVENT_FILTER_VALUES_MAX);
	values[(*count)++] = value;
	return 0;
}

static int add_kind(struct events *events, const char *name)
{
	const char *kind = event_filter_kind(name);
	_cleanup_buf_ struct buf names = {0};

	if (kind)
		return add_value(
			events->cli, events->filter.kinds, &events->filter.kind_count, kind);
	event_filter_kinds(&names);
	return cli_usage_error(
		events->cli, "there is no kind `%s`, but: %s", name, buf_string(&names));
}

static int set_output(struct events *events, const char *text)
{
	events->filter.tetragon = !strcmp(text, "tetragon");
	events->json = events->filter.tetragon || !strcmp(text, "json");
	if (events->json || !strcmp(text, "compact"))
		return 0;
	return cli_usage_error(events->cli, "output `%s`: compact, json or tetragon", text);
}

static int set_lines(struct events *events, const char *text)
{
	char *end;
	unsigned long lines;

	errno = 0;
	lines = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || !lines || lines > LINES_MAX)
		return cli_usage_error(events->cli, "lines `%s`: 1 to %d", text, LINES_MAX);
	events->lines = lines;
	return 0;
}

static int take_option(struct events *events, int option)
{
	struct event_filter *filter = &events->filter;

	switch (option) {
	case 'o':
		return set_output(events, optarg);
	case OPTION_CONTAINER:
		return add_value(events->cli, filter->containers, &filter->container_count, optarg);
	case OPTION_CONTAINERS:
		filter->containers_only = true;
		return 0;
	case OPTION_LABEL:
		return add_value(events->cli, filter->labels, &filter->label_count, optarg);
	case OPTION_HOST:
		filter->host = true;
		return 0;
	case OPTION_EVENT:
		return add_kind(events, optarg);
	case 'n':
		return set_lines(events, optarg);
	case 'f':
		events->follow = true;
		return 0;
	case OPTION_VERIFY:
		events->verify = true;
		return 0;
	case OPTION_TIMESTAMPS:
		events->compact.timestamps = true;
		return 0;
	default:
		return 0;
	}
}

static int run(struct events *events, char **names, size_t count)
{
	if (events->verify && (!count || events->follow || events->lines))
		return cli_usage_error(
			events->cli, "--verify needs files, and takes no --follow or --lines");
	if (events->follow && !count)
		return cli_usage_error(
			events->cli, "--follow needs files; without files events are live anyway");
	if (events->verify)
		return events_verify_files(events, names, count);
	if (!count)
		return events_read_live(events);
	if (events->lines) {
		events->kept = calloc(events->lines, sizeof(*events->kept));
		if (!events->kept)
			return cli_failed("out of memory");
	}
	return events_read_files(events, names, count);
}

int verb_events(struct cli *cli, int argc, char **argv)
{
	static const struct option long_options[] = {COMMON_OPTIONS, OUTPUT_OPTION, COLOR_OPTION,
		{"container", required_argument, NULL, OPTION_CONTAINER},
		{"containers", no_argument, NULL, OPTION_CONTAINERS},
		{"label", required_argument, NULL, OPTION_LABEL},
		{"host", no_argument, NULL, OPTION_HOST},
		{"event", required_argument, NULL, OPTION_EVENT},
		{"lines", required_argument, NULL, 'n'}, {"follow", no_argument, NULL, 'f'},
		{"verify", no_argument, NULL, OPTION_VERIFY},
		{"timestamps", no_argument, NULL, OPTION_TIMESTAMPS}, {0}};
	struct events events = {.cli = cli};
	enum colour_mode colour = COLOUR_AUTO;
	const struct verb_options options = {
		help, ":ho:n:f", long_options, .takes_arguments = true, .colour = &colour};
	int option, code;

	while ((option = options_next(cli, argc, argv, &options, &code)) > 0) {
		code = take_option(&events, option);
		if (code)
			return code;
	}
	if (option == OPTIONS_STOP)
		return code;
	events.compact.colour = colour_wanted(colour);
	events.terminal = isatty(STDOUT_FILENO);
	code = run(&events, argv + optind, (size_t)(argc - optind));
	buf_done(&events.out);
	return code;
}
