/* SPDX-License-Identifier: Apache-2.0 */
/* tallyman-hook: run by the container runtime before the container's first instruction, with the
 * container's state on stdin. It tells the daemon, waits for the answer within its budget and exits
 * 0, because anything else makes the start of the container fail; 1 only where hook.conf says so.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hook/channel.h"
#include "hook/hook_config.h"
#include "hook/conmon.h"
#include "hook/deadline.h"
#include "hook/report.h"
#include "hook/require.h"
#include "hook/spool.h"
#include "hook/user.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/proc.h"
#include "oci/hook_message.h"

#define SOCKET_DEFAULT "/run/tallyman/hook.sock"
#define SPOOL_DEFAULT  "/run/tallyman/spool"
#define CONFIG_DEFAULT SYSCONFDIR "/tallyman/hook.conf"

struct hook {
	const char *socket, *spool, *config_file;
	uint32_t budget_ms; /* 0: not given */
	bool check_config;
	struct deadline deadline;
	struct hook_user user;
	struct hook_config *config;
	struct hook_message message;
};

/* Whatever the runtime left behind: a blocked SIGALRM would disarm the timer of last resort, and a
 * missing stderr would give the next opened file its number. */
static void reset_process(void)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	const struct sigaction reset = {.sa_handler = SIG_DFL};
	sigset_t none;
	int fd;

	for (int number = 1; number < NSIG; number++)
		sigaction(number, &reset, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static void usage(void)
{
	printf("usage: tallyman-hook [--socket PATH] [--spool DIRECTORY] [--budget-ms N] [--config "
	       "FILE]\n"
	       "       tallyman-hook --check-config [--config FILE]\n"
	       "\n"
	       "An OCI hook for createRuntime: reads the container's state from stdin and "
	       "registers it\n"
	       "with tallymand. See tallyman-hook(8).\n");
}

static void parse_budget(struct hook *hook, const char *text)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*text >= '0' && *text <= '9' && !*end && number && number <= HOOK_BUDGET_MS_MAX)
		hook->budget_ms = (uint32_t)number;
	else
		report(LOG_WARNING, "--budget-ms %s is no number from 1 to %d: using the default",
			text, HOOK_BUDGET_MS_MAX);
}

/* A wrong option is reported and passed over: a typing error in hooks.d must not stop containers.
 */
static void parse_options(struct hook *hook, int argc, char **argv)
{
	static const struct option options[] = {
		{"socket", required_argument, NULL, 's'},
		{"spool", required_argument, NULL, 'S'},
		{"budget-ms", required_argument, NULL, 'b'},
		{"config", required_argument, NULL, 'c'},
		{"check-config", no_argument, NULL, 'k'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{},
	};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's':
			hook->socket = optarg;
			break;
		case 'S':
			hook->spool = optarg;
			break;
		case 'b':
			parse_budget(hook, optarg);
			break;
		case 'c':
			hook->config_file = optarg;
			break;
		case 'k':
			hook->check_config = true;
			break;
		case 'h':
			usage();
			exit(EXIT_SUCCESS);
		case 'V':
			printf("tallyman-hook " PACKAGE_VERSION "\n");
			exit(EXIT_SUCCESS);
		default:
			report(LOG_WARNING, "unknown option or missing argument: %s",
				optind > 0 ? argv[optind - 1] : "?");
		}
	}
}

/* The whole of stdin, at most OCI_STATE_BYTES_MAX bytes. */
static int read_stdin(const struct hook *hook, struct buf *buf, struct error *error)
{
	for (;;) {
		ssize_t length;
		int r;

		if (buf->length > OCI_STATE_BYTES_MAX)
			return error_set(error, -E2BIG, "the state is longer than %u bytes",
				OCI_STATE_BYTES_MAX);
		if (!buf_reserve(buf, 65536))
			return error_set(error, -ENOMEM, "no memory for the state");
		r = deadline_wait(&hook->deadline, STDIN_FILENO, POLLIN);
		if (r < 0)
			return error_set(error, r, "the state does not come: %s", strerror(-r));
		length = read(STDIN_FILENO, buf->data + buf->length, 65536);
		if (length < 0 && errno != EINTR && errno != EAGAIN)
			return error_set(
				error, -errno, "cannot read the state: %s", strerror(errno));
		if (!length)
			return 0;
		if (length > 0)
			buf->length += (size_t)length;
	}
}

static int read_state(const struct hook *hook, struct oci_state **ret_state, struct error *error)
{
	_cleanup_buf_ struct buf buf = {.limit = OCI_STATE_BYTES_MAX + 2 * 65536};
	int r;

	r = read_stdin(hook, &buf, error);
	if (r < 0)
		return r;
	return oci_state_parse(buf.data, buf.length, ret_state, error);
}

/* What the daemon is to know beside the state. None of it is worth failing for. */
static void fill_message(struct hook *hook)
{
	_cleanup_buf_ struct buf conmon = {.limit = HOOK_CONMON_MAX + 4096};
	struct hook_message *message = &hook->message;

	if (boot_id(message->boot_id) < 0)
		message->boot_id[0] = '\0';
	if (message->stage == HOOK_STAGE_POSTSTOP)
		return;
	(void)proc_start_ticks(message->state->pid, &message->init_start_ticks);
	if (!conmon_command_line(&conmon)) {
		message->conmon_length = conmon.length;
		message->conmon = TAKE_PTR(conmon.data);
	}
}

/* 0: registered. -EACCES: the daemon said no. Another negative errno: nobody could be asked. */
static int register_container(
	struct hook *hook, const struct buf *packet, int pidfd, struct error *error)
{
	bool registered = false;
	int r;

	r = channel_exchange(hook->socket, &hook->deadline, &hook->user, packet->data,
		packet->length, pidfd, &registered, error);
	if (r < 0)
		return r;
	return registered ? 0 : -EACCES;
}

/* The container is not registered: exit code for the runtime. */
static int unregistered(const struct hook *hook, const struct hook_rule *rule,
	const struct buf *packet, int failure, const struct error *reason)
{
	const struct oci_state *state = hook->message.state;
	const char *id = state ? state->id : "unknown";
	struct error spool_error = {};

	if (rule) {
		report(LOG_ERR, "container %s may not start unregistered (%s:%u): %s", id,
			hook->config_file, rule->line, reason->message);
		return EXIT_FAILURE;
	}
	/* What the daemon refused it will refuse again, and what is no message cannot be kept. */
	if (failure == -EACCES || !packet) {
		report(LOG_WARNING, "container %s is not registered: %s", id, reason->message);
		return EXIT_SUCCESS;
	}
	if (!hook_user_is_root(&hook->user)) {
		report(LOG_WARNING, "container %s is not registered yet: %s", id, reason->message);
		return EXIT_SUCCESS;
	}
	if (spool_write(hook->spool, &hook->user, id, hook->message.started_ns, packet->data,
		    packet->length, &spool_error) < 0)
		report(LOG_WARNING, "container %s is not registered: %s; nor spooled: %s", id,
			reason->message, spool_error.message);
	else
		report(LOG_NOTICE, "container %s waits in the spool: %s", id, reason->message);
	return EXIT_SUCCESS;
}

static int run_create(struct hook *hook, const struct hook_rule *rule)
{
	_cleanup_buf_ struct buf packet = {.limit = 64u << 20};
	_cleanup_close_ int pidfd = -1;
	struct error error = {};
	uint32_t left_out = 0;
	int r;

	/* First of all: from here on the number cannot come to mean another process. */
	pidfd = (int)syscall(SYS_pidfd_open, hook->message.state->pid, 0);
	if (pidfd < 0) {
		r = error_set(&error, -errno, "process %d: %s", (int)hook->message.state->pid,
			strerror(errno));
		return unregistered(hook, rule, NULL, r, &error);
	}
	fill_message(hook);
	r = hook_message_write(&hook->message, &packet, &left_out);
	if (r < 0) {
		error_set(&error, r, "cannot make a message of the state: %s", strerror(-r));
		return unregistered(hook, rule, NULL, r, &error);
	}
	if (left_out)
		report(LOG_NOTICE,
			"container %s: %u annotations are too long for a message of %u bytes",
			hook->message.state->id, left_out, HOOK_MESSAGE_MAX);
	r = register_container(hook, &packet, pidfd, &error);
	if (r < 0)
		return unregistered(hook, rule, &packet, r, &error);
	return EXIT_SUCCESS;
}

/* The daemon sees the end of a container by itself; that this hint was lost is no news. */
static int run_poststop(struct hook *hook)
{
	_cleanup_buf_ struct buf packet = {.limit = 64u << 20};

	fill_message(hook);
	if (!hook_message_write(&hook->message, &packet, NULL))
		(void)register_container(hook, &packet, -1, NULL);
	return EXIT_SUCCESS;
}

static int check_config(struct hook *hook)
{
	_cleanup_hook_config_ struct hook_config *config = NULL;
	struct error error = {};

	if (hook_config_read(hook->config_file, &config, &error) == 0)
		return EXIT_SUCCESS;
	fprintf(stderr, "%s\n", error.message);
	return EXIT_FAILURE;
}

static int run(struct hook *hook)
{
	const struct hook_rule *rule;
	struct error error = {}, config_error = {};
	int r;

	hook_user_read(&hook->user);
	if (hook_config_read(hook->config_file, &hook->config, &config_error) < 0)
		report(LOG_ERR, "%s", config_error.message);
	if (!hook->budget_ms)
		hook->budget_ms = hook->config && hook->config->budget_ms ? hook->config->budget_ms
									  : HOOK_BUDGET_MS_DEFAULT;
	last_resort_start(2 * hook->budget_ms);
	deadline_start(&hook->deadline, hook->budget_ms);
	hook->message.budget_ms = hook->budget_ms;

	r = read_state(hook, &hook->message.state, &error);
	/* A runtime that was slow to write has not used up the daemon's time. */
	deadline_start(&hook->deadline, hook->budget_ms);
	rule = hook->config ? require_rule(hook->config, hook->message.state, hook->user.uid)
			    : NULL;
	if (r < 0)
		return unregistered(hook, rule, NULL, r, &error);
	hook->message.stage = hook_stage_of(hook->message.state);
	switch (hook->message.stage) {
	case HOOK_STAGE_CONTAINER: /* pid is 0 or 1 there, and 1 is the host's init: leave it alone
				    */
		return EXIT_SUCCESS;
	case HOOK_STAGE_POSTSTOP:
		return run_poststop(hook);
	case HOOK_STAGE_POSTSTART: /* it runs already: too late to refuse anything */
		rule = NULL;
		break;
	default:
		break;
	}
	if (rule)
		last_resort_set_exit_code(EXIT_FAILURE);
	return run_create(hook, rule);
}

int main(int argc, char **argv)
{
	struct hook hook = {
		.socket = SOCKET_DEFAULT,
		.spool = SPOOL_DEFAULT,
		.config_file = CONFIG_DEFAULT,
		.message.started_ns = clock_ns(CLOCK_BOOTTIME),
	};
	int exit_code;

	reset_process();
	parse_options(&hook, argc, argv);
	if (hook.check_config)
		return check_config(&hook);
	exit_code = run(&hook);
	hook_config_free(hook.config);
	oci_state_free(hook.message.state);
	free(hook.message.conmon);
	return exit_code;
}
