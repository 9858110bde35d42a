/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/audit/sender.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "daemon/audit/netlink.h"
#include "daemon/audit/queue.h"
#include "daemon/audit/record.h"
#include "daemon/audit/retention.h"
#include "daemon/audit/self_test.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/thread.h"
#include "lib/util.h"

/* Records in one datagram: 1.8 µs each instead of 2.6 alone. */
#define BATCH_RECORDS_MAX 16
#define BATCH_SIZE	  ((size_t)64 << 10)
/* A send that takes so long slept for the backlog. While auditd does not read, the kernel lets one
 * record through now and then: several short sleeps, too, mean that we are stuck. */
#define SLOW_SEND_NS	   (100 * NSEC_PER_MSEC)
#define STUCK_NS	   (2 * NSEC_PER_SEC)
#define STUCK_AFTER_NS	   (3 * NSEC_PER_SEC)
#define LOOK_INTERVAL_NS   (10 * NSEC_PER_SEC) /* for auditd */
#define CONFIG_INTERVAL_NS (3600 * NSEC_PER_SEC)
#define AUDITD_CONFIG	   "/etc/audit/auditd.conf"
#define THREAD_STACK_SIZE  ((size_t)256 << 10)

struct audit_sender {
	struct audit_queue queue;
	int event_fd, audit_fd;
	atomic_uint references; /* the owner and the thread */
	atomic_bool stopping, waiting;
	atomic_int refused; /* negative errno of a refusal that concerns every record */
	atomic_uint_fast64_t sending_since;	     /* monotonic ns; 0: not in a send */
	atomic_uint_fast64_t slow_since, slow_until; /* the last sends that slept */
	atomic_uint_fast64_t sent, failed, retention;
	atomic_uint sequence;
	pthread_mutex_t mutex; /* for what follows */
	pthread_cond_t ended_condition;
	bool ended;
	struct audit_status status; /* as of the thread's last round: self-test fields */
	/* the thread's own */
	struct audit_self_test test;
	uint64_t look_due_ns, config_due_ns;
	char batch[BATCH_SIZE];
};

static void sender_unref(struct audit_sender *sender)
{
	if (atomic_fetch_sub(&sender->references, 1) != 1)
		return;
	if (sender->event_fd >= 0)
		close(sender->event_fd);
	if (sender->audit_fd >= 0)
		close(sender->audit_fd);
	audit_queue_done(&sender->queue);
	pthread_cond_destroy(&sender->ended_condition);
	pthread_mutex_destroy(&sender->mutex);
	free(sender);
}

static void wake(struct audit_sender *sender)
{
	uint64_t one = 1;

	if (write(sender->event_fd, &one, sizeof(one)) < 0) {
		/* EAGAIN only: then a wake-up is pending already */
	}
}

/* EPERM: no CAP_AUDIT_WRITE. ECONNREFUSED: not the initial user namespace, or a network namespace
 * without audit. Not for this record only, then. */
static void on_answer(void *data, const struct nlmsghdr *header, const char *text, size_t length)
{
	struct audit_sender *sender = data;
	struct audit_status_answer {
		uint32_t mask, enabled, failure, pid;
	} status;
	struct nlmsgerr error;

	if (header->nlmsg_type == NLMSG_ERROR && length >= sizeof(error)) {
		memcpy(&error, text, sizeof(error));
		if (!error.error)
			return;
		if (error.msg.nlmsg_type == AUDIT_MESSAGE_GET) {
			sender->test.get_denied = true;
			return;
		}
		atomic_fetch_add(&sender->failed, 1);
		atomic_fetch_sub(&sender->sent, 1);
		if (error.error == -EPERM || error.error == -ECONNREFUSED)
			atomic_store(&sender->refused, error.error);
	} else if (header->nlmsg_type == AUDIT_MESSAGE_GET && length >= sizeof(status)) {
		memcpy(&status, text, sizeof(status));
		audit_self_test_kernel_status(&sender->test, status.enabled, status.pid);
	}
}

/* Send whole messages and read the answers: the kernel handles them before sendto() returns. */
static void deliver(struct audit_sender *sender, const char *messages, size_t length)
{
	uint64_t begin = clock_ns(CLOCK_MONOTONIC), now;
	unsigned count = 0;
	int r;

	atomic_store(&sender->sending_since, begin);
	r = audit_netlink_send(sender->audit_fd, messages, length);
	atomic_store(&sender->sending_since, 0);
	now = clock_ns(CLOCK_MONOTONIC);
	if (now - begin >= SLOW_SEND_NS) {
		if (begin > atomic_load(&sender->slow_until))
			atomic_store(&sender->slow_since, begin);
		atomic_store(&sender->slow_until, now + STUCK_AFTER_NS);
	}
	for (size_t done = 0; done < length; count++) {
		struct nlmsghdr header;

		memcpy(&header, messages + done, sizeof(header));
		if (r >= 0)
			audit_self_test_sent(&sender->test, header.nlmsg_type, now);
		done += NLMSG_ALIGN(header.nlmsg_len);
	}
	if (r < 0) {
		atomic_fetch_add(&sender->failed, count);
		if (r == -EPERM || r == -ECONNREFUSED)
			atomic_store(&sender->refused, r);
		return;
	}
	atomic_fetch_add(&sender->sent, count);
	audit_netlink_receive(sender->audit_fd, on_answer, sender);
}

static void deliver_self_test(struct audit_sender *sender, uint64_t number)
{
	char text[256], message[AUDIT_MESSAGE_SIZE(sizeof(text))];
	struct buf buf = {.data = text, .capacity = sizeof(text), .limit = sizeof(text)};
	unsigned type = audit_record_self_test(number, &buf);

	if (buf.failed)
		return;
	/* Ask anew: the refusal may be over. */
	atomic_store(&sender->refused, 0);
	audit_message_write(
		message, (uint16_t)type, atomic_fetch_add(&sender->sequence, 1), text, buf.length);
	deliver(sender, message, AUDIT_MESSAGE_SIZE(buf.length));
}

static void ask_kernel_status(struct audit_sender *sender)
{
	struct nlmsghdr request = {
		.nlmsg_len = sizeof(request),
		.nlmsg_type = AUDIT_MESSAGE_GET,
		.nlmsg_flags = NLM_F_REQUEST,
	};

	if (sender->test.get_denied)
		return;
	/* The answer comes from a kernel thread: it is read in a later round. */
	atomic_store(&sender->sending_since, clock_ns(CLOCK_MONOTONIC));
	audit_netlink_send(sender->audit_fd, &request, sizeof(request));
	atomic_store(&sender->sending_since, 0);
}

static void do_timed_work(struct audit_sender *sender)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC), number;

	if (now >= sender->look_due_ns) {
		sender->look_due_ns = now + LOOK_INTERVAL_NS;
		ask_kernel_status(sender);
		audit_self_test_look_for_auditd(&sender->test);
	}
	if (now >= sender->config_due_ns) {
		sender->config_due_ns = now + CONFIG_INTERVAL_NS;
		atomic_store(&sender->retention, audit_retention_read(AUDITD_CONFIG));
	}
	if (audit_self_test_take_due(&sender->test, now, &number))
		deliver_self_test(sender, number);
}

static void publish(struct audit_sender *sender)
{
	pthread_mutex_lock(&sender->mutex);
	audit_self_test_result(&sender->test, &sender->status);
	pthread_mutex_unlock(&sender->mutex);
}

static void wait_for_work(struct audit_sender *sender)
{
	struct pollfd fds[] = {
		{.fd = sender->event_fd, .events = POLLIN},
		{.fd = sender->audit_fd, .events = POLLIN},
		{.fd = sender->test.fd, .events = POLLIN},
	};
	uint64_t now = clock_ns(CLOCK_MONOTONIC), records, lost, ignored;
	uint64_t until = MIN(audit_self_test_wakeup(&sender->test), sender->look_due_ns);
	int timeout = until > now ? (int)((until - now + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC) : 0;

	/* The main thread wakes us only while this is set; what it put just before must not be
	 * missed. */
	atomic_store(&sender->waiting, true);
	audit_queue_counts(&sender->queue, &records, &lost);
	if (!records && !atomic_load(&sender->stopping))
		poll(fds, ARRAY_SIZE(fds), timeout);
	atomic_store(&sender->waiting, false);
	if (fds[0].revents && read(sender->event_fd, &ignored, sizeof(ignored)) < 0) {
		/* EAGAIN only */
	}
	if (fds[1].revents)
		audit_netlink_receive(sender->audit_fd, on_answer, sender);
	audit_self_test_read(&sender->test, clock_ns(CLOCK_MONOTONIC), clock_ns(CLOCK_REALTIME));
}

static void *sender_main(void *data)
{
	struct audit_sender *sender = data;

	/* Here and not at the start: the kernel writes an EVENT_LISTENER record first, and can
	 * sleep for it. */
	atomic_store(&sender->sending_since, clock_ns(CLOCK_MONOTONIC));
	audit_self_test_open(&sender->test, clock_ns(CLOCK_MONOTONIC));
	atomic_store(&sender->sending_since, 0);
	for (;;) {
		size_t length;

		if (!atomic_load(&sender->stopping))
			do_timed_work(sender);
		length = audit_queue_take(
			&sender->queue, sender->batch, sizeof(sender->batch), BATCH_RECORDS_MAX);
		if (length)
			deliver(sender, sender->batch, length);
		publish(sender);
		if (length)
			continue;
		if (atomic_load(&sender->stopping))
			break;
		wait_for_work(sender);
	}
	audit_self_test_close(&sender->test);
	pthread_mutex_lock(&sender->mutex);
	sender->ended = true;
	pthread_cond_signal(&sender->ended_condition);
	pthread_mutex_unlock(&sender->mutex);
	sender_unref(sender);
	return NULL;
}

static int start_thread(struct audit_sender *sender)
{
	int r;

	atomic_fetch_add(&sender->references, 1);
	r = thread_start_detached("audit-sender", THREAD_STACK_SIZE, sender_main, sender);
	if (r < 0)
		atomic_fetch_sub(&sender->references, 1);
	return r;
}

int audit_sender_start(struct audit_sender **ret_sender)
{
	struct audit_sender *sender = calloc(1, sizeof(*sender));
	int r;

	if (!sender)
		return -ENOMEM;
	atomic_store(&sender->references, 1);
	sender->event_fd = -1;
	pthread_mutex_init(&sender->mutex, NULL);
	pthread_cond_init(&sender->ended_condition, NULL);
	sender->status = (struct audit_status){
		.health = AUDIT_HEALTH_UNKNOWN,
		.reason = "starting",
	};
	sender->audit_fd = audit_netlink_open();
	if (sender->audit_fd < 0) {
		/* The kernel has no audit: no thread, and nothing is ever queued. */
		atomic_store(&sender->refused, sender->audit_fd);
		*ret_sender = sender;
		return 0;
	}
	r = audit_queue_init(&sender->queue, AUDIT_QUEUE_SIZE);
	if (r >= 0) {
		sender->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		r = sender->event_fd < 0 ? -errno : start_thread(sender);
	}
	if (r < 0) {
		sender_unref(sender);
		return r;
	}
	*ret_sender = sender;
	return 0;
}

bool audit_sender_usable(const struct audit_sender *sender)
{
	return !atomic_load_explicit(&sender->refused, memory_order_relaxed);
}

bool audit_sender_put(struct audit_sender *sender, unsigned type, const char *text, size_t length,
	uint64_t realtime_ns)
{
	char message[AUDIT_MESSAGE_SIZE(AUDIT_RECORD_MAX)];
	bool was_empty, queued;

	if (length > AUDIT_RECORD_MAX || !audit_sender_usable(sender))
		return false;
	audit_message_write(
		message, (uint16_t)type, atomic_fetch_add(&sender->sequence, 1), text, length);
	queued = audit_queue_put(
		&sender->queue, message, AUDIT_MESSAGE_SIZE(length), realtime_ns, &was_empty);
	if (queued && was_empty && atomic_load(&sender->waiting))
		wake(sender);
	return queued;
}

bool audit_sender_take_lost(
	struct audit_sender *sender, uint64_t *ret_count, uint64_t *ret_since_ns)
{
	return sender->queue.data && audit_queue_take_lost(&sender->queue, ret_count, ret_since_ns);
}

static void refused_reason(int error, struct audit_status *ret)
{
	const char *why = strerror(-error);

	if (error == -EPROTONOSUPPORT || error == -EAFNOSUPPORT)
		why = "this kernel has no audit";
	else if (error == -EPERM)
		why = "may not send: no CAP_AUDIT_WRITE";
	else if (error == -ECONNREFUSED)
		why = "may not send: not in the initial user namespace";
	ret->health = AUDIT_HEALTH_UNSUPPORTED;
	snprintf(ret->reason, sizeof(ret->reason), "%s", why);
}

void audit_sender_status(struct audit_sender *sender, struct audit_status *ret)
{
	uint64_t since = atomic_load(&sender->sending_since), now = clock_ns(CLOCK_MONOTONIC);
	bool slow = now < atomic_load(&sender->slow_until);
	int refused = atomic_load(&sender->refused);

	pthread_mutex_lock(&sender->mutex);
	*ret = sender->status;
	pthread_mutex_unlock(&sender->mutex);
	ret->sent = atomic_load(&sender->sent);
	ret->failed = atomic_load(&sender->failed);
	if (sender->queue.data)
		audit_queue_counts(&sender->queue, &ret->queued, &ret->queue_lost);
	if (refused) {
		refused_reason(refused, ret);
	} else if (slow || (since && now > since + STUCK_NS)) {
		if (slow)
			since = atomic_load(&sender->slow_since);
		ret->health = AUDIT_HEALTH_STUCK;
		snprintf(ret->reason, sizeof(ret->reason),
			"the sender sleeps in the kernel since %llu s: audit's backlog is full, "
			"auditd does not read it",
			(unsigned long long)((now - since) / NSEC_PER_SEC));
	}
}

uint64_t audit_sender_retention(struct audit_sender *sender)
{
	return atomic_load(&sender->retention);
}

struct audit_sender *audit_sender_stop(struct audit_sender *sender, uint64_t timeout_ns)
{
	uint64_t deadline = clock_ns(CLOCK_MONOTONIC) + timeout_ns;

	if (!sender)
		return NULL;
	atomic_store(&sender->stopping, true);
	if (sender->queue.data) {
		wake(sender);
		pthread_mutex_lock(&sender->mutex);
		while (!sender->ended)
			if (!condition_wait_until(
				    &sender->ended_condition, &sender->mutex, deadline))
				break;
		pthread_mutex_unlock(&sender->mutex);
	}
	sender_unref(sender);
	return NULL;
}
