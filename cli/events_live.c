/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/events.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/connection.h"
#include "cli/output.h"
#include "lib/util.h"

/* What the server writes around an event. Another server may write it in another way. */
static const char reply_begin[] = "{\"parameters\":{\"event\":";
static const char reply_end[] = "},\"continues\":true}";

static int take_message(struct events *events, const char *text, size_t length, struct error *error)
{
	const size_t begin = sizeof(reply_begin) - 1, end = sizeof(reply_end) - 1;
	_cleanup_json_ struct json_document *document = NULL;
	const struct json_value *parameters;
	bool continues;
	int rc;

	if (length > begin + end && !memcmp(text, reply_begin, begin) &&
		!memcmp(text + length - end, reply_end, end))
		return events_take(events, text + begin, length - begin - end, error);
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

int events_read_live(struct events *events)
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
