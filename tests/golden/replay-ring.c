/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded ring bytes in, JSON lines out: decode, enrich and format as the daemon does, with a
 * clock that stands at zero. replay-ring FILE [section.key=value]… */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"
#include "daemon/enrich/enrich.h"
#include "daemon/export/json_event.h"
#include "lib/fd.h"

static int set_option(struct config *config, char *option)
{
	struct error error = {};
	char *dot = strchr(option, '.'), *equals = strchr(option, '=');

	if (!dot || !equals || dot > equals)
		return -1;
	*dot = *equals = 0;
	if (config_set(config, option, dot + 1, equals + 1, &error) >= 0)
		return 0;
	fprintf(stderr, "%s\n", error.message);
	return -1;
}

static void put_events(struct enrichment *enrichment, const struct json_event_options *options,
	struct buf *line, uint64_t *sequence)
{
	for (size_t i = 0; i < enrichment->event_count; i++) {
		buf_clear(line);
		json_event_format(options, &enrichment->events[i], line);
		json_event_finish(line, ++*sequence, "golden");
		fwrite(line->data, 1, line->length, stdout);
	}
	enrich_finish(enrichment);
}

static void put_overdue(struct enrichment *enrichment, const struct json_event_options *options,
	const struct record_view *next, uint64_t now, struct buf *line, uint64_t *sequence)
{
	do {
		enrich_overdue_hit(enrichment, next, now);
		if (!enrichment->event_count)
			return;
		put_events(enrichment, options, line, sequence);
	} while (true);
}

static void replay(struct enrichment *enrichment, const struct json_event_options *options,
	const char *data, size_t length)
{
	struct buf line = {};
	uint64_t sequence = 0;
	size_t at = 0;

	while (at + sizeof(struct record_header) <= length) {
		struct record_header header;
		_Alignas(8) static char record[1 << 20];
		struct record_view view;

		memcpy(&header, data + at, sizeof(header));
		if (header.size < sizeof(header) || header.size > length - at)
			break;
		memcpy(record, data + at, header.size);
		at += header.size;
		if (record_decode(record, header.size, &view) < 0) {
			printf("bad record\n");
			continue;
		}
		put_overdue(enrichment, options, &view, 0, &line, &sequence);
		enrich_record(enrichment, &view);
		put_events(enrichment, options, &line, &sequence);
	}
	put_overdue(enrichment, options, NULL, HIT_NO_MORE_WAITING, &line, &sequence);
	buf_done(&line);
}

int main(int argc, char **argv)
{
	struct json_event_options options = {.node_name = "golden", .cluster_name = ""};
	struct enrichment enrichment;
	struct config *config = NULL;
	struct error error = {};
	struct buf bytes = {};

	if (argc < 2 || config_load("/dev/null", &config, &error) < 0)
		return 2;
	for (int i = 2; i < argc; i++)
		if (set_option(config, argv[i]) < 0)
			return 2;
	if (config_finish(config, &error) < 0 || read_file_limited(argv[1], 64 << 20, &bytes) < 0 ||
		enrich_init(&enrichment, config, NULL) < 0)
		return 2;
	options.process_credentials = config->process_credentials;
	options.process_namespaces = config->process_namespaces;
	options.ancestors = config->ancestors;
	replay(&enrichment, &options, bytes.data, bytes.length);
	enrich_done(&enrichment);
	buf_done(&bytes);
	config_free(config);
	return 0;
}
