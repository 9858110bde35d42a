/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/policy_notices.h"

static void export_change(struct export *export, const struct policy_notice *notice)
{
	const struct event event = {
		.kind = EVENT_POLICY_CHANGE,
		.time = notice->time,
		.policy_change =
			{
				.name = notice->name,
				.namespace = notice->namespace,
				.change = notice->change,
				.source = notice->source,
				.error = notice->error,
			},
	};

	export_event(export, &event);
}

bool policy_notices_deliver(
	struct policy_worker *worker, struct export *export, struct control *control)
{
	struct policy_notice *notice;
	bool loaded = false;

	while ((notice = policy_worker_take(worker))) {
		if (notice->kind == POLICY_NOTICE_CHANGE)
			export_change(export, notice);
		else if (notice->kind == POLICY_NOTICE_LOADED)
			loaded = true;
		else if (control)
			control_policy_reply(control, notice);
		policy_notice_free(notice);
	}
	return loaded;
}
