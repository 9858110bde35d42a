/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/registration/hook_request.h"

#include <errno.h>
#include <string.h>

#include "daemon/registration/admission.h"
#include "daemon/registration/notice.h"
#include "daemon/registration/sandbox.h"
#include "lib/clock.h"

/* Of what is left of the hook's budget, the part that may be spent on metadata: the answer must
 * still reach it. */
#define BUDGET_NUMERATOR   3
#define BUDGET_DENOMINATOR 4

static uint32_t metadata_deadline(
	const struct registration *registration, const struct hook_message *message)
{
	uint64_t budget = message->budget_ms * NSEC_PER_MSEC, spent = 0;
	uint64_t now = clock_ns(CLOCK_BOOTTIME), left_ms;

	if (now > message->started_ns)
		spent = MIN(now - message->started_ns, budget);
	left_ms = (budget - spent) / NSEC_PER_MSEC * BUDGET_NUMERATOR / BUDGET_DENOMINATOR;
	return (uint32_t)MIN(left_ms, (uint64_t)registration->config->metadata_deadline_ms);
}

int hook_request_register(struct registration *registration, const struct hook_message *message,
	int pidfd, const struct peer *peer, struct known_container **ret_container,
	struct error *error)
{
	const struct verify_environment environment = registration_environment(registration);
	const struct oci_state *state = message->state;
	struct verified_init init;
	struct admission admission = {
		.id = state->id,
		.init = &init,
		.pidfd = pidfd,
		.source = peer ? CONTAINER_SOURCE_HOOK : CONTAINER_SOURCE_SPOOL,
		.owner = peer && !peer->full_trust ? peer->uid : 0,
		.verified = true,
		.existing = !peer,
		.bundle = state->bundle,
		/* Longer annotations stand in the bundle's config.json only. */
		.state = message->annotations_left_out ? NULL : state,
		.conmon = message->conmon,
		.conmon_length = message->conmon_length,
		/* Nobody waits for the answer to a spooled message. */
		.deadline_ms = peer ? metadata_deadline(registration, message)
				    : registration->config->metadata_deadline_ms,
	};
	int r;

	r = verify_init(&environment, state->id, state->pid, pidfd, peer, &init, error);
	if (r < 0)
		return r;
	r = admission_admit(registration, &admission, ret_container, error);
	if (r < 0)
		return r;
	if (!admission.owner)
		sandbox_register(registration, state, *ret_container);
	return 0;
}

/* poststop: look whether the container has really ended. It may run long after (CRI-O), or never.
 */
static int take_hint(
	struct registration *registration, const struct oci_state *state, const struct peer *peer)
{
	struct known_container *container = NULL;

	while ((container = known_find_id(&registration->known, state->id, container)))
		if ((peer->full_trust || container->owner == peer->uid) &&
			!admission_is_alive(registration, container->record))
			notice_send(registration, REGISTRATION_ENDED, container, NULL);
	return 0;
}

int hook_request_handle(struct registration *registration, int socket_fd, const char *text,
	size_t length, int pidfd, struct known_container **ret_container, struct error *error)
{
	_cleanup_hook_message_ struct hook_message *message = NULL;
	struct peer peer;
	int r;

	*ret_container = NULL;
	r = peer_examine(socket_fd, &registration->known, &registration->maps,
		registration->mount_point, &peer, error);
	if (r < 0)
		return r;
	r = hook_message_parse(text, length, &message, error);
	if (r < 0)
		return -EINVAL;
	switch (message->stage) {
	case HOOK_STAGE_CREATE_RUNTIME:
	case HOOK_STAGE_POSTSTART:
		if (pidfd < 0)
			return error_set(error, -EINVAL, "no pidfd came with the message");
		return hook_request_register(
			registration, message, pidfd, &peer, ret_container, error);
	case HOOK_STAGE_POSTSTOP:
		return take_hint(registration, message->state, &peer);
	default: /* the process id is one of the container's namespace there */
		return error_set(error, -EINVAL, "nothing is registered from inside a container");
	}
}
