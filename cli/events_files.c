/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/events.h"

#include <errno.h>
#include <stdlib.h>

#include "cli/log_files.h"
#include "cli/output.h"
#include "cli/verify.h"

static void print_kept(struct events *events)
{
	uint64_t first = events->shown > events->lines ? events->shown - events->lines : 0;

	for (uint64_t i = first; i < events->shown; i++) {
		struct kept_line *line = events->kept + i % events->lines;
		_cleanup_json_ struct json_document *document = NULL;

		if (events->json || !json_parse(line->text, line->length, NULL, &document, NULL))
			events_print(events, line->text, line->length, json_root(document));
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

int events_read_files(struct events *events, char **names, size_t count)
{
	struct log_files *files;
	struct error error = {0};
	struct log_line line;
	int rc;

	rc = log_files_open(names, count, events->follow, &files, &error);
	if (rc)
		return cli_failed("%s", error.message);
	while ((rc = log_files_next(files, on_idle, events, &line, &error)) > 0) {
		rc = line.length ? events_take(events, line.text, line.length, &error) : 0;
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

int events_verify_files(struct events *events, char **names, size_t count)
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
