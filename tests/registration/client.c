/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/registration/client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/proc.h"
#include "oci/hook_message.h"
#include "tests/registration/fixture.h"

int client_connect(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", fixture.socket);
	ck_assert_msg(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "%s",
		strerror(errno));
	return fd;
}

static void send_packet(int fd, const void *data, size_t length, const int *fds, size_t count)
{
	union {
		char data[CMSG_SPACE(SCM_MAX_DESCRIPTORS * sizeof(int))];
		struct cmsghdr align;
	} control = {};
	struct iovec iov = {.iov_base = (void *)data, .iov_len = length};
	struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};

	if (count) {
		struct cmsghdr *cmsg;

		header.msg_control = control.data;
		header.msg_controllen = CMSG_SPACE(count * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&header);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, count * sizeof(int));
	}
	ck_assert_msg(sendmsg(fd, &header, MSG_NOSIGNAL) == (ssize_t)length, "%s", strerror(errno));
}

/* true: registered. Otherwise `reason` has the daemon's. */
static bool receive_answer(int fd, struct error *reason)
{
	char answer[HOOK_ANSWER_MAX];
	bool registered = false;
	ssize_t length = recv(fd, answer, sizeof(answer), 0);

	ck_assert_msg(length > 0, "the daemon closed without an answer");
	ck_assert_int_eq(hook_answer_parse(answer, (size_t)length, &registered, reason), 0);
	return registered;
}

bool client_exchange(
	const void *data, size_t length, const int *fds, size_t count, struct error *reason)
{
	int fd = client_connect();
	bool registered;

	send_packet(fd, data, length, fds, count);
	registered = receive_answer(fd, reason);
	close(fd);
	return registered;
}

void client_message(struct buf *buf, pid_t claimed, const char *id)
{
	const char *text = state_text(claimed, id, "creating", "");
	struct hook_message message = {.budget_ms = 4000};
	struct error error = {};

	ck_assert_msg(oci_state_parse(text, strlen(text), &message.state, &error) == 0, "%s",
		error.message);
	ck_assert_int_eq(boot_id(message.boot_id), 0);
	ck_assert_int_eq(hook_message_write(&message, buf, NULL), 0);
	oci_state_free(message.state);
}

int open_pidfd(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	ck_assert_int_ge(fd, 0);
	return fd;
}

bool claim(pid_t pid, pid_t claimed, const char *id, struct error *reason)
{
	struct buf buf = {};
	int pidfd = open_pidfd(pid);
	bool registered;

	client_message(&buf, claimed, id);
	registered = client_exchange(buf.data, buf.length, &pidfd, 1, reason);
	close(pidfd);
	buf_done(&buf);
	return registered;
}

bool claim_as(const struct claimant *claimant, pid_t pid, const char *id)
{
	int status;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (!child) {
		struct error reason = {};
		bool registered;

		if (claimant->cgroup)
			cgroup_enter(claimant->cgroup);
		if (claimant->uid) {
			ck_assert_int_eq(setresgid(claimant->uid, claimant->uid, claimant->uid), 0);
			ck_assert_int_eq(setresuid(claimant->uid, claimant->uid, claimant->uid), 0);
		}
		registered = claim(pid, pid, id, &reason);
		if (!registered)
			fprintf(stderr, "# %s\n", reason.message);
		_exit(registered ? 0 : 7);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && (!WEXITSTATUS(status) || WEXITSTATUS(status) == 7));
	return !WEXITSTATUS(status);
}
