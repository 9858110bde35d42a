/* SPDX-License-Identifier: Apache-2.0 */
/* tallymand: start order on one screen. What a record does once it runs: pipeline.c. */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "daemon/api/control.h"
#include "daemon/audit/audit.h"
#include "daemon/clock.h"
#include "daemon/config.h"
#include "daemon/export/export.h"
#include "daemon/filter/filter.h"
#include "daemon/log.h"
#include "daemon/options.h"
#include "daemon/pipeline.h"
#include "daemon/policy/engine/engine.h"
#include "daemon/policy/hook_source.h"
#include "daemon/policy/engine/loaders.h"
#include "daemon/policy/policy_notices.h"
#include "daemon/policy/policy_worker.h"
#include "daemon/policy/place/tracefs.h"
#include "daemon/policy/scope_table.h"
#include "daemon/registration/registration.h"
#include "daemon/security/capabilities.h"
#include "daemon/security/syscall_filter.h"
#include "daemon/sensor/base.h"
#include "daemon/status.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/fd.h"
#include "lib/util.h"

#define TICK_USEC 1000000
/* Whoever waits for this service waits for its policies too, but not for ever. */
#define READY_LATEST_NS	      (20 * NSEC_PER_SEC)
#define AUDIT_STOP_TIMEOUT_NS (2 * NSEC_PER_SEC)
/* Threads that allocate each get an arena of their own by default, of which little is used. */
#define MALLOC_ARENAS	  1
#define MALLOC_TRIM_BYTES (256 << 10)
/* It stops all threads with ptrace, which the filter refuses. */
#ifdef __SANITIZE_ADDRESS__
#define LEAK_CHECKER true
#else
#define LEAK_CHECKER false
#endif

struct daemon {
	struct config *config;
	struct redaction *redaction;
	sd_event *loop;
	struct base_sensor *sensor;
	struct audit *audit;
	struct export *export;
	struct policy_engine *engine;
	struct engine_hook_source hooks;
	struct scope_table *scopes;
	struct policy_worker *policies;
	struct registration *registration;
	struct control *control;
	struct pipeline pipeline;
	struct status status;
	struct control_handlers handlers;
	bool pipeline_ready, policies_loaded;
	const char *stop_reason;
};

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	struct daemon *daemon = data;

	if (info->ssi_signo == SIGHUP) {
		sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
			(unsigned long long)(clock_ns(CLOCK_MONOTONIC) / NSEC_PER_USEC));
		export_reopen(daemon->export);
		sd_notify(0, "READY=1");
		return 0;
	}
	daemon->stop_reason = info->ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT";
	return sd_event_exit(daemon->loop, 0);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *data)
{
	struct daemon *daemon = data;

	pipeline_tick(&daemon->pipeline);
	audit_tick(daemon->audit, clock_boottime_ns());
	sd_event_source_set_time(source, usec + TICK_USEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Readiness itself is all: the loop drains the ring and the queue after each turn. */
static int on_readable(sd_event_source *source, int fd, uint32_t events, void *data)
{
	return 0;
}

static int on_policies(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct daemon *daemon = data;

	daemon->policies_loaded |=
		policy_notices_deliver(daemon->policies, daemon->export, daemon->control);
	return 0;
}

static int make_loop(struct daemon *daemon, struct error *error)
{
	uint64_t now;
	sigset_t signals;
	int r;

	/* Before any thread starts: they inherit the mask, and the signals come to the loop. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	r = sd_event_new(&daemon->loop);
	if (r >= 0)
		r = sd_event_add_signal(daemon->loop, NULL, SIGTERM, on_signal, daemon);
	if (r >= 0)
		r = sd_event_add_signal(daemon->loop, NULL, SIGINT, on_signal, daemon);
	if (r >= 0)
		r = sd_event_add_signal(daemon->loop, NULL, SIGHUP, on_signal, daemon);
	if (r >= 0)
		r = sd_event_now(daemon->loop, CLOCK_MONOTONIC, &now);
	if (r >= 0)
		r = sd_event_add_time(daemon->loop, NULL, CLOCK_MONOTONIC, now + TICK_USEC, 100000,
			on_tick, daemon);
	if (r >= 0)
		sd_event_set_watchdog(daemon->loop, true);
	return r < 0 ? error_set(error, r, "event loop: %s", strerror(-r)) : 0;
}

/* Root without its capabilities is an owner like any other: better said here than by each file. */
static int make_owned_directory(const char *path, mode_t mode, struct error *error)
{
	struct stat status;
	int r;

	r = make_directory(path, mode);
	if (!r && stat(path, &status) < 0)
		r = -errno;
	if (r < 0)
		return error_set(error, r, "%s: %s", path, strerror(-r));
	if (!geteuid() && status.st_uid)
		return error_set(error, -EPERM,
			"%s belongs to uid %u: start tallymand as that user (systemctl start "
			"tallymand), or with directories of root's own",
			path, (unsigned)status.st_uid);
	return 0;
}

static int make_directories(const struct config *config, struct error *error)
{
	int r;

	/* 0755: other users' hooks reach hook.sock; what is private below has its own mode */
	r = make_owned_directory(config->runtime_dir, 0755, error);
	return r < 0 ? r : make_owned_directory(config->log_dir, 0700, error);
}

/* The hook socket when systemd holds it: connections then wait there while we restart. */
static int inherited_hook_socket(void)
{
	int count = sd_listen_fds(1);

	for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + count; fd++)
		if (sd_is_socket_unix(fd, SOCK_SEQPACKET, 1, NULL, 0) > 0)
			return fd;
	return -1;
}

/* A kernel that cannot is no reason to see nothing. */
static int filter_syscalls(struct error *error)
{
	int r = syscall_filter_install(error);

	if (r != -EOPNOTSUPP)
		return r;
	log_warning("%s", error->message);
	return 0;
}

/* Before any container is known: each gets its scopes when it is registered. */
static int make_policy_engine(struct daemon *daemon, struct error *error)
{
	struct hook_source source;
	int r;

	r = policy_engine_new(daemon->sensor, &daemon->engine);
	if (!r)
		r = scope_table_new(daemon->engine, &daemon->scopes);
	if (r < 0)
		return error_set(error, r, "policies: %s", strerror(-r));
	daemon->hooks = (struct engine_hook_source){.engine = daemon->engine,
		.symbols = kernel_symbols_new(),
		.user_symbols = user_symbols_new()};
	engine_hook_source_get(&daemon->hooks, &source);
	enrich_set_hooks(&daemon->pipeline.enrichment, &source);
	daemon->pipeline.engine = daemon->engine;
	return 0;
}

static int start_policies(struct daemon *daemon, struct error *error)
{
	const struct policy_kernel kernel = {.engine = daemon->engine, .scopes = daemon->scopes};
	int r;

	r = policy_worker_start(daemon->config, &kernel, &daemon->policies, error);
	if (r < 0)
		return r;
	daemon->status.policies = daemon->policies;
	r = sd_event_add_io(daemon->loop, NULL, policy_worker_fd(daemon->policies), EPOLLIN,
		on_policies, daemon);
	return r < 0 ? error_set(error, r, "event loop: %s", strerror(-r)) : 0;
}

static int start(struct daemon *daemon, struct error *error)
{
	const struct config *config = daemon->config;
	struct registration_maps maps;
	int r;

	/* Before any thread starts: each would keep what it was born with. */
	tracefs_is_there(); /* while this process may still mount it */
	r = capabilities_drop(config, error);
	if (r < 0)
		return r;
	r = make_loop(daemon, error);
	if (r < 0)
		return r;
	r = make_directories(config, error);
	if (r < 0)
		return r;
	r = redaction_parse(config->redaction_filters, &daemon->redaction, error);
	if (r < 0)
		return error_wrap(error, "filter.redaction_filters");
	r = base_sensor_load(config, &daemon->sensor, error);
	if (r < 0)
		return r;
	r = audit_start(config, &daemon->audit, error);
	if (r < 0)
		return r;
	r = export_start(config, daemon->audit, &daemon->export, error);
	if (r < 0)
		return r;
	r = pipeline_init(&daemon->pipeline, config, daemon->sensor, daemon->export,
		daemon->redaction, error);
	daemon->pipeline_ready = true;
	if (r < 0)
		return r;
	export_daemon_start(daemon->export);
	/* Attach before the containers and processes are read: what happens meanwhile is in the
	 * ring. */
	r = base_sensor_attach(daemon->sensor, error);
	if (r < 0)
		return r;
	r = make_policy_engine(daemon, error);
	if (r < 0)
		return r;
	maps = base_sensor_maps(daemon->sensor);
	maps.scopes = daemon->scopes;
	r = registration_start(
		config, &maps, inherited_hook_socket(), &daemon->registration, error);
	if (r < 0)
		return r;
	daemon->pipeline.enrichment.registration = daemon->registration;
	r = pipeline_begin(&daemon->pipeline, error);
	if (r < 0)
		return r;
	daemon->status = (struct status){.pipeline = &daemon->pipeline,
		.redaction = daemon->redaction,
		.audit = daemon->audit,
		.started_ns = clock_realtime_ns()};
	r = start_policies(daemon, error);
	if (r < 0)
		return r;
	daemon->handlers = status_handlers(&daemon->status);
	r = control_start(daemon->loop, config, &daemon->handlers, export_stream(daemon->export),
		&daemon->control, error);
	if (r < 0)
		return r;
	daemon->status.control = daemon->control;
	export_set_subscribers(daemon->export, control_subscribers(daemon->control));
	r = sd_event_add_io(daemon->loop, NULL, base_sensor_ring_fd(daemon->sensor), EPOLLIN,
		on_readable, daemon);
	if (r >= 0)
		r = sd_event_add_io(daemon->loop, NULL, registration_fd(daemon->registration),
			EPOLLIN, on_readable, daemon);
	if (r >= 0)
		r = sd_event_add_io(daemon->loop, NULL,
			mappings_fd(loaders_mappings(policy_engine_loaders(daemon->engine))),
			EPOLLIN, on_readable, daemon);
	if (r < 0)
		return error_set(error, r, "event loop: %s", strerror(-r));
	return config->seccomp && !LEAK_CHECKER ? filter_syscalls(error) : 0;
}

static bool say_ready(const struct daemon *daemon, uint64_t since_ns)
{
	if (!daemon->policies_loaded && clock_boottime_ns() - since_ns < READY_LATEST_NS)
		return false;
	sd_notify(0, "READY=1");
	log_info(daemon->policies_loaded ? "ready" : "ready; policies are still being loaded");
	return true;
}

static int run(struct daemon *daemon)
{
	uint64_t drained = pipeline_drain(&daemon->pipeline), since = clock_boottime_ns();
	bool ready = false;

	while (sd_event_get_state(daemon->loop) != SD_EVENT_FINISHED) {
		uint64_t sleep = pipeline_sleep_usec(&daemon->pipeline, drained);
		int r = sd_event_run(daemon->loop, sleep);

		if (r < 0) {
			log_error("event loop: %s", strerror(-r));
			return r;
		}
		drained = pipeline_drain(&daemon->pipeline);
		ready = ready || say_ready(daemon, since);
	}
	return 0;
}

/* The counters are read once more, so that the last losses are in the log before daemon_stop. */
static void stop(struct daemon *daemon)
{
	sd_notify(0, "STOPPING=1");
	daemon->control = control_stop(daemon->control);
	if (daemon->export)
		export_set_subscribers(daemon->export, NULL);
	daemon->status.control = NULL;
	policy_worker_stop(daemon->policies);
	if (daemon->policies)
		policy_notices_deliver(daemon->policies, daemon->export, NULL);
	if (daemon->pipeline_ready && daemon->registration) {
		pipeline_finish(&daemon->pipeline);
		losses_check(&daemon->pipeline);
		export_report_losses(daemon->export);
		export_daemon_stop(
			daemon->export, daemon->stop_reason ? daemon->stop_reason : "error");
	}
	daemon->pipeline.enrichment.registration = NULL;
	daemon->registration = registration_stop(daemon->registration);
	daemon->policies = policy_worker_free(daemon->policies);
	daemon->scopes = scope_table_free(daemon->scopes);
	daemon->audit = audit_stop(daemon->audit, AUDIT_STOP_TIMEOUT_NS);
	daemon->export = export_stop(daemon->export);
	if (daemon->pipeline_ready)
		pipeline_done(&daemon->pipeline);
	daemon->hooks.symbols = kernel_symbols_free(daemon->hooks.symbols);
	daemon->hooks.user_symbols = user_symbols_free(daemon->hooks.user_symbols);
	daemon->engine = policy_engine_free(daemon->engine);
	daemon->sensor = base_sensor_free(daemon->sensor);
	daemon->redaction = redaction_free(daemon->redaction);
	daemon->loop = sd_event_unref(daemon->loop);
	daemon->config = config_free(daemon->config);
}

int main(int argc, char **argv)
{
	struct daemon daemon = {};
	struct error error = {};
	int r;

	mallopt(M_ARENA_MAX, MALLOC_ARENAS);
	mallopt(M_TRIM_THRESHOLD, MALLOC_TRIM_BYTES);
	r = options_parse(argc, argv, &daemon.config);
	if (r)
		return r > 0 ? 0 : r == -EINVAL ? 2 : 1;
	log_open(daemon.config->log_level);
	clock_update();
	r = start(&daemon, &error);
	if (r < 0)
		log_error("%s", error.message);
	else
		r = run(&daemon);
	stop(&daemon);
	return r < 0 ? 1 : 0;
}
