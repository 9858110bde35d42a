/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/enrich/arguments.h"

#include <string.h>

static struct arguments_join *find(struct arguments *arguments, const struct process_key *process)
{
	for (size_t i = 0; i < ARGUMENTS_JOINS_MAX; i++) {
		struct arguments_join *join = &arguments->joins[i];

		if (join->time && !memcmp(&join->process, process, sizeof(*process)))
			return join;
	}
	return NULL;
}

static void release(struct arguments_join *join)
{
	buf_done(&join->pieces);
	join->time = 0;
}

static struct arguments_join *start(struct arguments *arguments, const struct record_view *view)
{
	struct arguments_join *join = find(arguments, &view->data->process);

	for (size_t i = 0; !join && i < ARGUMENTS_JOINS_MAX; i++)
		if (!arguments->joins[i].time)
			join = &arguments->joins[i];
	if (!join) {
		join = &arguments->joins[0];
		for (size_t i = 1; i < ARGUMENTS_JOINS_MAX; i++)
			if (arguments->joins[i].time < join->time)
				join = &arguments->joins[i];
		arguments->dropped++;
	}
	release(join);
	join->process = view->data->process;
	join->time = view->header->time;
	join->pieces.limit = 2 * ARGUMENTS_TOTAL_MAX;
	return join;
}

void arguments_piece(struct arguments *arguments, const struct record_view *view)
{
	const struct data_record *record = view->data;
	struct arguments_join *join;

	join = record->offset ? find(arguments, &record->process) : start(arguments, view);
	/* A piece before this one was lost: the exec record says how many bytes should be there. */
	if (!join || join->pieces.length != record->offset)
		return;
	buf_append(&join->pieces, view->bytes.data, view->bytes.length);
}

struct span arguments_whole(
	struct arguments *arguments, const struct record_view *view, bool *ret_error)
{
	struct arguments_join *join;

	*ret_error = false;
	if (!view->exec->arguments_data)
		return view->arguments;
	join = find(arguments, &view->exec->process);
	if (!join || join->pieces.failed || join->pieces.length < view->exec->arguments_data) {
		*ret_error = true;
		return join ? (struct span){join->pieces.data, (uint32_t)join->pieces.length}
			    : (struct span){NULL, 0};
	}
	buf_append(&join->pieces, view->arguments.data, view->arguments.length);
	*ret_error = join->pieces.failed;
	return (struct span){join->pieces.data, (uint32_t)join->pieces.length};
}

void arguments_release(struct arguments *arguments, const struct process_key *process)
{
	struct arguments_join *join = find(arguments, process);

	if (join)
		release(join);
}

void arguments_done(struct arguments *arguments)
{
	for (size_t i = 0; i < ARGUMENTS_JOINS_MAX; i++)
		release(&arguments->joins[i]);
}
