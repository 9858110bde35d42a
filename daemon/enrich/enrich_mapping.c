/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/enrich/enrich_mapping.h"

#include <string.h>

#include "daemon/enrich/enrich.h"
#include "lib/util.h"

/* The rings of mappings are read after that of execs and exits. */
struct process *enrich_mapping_process(struct enrichment *enrichment, const struct mapping *mapping)
{
	struct process *process = process_tree_find(enrichment->tree, mapping->pid, 0);

	if (process && process->start_boottime <= mapping->time)
		return process;
	return process_tree_find_ended_before(enrichment->tree, mapping->pid, mapping->time);
}

static void put_argument(struct hit_record *record, uint32_t index, enum argument_reader reader,
	uint32_t offset, uint32_t length)
{
	record->arguments[index] = (struct hit_argument){
		.status = length ? ARGUMENT_READ : ARGUMENT_UNREAD,
		.reader = (uint8_t)reader,
		.offset = offset,
		.length = length,
		.size = length,
	};
}

void enrich_mapping(struct enrichment *enrichment, const struct process *process, uint32_t hook_id,
	const struct mapping *mapping, struct mapping_hit *hit)
{
	size_t length = MIN(mapping->path_length, (size_t)PATH_LENGTH_MAX);
	struct hit_record *record = &hit->record;
	struct record_view view = {.kind = RECORD_HIT, .hit = record};

	memset(record, 0, sizeof(*record));
	memcpy(hit->data, mapping->path, length);
	memcpy(hit->data + length, mapping->build_id, mapping->build_id_length);
	record->header = (struct record_header){.kind = RECORD_HIT,
		.version = RECORD_VERSION,
		.size = sizeof(*hit),
		.time = mapping->time};
	record->process = (struct process_key){.start_boottime = process->start_boottime,
		.pid = process->pid,
		.self_exec_id = process->self_exec_id};
	record->attribution.cgroup_id = process->cgroup_id;
	record->hook = hook_id;
	record->tid = mapping->tid;
	record->arguments_count = 2;
	record->data_length = (uint32_t)(length + mapping->build_id_length);
	put_argument(record, 0, ARGUMENT_FILE, 0, (uint32_t)length);
	put_argument(
		record, 1, ARGUMENT_CHAR_BUF, (uint32_t)length, (uint32_t)mapping->build_id_length);
	enrich_hit(enrichment, &view);
}
