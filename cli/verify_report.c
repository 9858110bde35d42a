/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verify_internal.h"

#include <inttypes.h>
#include <string.h>

#include "cli/text.h"
#include "lib/json_writer.h"
#include "lib/util.h"

static uint64_t range_size(const struct range *range)
{
	return range->last - range->first + 1;
}

/* How many numbers of a gap a loss accounts for. Losses of one stream do not overlap. */
static uint64_t accounted(
	const struct stream *stream, const struct range *gap, const struct range **ret_loss)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < stream->losses.count; i++) {
		const struct range *loss = stream->losses.items + i;
		uint64_t first = MAX(gap->first, loss->first), last = MIN(gap->last, loss->last);

		if (first > last)
			continue;
		sum += last - first + 1;
		*ret_loss = loss;
	}
	return sum;
}

struct totals {
	uint64_t missing, accounted, lost_unnumbered, disorder;
};

static void add_gap(const struct stream *stream, const struct range *gap, bool json,
	struct buf *out, struct totals *totals)
{
	const struct range *loss = NULL;
	uint64_t size = range_size(gap), known = accounted(stream, gap, &loss);

	totals->missing += size;
	totals->accounted += MIN(known, size);
	if (json) {
		json_open_object(out);
		json_key_u64(out, "first_sequence", gap->first);
		json_key_u64(out, "last_sequence", gap->last);
		json_key_u64(out, "missing", size);
		json_key_u64(out, "accounted", MIN(known, size));
		if (loss)
			json_key_string(out, "loss", loss->note);
		json_close_object(out);
		return;
	}
	buf_printf(out, "  missing: %" PRIu64, gap->first);
	if (size > 1)
		buf_printf(out, " to %" PRIu64 " (%" PRIu64 ")", gap->last, size);
	if (known >= size)
		buf_printf(out, ", accounted for: %s\n", loss->note);
	else if (known)
		buf_printf(
			out, ", of which %" PRIu64 " are accounted for: %s\n", known, loss->note);
	else
		buf_append_literal(out, ", NOT accounted for\n");
}

static void report_stream(
	const struct stream *stream, bool json, struct buf *out, struct totals *totals)
{
	if (json) {
		json_open_object(out);
		json_key_string(out, "stream", stream->name);
		json_key_u64(out, "first_sequence", stream->first);
		json_key_u64(out, "last_sequence", stream->last);
		json_key_u64(out, "lines", stream->lines);
		json_key_u64(out, "out_of_order", stream->disorder);
		json_key_u64(out, "lost", stream->lost_unnumbered);
		json_key(out, "gaps");
		json_open_array(out);
	} else {
		buf_append_literal(out, "stream ");
		text_untrusted(out, stream->name, strlen(stream->name));
		buf_printf(out, ": %" PRIu64 " to %" PRIu64 ", %" PRIu64 " lines\n", stream->first,
			stream->last, stream->lines);
		if (stream->first > 1)
			buf_printf(out, "  1 to %" PRIu64 " stood in earlier files\n",
				stream->first - 1);
	}
	for (size_t i = 0; i < stream->gaps.count; i++)
		add_gap(stream, stream->gaps.items + i, json, out, totals);
	totals->missing += stream->gaps.more;
	totals->lost_unnumbered += stream->lost_unnumbered;
	totals->disorder += stream->disorder;
	if (json) {
		json_close_array(out);
		json_close_object(out);
		return;
	}
	if (stream->gaps.more)
		buf_printf(out, "  and %" PRIu64 " more in further gaps\n", stream->gaps.more);
	if (stream->disorder)
		buf_printf(
			out, "  %" PRIu64 " lines stand twice or out of order\n", stream->disorder);
	buf_append(out, stream->lost_notes.data, stream->lost_notes.length);
	buf_append(out, stream->notes.data, stream->notes.length);
}

static void report_verdict(
	const struct verify *verify, const struct totals *totals, bool complete, struct buf *out)
{
	if (verify->bad_lines) {
		buf_printf(out, "%" PRIu64 " lines are no whole events, the first is ",
			verify->bad_lines);
		text_untrusted(out, verify->first_bad, strlen(verify->first_bad));
		buf_append_char(out, '\n');
	}
	if (complete) {
		buf_printf(out, "complete: %" PRIu64 " lines, nothing is missing\n", verify->lines);
		return;
	}
	buf_append_literal(out, "INCOMPLETE:");
	if (totals->missing)
		buf_printf(out,
			" %" PRIu64 " lines are missing, %" PRIu64 " of them accounted for;",
			totals->missing, totals->accounted);
	if (totals->lost_unnumbered)
		buf_printf(out, " %" PRIu64 " events were lost before they were written;",
			totals->lost_unnumbered);
	if (totals->disorder)
		buf_printf(out, " %" PRIu64 " lines are not in order;", totals->disorder);
	if (verify->bad_lines)
		buf_printf(out, " %" PRIu64 " lines are damaged;", verify->bad_lines);
	if (!verify->count)
		buf_append_literal(out, " there is no numbered line;");
	if (verify->streams_more)
		buf_append_literal(out, " too many streams to check;");
	if (!out->failed)
		out->data[out->length - 1] = '\n';
}

bool verify_report(struct verify *verify, bool json, struct buf *out)
{
	struct totals totals = {0};
	bool complete;

	if (json) {
		json_open_object(out);
		json_key(out, "streams");
		json_open_array(out);
	}
	for (size_t i = 0; i < verify->count; i++)
		report_stream(verify->streams + i, json, out, &totals);
	complete = !totals.missing && !totals.lost_unnumbered && !totals.disorder &&
		   !verify->bad_lines && verify->count && !verify->streams_more;
	if (!json) {
		report_verdict(verify, &totals, complete, out);
		return complete;
	}
	json_close_array(out);
	json_key_u64(out, "lines", verify->lines);
	json_key_u64(out, "damaged", verify->bad_lines);
	json_key_u64(out, "missing", totals.missing);
	json_key_u64(out, "accounted", totals.accounted);
	json_key_u64(out, "lost", totals.lost_unnumbered);
	json_key_bool(out, "complete", complete);
	json_close_object(out);
	buf_append_char(out, '\n');
	return complete;
}
