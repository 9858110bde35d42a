/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/security/syscall_filter.h"

#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <unistd.h>

#include "daemon/security/syscall_list.h"
#include "lib/cleanup.h"

#define BINARY_TREE 2 /* of system call numbers, instead of one comparison after the other */

DEFINE_CLEANUP(scmp_filter_ctx, seccomp_release)

/* Negative: unknown to this library, or not of this architecture. */
static int number_of(const char *name)
{
	return seccomp_syscall_resolve_name(name);
}

static int add_rule(scmp_filter_ctx filter, const struct syscall_rule *rule)
{
	int number = number_of(rule->name);
	struct scmp_arg_cmp comparison = {
		.arg = rule->argument,
		.op = SCMP_CMP_MASKED_EQ,
		.datum_a = rule->mask,
		.datum_b = rule->value,
	};

	if (number < 0)
		return 0;
	return seccomp_rule_add_array(
		filter, SCMP_ACT_ALLOW, number, rule->mask ? 1 : 0, &comparison);
}

/* abort() sends itself a signal. */
static int add_own_signals(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
		SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, (scmp_datum_t)getpid()));
}

static int set_attributes(scmp_filter_ctx filter)
{
	int r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

	if (r < 0)
		return r;
	/* What follows is for speed, and unknown to older kernels or libraries. */
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, BINARY_TREE);
	/* Before 5.16 a filter switches a slow mitigation on, meant for code one does not trust. */
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
	return 0;
}

static int load_list(void)
{
	_cleanup_(seccomp_release_p) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int r;

	if (!filter)
		return -ENOMEM;
	r = set_attributes(filter);
	if (r < 0)
		return r;
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	for (size_t i = 0; i < syscall_count; i++) {
		r = add_rule(filter, &syscall_list[i]);
		if (r < 0)
			return r;
	}
	r = add_own_signals(filter);
	if (r < 0)
		return r;
	/* Refused below. */
	r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone3), 0);
	return r < 0 ? r : seccomp_load(filter);
}

/* A filter of its own, one that does not log: the library tries clone3 for each new thread, and an
 * audit record for each would hide those that mean something. */
static int load_clone3(void)
{
	_cleanup_(seccomp_release_p) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int r;

	if (!filter)
		return -ENOMEM;
	r = set_attributes(filter);
	if (r < 0)
		return r;
	r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return r < 0 ? r : seccomp_load(filter);
}

int syscall_filter_install(struct error *error)
{
	int r;

	if (seccomp_api_get() < 2)
		return error_set(
			error, -EOPNOTSUPP, "this kernel has no seccomp filters for all threads");
	/* This one first: the other forbids seccomp(2). */
	r = load_clone3();
	if (!r)
		r = load_list();
	return r < 0 ? error_set(error, r, "seccomp filter: %s", strerror(-r)) : 0;
}
