/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/compact.h"
#include "cli/connection.h"
#include "cli/event_filter.h"
#include "cli/log_files.h"
#include "cli/output.h"
#include "cli/text.h"
#include "cli/verify.h"
#include "lib/util.h"

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
#define OUTPUT_SIZE	  ((size_t)64 << 10)

/* What the server writes around an event. Another server may write it in another way. */
static const char reply_begin[] = "{\"parameters\":{\"event\":";
static const char reply_end[] = "},\"continues\":true}";

struct kept_line { /* of --lines N, in a ring */
	char *text;
	size_t length;
};

struct events {
	struct cli *cli;
	struct event_filter filter;
	struct compact_options compact;
	bool json, follow, verify, terminal;
	size_t lines; /* 0: all */
	struct buf out;
	struct kept_line *kept;
	uint64_t shown, damaged;
};

/* ---- one event ---- */

static void print_event(
	struct events *events, const char *text, size_t length, const struct json_value *event)
{
	if (!events->json) {
		compact_format(&events->compact, event, &events->out);
	} else {
		if (events->terminal)
			text_json(&events->out, text, length);
		else
			buf_append(&events->out, text, length);
		buf_append_char(&events->out, '\n');
	}
	if (events->out.length >= OUTPUT_SIZE)
		output_flush(&events->out);
}

static int keep_line(struct events *events, const char *text, size_t length)
{
	struct kept_line *line = events->kept + events->shown % events->lines;
	char *copy = malloc(length + 1);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, length);
	free(line->text);
	*line = (struct kept_line){.text = copy, .length = length};
	return 0;
}

/* Show it if it is wanted. -EINVAL: it is no event. */
static int take_event(struct events *events, const char *text, size_t length, struct error *error)
{
	_cleanup_json_ struct json_document *document = NULL;
	const struct json_value *event = NULL;
	int rc = 0;

	/* Unfiltered JSON for another program goes through as it is: the other will parse it. */
	if (!events->json || events->terminal || event_filter_any(&events->filter)) {
		rc = json_parse(text, length, NULL, &document, error);
		if (rc)
			return rc;
		event = json_root(document);
		if (!event_kind_of(event, NULL))
			return error_set(error, -EINVAL, "not an event");
		if (!event_filter_matches(&events->filter, event))
			return 0;
	}
	if (events->kept)
		rc = keep_line(events, text, length);
	else
		print_event(events, text, length, event);
	events->shown++;
	return rc;
}

/* ---- files ---- */

static void print_kept(struct events *events)
{
	uint64_t first = events->shown > events->lines ? events->shown - events->lines : 0;

	for (uint64_t i = first; i < events->shown; i++) {
		struct kept_line *line = events->kept + i % events->lines;
		_cleanup_json_ struct json_document *document = NULL;

		if (events->json || !json_parse(line->text, line->length, NULL, &document, NULL))
			print_event(events, line->text, line->length, json_root(document));
		free(line->text);
		line->text = NULL;
	}
	free(events->kept);
	events->kept = NULL;
}

static bool on_idle(void *data)
{
	struct events *events = data;

	if (events->kept)
		print_kept(events);
	output_flush(&events->out);
	return !output_closed();
}

static int read_files(struct events *events, char **names, size_t count)
{
	struct log_files *files;
	struct error error = {0};
	struct log_line line;
	int rc;

	rc = log_files_open(names, count, events->follow, &files, &error);
	if (rc)
		return cli_failed("%s", error.message);
	while ((rc = log_files_next(files, on_idle, events, &line, &error)) > 0) {
		rc = line.length ? take_event(events, line.text, line.length, &error) : 0;
		if (rc == -ENOMEM)
			break;
		if (rc && !events->damaged++) {
			output_flush(&events->out);
			cli_failed("%s:%zu: %s", line.file, line.number, error.message);
		}
	}
	log_files_close(files);
	if (rc < 0)
		return cli_failed("%s", error.message);
	on_idle(events);
	if (events->damaged > 1)
		cli_failed("%llu more such lines", (unsigned long long)events->damaged - 1);
	return events->damaged ? CLI_FAILED : CLI_OK;
}

static int verify_files(struct events *events, char **names, size_t count)
{
	struct verify *verify = verify_new();
	struct log_files *files;
	struct error error = {0};
	struct log_line line;
	bool complete;
	int rc;

	if (!verify)
		return cli_failed("out of memory");
	rc = log_files_open(names, count, false, &files, &error);
	while (!rc && (rc = log_files_next(files, NULL, NULL, &line, &error)) > 0) {
		rc = verify_line(verify, &line);
		if (rc)
			error_set(&error, rc, "out of memory");
	}
	if (rc < 0) {
		verify_free(verify);
		return cli_failed("%s", error.message);
	}
	complete = verify_report(verify, events->json, &events->out);
	output_flush(&events->out);
	log_files_close(files);
	verify_free(verify);
	return complete ? CLI_OK : CLI_FAILED;
}

/* ---- live ---- */

static int take_message(struct events *events, const char *text, size_t length, struct error *error)
{
	const size_t begin = sizeof(reply_begin) - 1, end = sizeof(reply_end) - 1;
	_cleanup_json_ struct json_document *document = NULL;
	const struct json_value *parameters;
	bool continues;
	int rc;

	if (length > begin + end && !memcmp(text, reply_begin, begin) &&
		!memcmp(text + length - end, reply_end, end))
		return take_event(events, text + begin, length - begin - end, error);
	/* The first reply, an error, or another server's layout, which has no event's exact text.
	 */
	rc = connection_parse(text, length, &document, &parameters, &continues, error);
	if (rc)
		return rc;
	if (json_get(parameters, "event"))
		return error_set(error, -EPROTO, "the daemon's answer is not understood");
	return continues ? 0 : error_set(error, -EPIPE, "the daemon has ended the stream");
}

/* Wait for the daemon, and for the reader of our output to go away. */
static void wait_for_message(struct connection *connection, struct events *events)
{
	struct pollfd fds[] = {{.fd = connection->fd, .events = POLLIN}, {.fd = STDOUT_FILENO}};

	output_flush(&events->out);
	if (poll(fds, ARRAY_SIZE(fds), -1) > 0 && fds[1].revents & (POLLERR | POLLNVAL))
		exit(CLI_OK);
}

static int read_live(struct events *events)
{
	_cleanup_buf_ struct buf parameters = {0};
	struct connection connection;
	struct error error = {0};
	const char *text;
	size_t length;
	int rc;

	event_filter_parameters(&events->filter, &parameters);
	rc = connection_open(&connection, events->cli->runtime_dir, &error);
	if (rc)
		return cli_failed("%s", error.message);
	rc = connection_call(
		&connection, "io.tallyman.SubscribeEvents", buf_string(&parameters), true, &error);
	while (!rc && (!events->lines || events->shown < events->lines)) {
		if (!connection_has_message(&connection))
			wait_for_message(&connection, events);
		rc = connection_receive(&connection, &text, &length, &error);
		if (!rc)
			rc = take_message(events, text, length, &error);
	}
	connection_done(&connection);
	output_flush(&events->out);
	return rc ? cli_failed("%s", error.message) : CLI_OK;
}

/* ---- options ---- */

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

static int parse_option(struct events *events, int option, char **argv, enum colour_mode *colour)
{
	struct event_filter *filter = &events->filter;

	switch (option) {
	case OPTION_RUNTIME_DIR:
		events->cli->runtime_dir = optarg;
		return 0;
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
	case OPTION_COLOR:
		if (colour_mode_parse(optarg, colour))
			return 0;
		return cli_usage_error(events->cli, "color `%s`: auto, always or never", optarg);
	default:
		return cli_option_error(events->cli, argv, option);
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
		return verify_files(events, names, count);
	if (!count)
		return read_live(events);
	if (events->lines) {
		events->kept = calloc(events->lines, sizeof(*events->kept));
		if (!events->kept)
			return cli_failed("out of memory");
	}
	return read_files(events, names, count);
}

int verb_events(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {COMMON_OPTIONS,
		{"output", required_argument, NULL, 'o'},
		{"container", required_argument, NULL, OPTION_CONTAINER},
		{"containers", no_argument, NULL, OPTION_CONTAINERS},
		{"label", required_argument, NULL, OPTION_LABEL},
		{"host", no_argument, NULL, OPTION_HOST},
		{"event", required_argument, NULL, OPTION_EVENT},
		{"lines", required_argument, NULL, 'n'}, {"follow", no_argument, NULL, 'f'},
		{"verify", no_argument, NULL, OPTION_VERIFY},
		{"timestamps", no_argument, NULL, OPTION_TIMESTAMPS},
		{"color", required_argument, NULL, OPTION_COLOR}, {0}};
	struct events events = {.cli = cli};
	enum colour_mode colour = COLOUR_AUTO;
	int option, code;

	while ((option = getopt_long(argc, argv, ":ho:n:f", options, NULL)) != -1) {
		if (option == OPTION_HELP) {
			fputs(help, stdout);
			return CLI_OK;
		}
		code = parse_option(&events, option, argv, &colour);
		if (code)
			return code;
	}
	events.compact.colour = colour_wanted(colour);
	events.terminal = isatty(STDOUT_FILENO);
	code = run(&events, argv + optind, (size_t)(argc - optind));
	buf_done(&events.out);
	return code;
}
