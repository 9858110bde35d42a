/* SPDX-License-Identifier: Apache-2.0 */
/* The policy thread: reads policy_dir and watches it, loads and unloads, answers clients. Loading
 * takes up to some hundred milliseconds, in which the main thread goes on reading the ring. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/config.h"
#include "daemon/policy/policy_entry.h"
#include "daemon/policy/policy_queue.h"
#include "lib/buf.h"
#include "lib/error.h"

/* Requests of clients that wait; each client has one at most. */
#define POLICY_REQUESTS_MAX 64
/* Changes that wait to become events; further ones are counted as lost and logged. */
#define POLICY_NOTICES_MAX 4096

struct policy_worker;

/* Begins to load what there is; POLICY_NOTICE_LOADED says when that is done. `config` and what
 * `kernel` has are borrowed. A file that is bad is no failure. */
int policy_worker_start(const struct config *config, const struct policy_kernel *kernel,
	struct policy_worker **ret_worker, struct error *error);
/* Readable while notices wait. */
int policy_worker_fd(const struct policy_worker *worker);
/* The oldest notice or NULL; the caller frees it. Main thread only. */
struct policy_notice *policy_worker_take(struct policy_worker *worker);
/* Takes the request over, on failure too: -EBUSY. A reply will come. */
int policy_worker_submit(struct policy_worker *worker, struct policy_request *request);
/* Append an object: how many there are, what is refused and why. Never waits for a load. */
void policy_worker_status(struct policy_worker *worker, struct buf *json);
/* Everything out of force, the thread gone. What it still had to say can be taken. Accepts NULL. */
void policy_worker_stop(struct policy_worker *worker);
struct policy_worker *policy_worker_free(struct policy_worker *worker);
