/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/policy/policy_queue.h"

#include <stdlib.h>

struct policy_request *policy_request_free(struct policy_request *request)
{
	if (!request)
		return NULL;
	free(request->name);
	free(request->namespace);
	free(request->file);
	free(request->text);
	free(request);
	return NULL;
}

struct policy_notice *policy_notice_free(struct policy_notice *notice)
{
	if (!notice)
		return NULL;
	free(notice->name);
	free(notice->namespace);
	free(notice->source);
	free(notice->error);
	buf_done(&notice->json);
	free(notice);
	return NULL;
}
