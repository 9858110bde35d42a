/* SPDX-License-Identifier: Apache-2.0 */
/* What any user can send to the hook socket. What is taken can be written again and means the same.
 */
#include "oci/hook_message.h"

#include "tests/fuzz/fuzz.h"

static void check_again(const struct hook_message *message)
{
	struct hook_message *again = NULL;
	struct buf buf = {};

	if (!hook_message_write(message, &buf, NULL)) {
		FUZZ_ASSERT(buf.length <= HOOK_MESSAGE_MAX);
		FUZZ_ASSERT(!hook_message_parse(buf.data, buf.length, &again, NULL));
		FUZZ_ASSERT(!strcmp(again->state->id, message->state->id));
		FUZZ_ASSERT(again->state->pid == message->state->pid);
		FUZZ_ASSERT(again->stage == message->stage);
	}
	hook_message_free(again);
	buf_done(&buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hook_message *message = NULL;
	struct oci_state *state = NULL;
	struct error error = {};
	bool registered;

	if (!hook_message_parse((const char *)data, size, &message, &error)) {
		FUZZ_ASSERT(oci_id_valid(message->state->id));
		FUZZ_ASSERT(message->state->pid >= 0 && message->state->bundle[0] == '/');
		check_again(message);
		hook_message_free(message);
	} else {
		FUZZ_ASSERT(error.message[0]);
	}
	if (!oci_state_parse((const char *)data, size, &state, &error)) {
		FUZZ_ASSERT(oci_id_valid(state->id));
		(void)hook_stage_of(state);
		oci_state_free(state);
	}
	(void)hook_answer_parse((const char *)data, size, &registered, &error);
	return 0;
}
