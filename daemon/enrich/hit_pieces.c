/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/enrich/hit_pieces.h"

#include <stdlib.h>
#include <string.h>

#include "lib/util.h"

struct argument_pieces {
	struct argument_pieces *newer;
	uint64_t call;
	uint32_t argument;
	uint32_t begin, end; /* of what came, in the argument */
	size_t allocated;
	char *bytes; /* the first `begin` are left free for those of the record */
};

/* `link` is what points to it. */
static struct argument_pieces *take_out(struct hit_pieces *pieces, struct argument_pieces **link)
{
	struct argument_pieces *found = *link;

	*link = found->newer;
	if (pieces->newest == found) {
		pieces->newest = pieces->oldest;
		while (pieces->newest && pieces->newest->newer)
			pieces->newest = pieces->newest->newer;
	}
	pieces->count--;
	pieces->bytes -= found->allocated;
	return found;
}

static void drop(struct hit_pieces *pieces, struct argument_pieces **link)
{
	struct argument_pieces *found = take_out(pieces, link);

	free(found->bytes);
	free(found);
}

static struct argument_pieces **find(struct hit_pieces *pieces, uint64_t call, uint32_t argument)
{
	struct argument_pieces **link = &pieces->oldest;

	while (*link && ((*link)->call != call || (*link)->argument != argument))
		link = &(*link)->newer;
	return *link ? link : NULL;
}

static struct argument_pieces *begin(
	struct hit_pieces *pieces, const struct hit_data_record *record)
{
	struct argument_pieces *made;

	if (pieces->count == HIT_PIECES_ARGUMENTS_MAX) {
		drop(pieces, &pieces->oldest);
		pieces->evicted++;
	}
	made = calloc(1, sizeof(*made));
	if (!made)
		return NULL;
	made->call = record->call;
	made->argument = record->argument;
	made->begin = made->end = record->offset;
	if (pieces->newest)
		pieces->newest->newer = made;
	else
		pieces->oldest = made;
	pieces->newest = made;
	pieces->count++;
	return made;
}

static bool make_room(struct hit_pieces *pieces, struct argument_pieces *current, size_t end)
{
	size_t allocated = MAX(2 * current->allocated, end);
	char *bytes;

	if (end <= current->allocated)
		return true;
	allocated = MIN(allocated, (size_t)HIT_MAX_DATA);
	while (pieces->bytes + allocated > HIT_PIECES_BYTES_MAX && pieces->oldest != current) {
		drop(pieces, &pieces->oldest);
		pieces->evicted++;
	}
	bytes = realloc(current->bytes, allocated);
	if (!bytes)
		return false;
	pieces->bytes += allocated - current->allocated;
	current->bytes = bytes;
	current->allocated = allocated;
	return true;
}

void hit_pieces_add(struct hit_pieces *pieces, const struct record_view *view)
{
	const struct hit_data_record *record = view->hit_data;
	uint64_t end = (uint64_t)record->offset + view->bytes.length;
	struct argument_pieces **link, *current;

	if (end > HIT_MAX_DATA || record->argument >= HOOK_ARGUMENTS_MAX)
		return;
	link = find(pieces, record->call, record->argument);
	current = link ? *link : begin(pieces, record);
	if (!current || record->offset != current->end || !make_room(pieces, current, end))
		return;
	memcpy(current->bytes + record->offset, view->bytes.data, view->bytes.length);
	current->end = (uint32_t)end;
}

bool hit_pieces_join(struct hit_pieces *pieces, uint64_t call, uint32_t index,
	const struct hit_argument *argument, const char *own, struct hit_joined *ret)
{
	struct argument_pieces **link = find(pieces, call, index), *found;

	if (!link)
		return false;
	found = take_out(pieces, link);
	if (found->begin != argument->length || !found->bytes) {
		free(found->bytes);
		free(found);
		return false;
	}
	memcpy(found->bytes, own, argument->length);
	*ret = (struct hit_joined){
		.replaced = argument, .argument = *argument, .bytes = found->bytes};
	ret->argument.length = found->end;
	ret->argument.status = found->end < argument->size ? ARGUMENT_CUT : ARGUMENT_READ;
	free(found);
	return true;
}

void hit_pieces_done(struct hit_pieces *pieces)
{
	while (pieces->oldest)
		drop(pieces, &pieces->oldest);
}
