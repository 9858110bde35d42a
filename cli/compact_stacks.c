/* SPDX-License-Identifier: Apache-2.0 */
/* Stack traces, below the line of their event. */
#include <inttypes.h>

#include "cli/compact_line.h"

static void append_hex(struct compact_line *line, const char *before, const char *colour,
	const struct json_value *number)
{
	uint64_t value = 0;

	json_u64(number, &value);
	buf_append_string(line->out, before);
	colour_begin(line->out, line->options->colour, colour);
	buf_printf(line->out, "0x%" PRIx64, value);
	colour_end(line->out, line->options->colour);
}

/* `   0xADDRESS: SYMBOL+0xOFFSET`, of a user's `   0xADDRESS: SYMBOL (MODULE+0xOFFSET)` */
static void append_frame(struct compact_line *line, const struct json_value *frame, bool user)
{
	const struct json_value *symbol = json_get(frame, "symbol");
	const struct json_value *module = json_get(frame, "module");

	append_hex(line, "   ", COLOUR_GREEN, json_get(frame, "address"));
	buf_append_char(line->out, ':');
	compact_word(line, COLOUR_BLUE, symbol);
	if (user || (module && !symbol)) {
		compact_text(line, NULL, "(");
		if (module)
			compact_untrusted(line, NULL, module);
		append_hex(line, "+", COLOUR_YELLOW, json_get(frame, "offset"));
		buf_append_char(line->out, ')');
	} else {
		append_hex(line, symbol ? "+" : " +", COLOUR_YELLOW, json_get(frame, "offset"));
	}
	buf_append_char(line->out, '\n');
}

static void append_stack(struct compact_line *line, const char *heading, const char *key, bool user)
{
	const struct json_value *frames = json_get(line->body, key);

	if (!json_count(frames))
		return;
	buf_append_string(line->out, heading);
	for (size_t i = 0; i < json_count(frames); i++)
		append_frame(line, json_at(frames, i), user);
}

void compact_stacks(struct compact_line *line)
{
	append_stack(line, "Kernel:\n", "kernel_stack_trace", false);
	append_stack(line, "User:\n", "user_stack_trace", true);
}
