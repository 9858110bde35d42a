/* SPDX-License-Identifier: Apache-2.0 */
/* The registration thread alone: real sockets, cgroups, processes and BPF maps, no BPF programs.
 * Needs root. */
#pragma once

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/config.h"
#include "daemon/registration/container_map.h"
#include "daemon/registration/registration.h"

#define FIXTURE_CONTAINERS_MAX 64 /* entries of the containers map */
#define FIXTURE_FOREIGN_MAX    64

struct fixture {
	char directory[64]; /* of this test, removed afterwards */
	char runtime_dir[80], socket[100], spool[100];
	char mount_point[64], cgroup[160]; /* cgroup below the mount point, removed afterwards */
	uint64_t identity;		   /* part of its containers' ids */
	uid_t user; /* somebody without an account, and with no other test's containers */
	pid_t guardian;
	pid_t containers[16]; /* what container_start() started */
	size_t container_count;
	uint64_t foreign[FIXTURE_FOREIGN_MAX]; /* containers of the host's, which the scan finds too
						*/
	size_t foreign_count;
	struct config config;
	struct registration_maps maps;
	struct registration *registration;
};
extern struct fixture fixture;

void fixture_set_up(void);
void fixture_tear_down(void);
void fixture_start(void); /* the registration thread, which must succeed */
void fixture_stop(void);

/* A process that waits, in cgroup `name` below the fixture's (NULL: where we are). As `uid` in a
 * user namespace of its own, if that is not 0. Killed at the end of the test. */
pid_t container_start(const char *name, uid_t uid);
void container_kill(pid_t pid);
/* 64 hex digits that begin with this one. Valid for four calls. */
const char *container_id(char digit);
const char *scope(void); /* "user:N" of the fixture's user */
/* "libpod-ID" */
const char *container_cgroup(char digit);
uint64_t cgroup_number(const char *name);
void cgroup_make(const char *name);
void cgroup_chown(const char *name, uid_t uid);
void cgroup_enter(const char *name); /* this process */

/* The real hook with `state` on its stdin; its exit code. In cgroup `cgroup` and as `uid` if given.
 */
struct hook_run {
	const char *cgroup;
	uid_t uid;
	bool user_namespace; /* as rootless podman runs it: root of a namespace of `uid` */
	const char *spool;   /* NULL: the fixture's */
	const char *budget;  /* milliseconds */
	const char *config;  /* hook.conf */
	const char *socket;  /* NULL: the fixture's */
};
int hook_run(const struct hook_run *how, const char *state, size_t length);
int hook_register(pid_t pid, const char *id); /* createRuntime by root, default options */
/* Valid until the next call. */
const char *state_text(pid_t pid, const char *id, const char *status, const char *more);

/* The next message about this test's containers, NULL when none is there. */
struct registration_message *message_next(void);
/* The next one, waiting for it; must be of this kind. */
struct registration_message *message_take(enum registration_message_kind kind);
void message_drop(enum registration_message_kind kind);
void no_message(void);
bool map_has(uint64_t container_id, struct container_entry *ret_entry);
struct registration_counters counters(void);
size_t file_count(const char *directory);
