/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/security/capabilities.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/export/json_credentials.h"
#include "daemon/log.h"
#include "lib/util.h"

#define GROUP_TEXT_MAX 4096
#define DESCRIPTORS    65536

#define BIT(capability) (1ULL << (capability))

int capabilities_parse(const struct string_list *names, uint64_t *ret_mask, struct error *error)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < names->count; i++) {
		const char *wanted = names->items[i], *name;
		unsigned int number = 0;

		while ((name = capability_name(number)) && strcasecmp(wanted, name))
			number++;
		if (!name)
			return error_set(error, -EINVAL,
				"\"%.40s\" is no capability, as CAP_NET_ADMIN is one", wanted);
		mask |= BIT(number);
	}
	*ret_mask = mask;
	return 0;
}

uint64_t capabilities_needed(const struct config *config)
{
	uint64_t mask = BIT(CAP_BPF) | BIT(CAP_PERFMON) | BIT(CAP_DAC_READ_SEARCH), extra;

	if (config->audit_enabled)
		mask |= BIT(CAP_AUDIT_WRITE) | BIT(CAP_AUDIT_READ);
	if (!capabilities_parse(&config->extra_capabilities, &extra, NULL))
		mask |= extra;
	return mask;
}

/* Kernels before 5.11 count BPF maps against this limit, and only CAP_SYS_RESOURCE raises it. */
static void lift_memory_lock_limit(void)
{
	const struct rlimit limit = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};

	(void)setrlimit(RLIMIT_MEMLOCK, &limit);
}

/* A shell begins with 1024 descriptors, of which a hook of a policy takes some 25. As many as the
 * service has, or as it may. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit, raised;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= DESCRIPTORS)
		return;
	raised.rlim_cur = DESCRIPTORS;
	raised.rlim_max = MAX((rlim_t)DESCRIPTORS, limit.rlim_max);
	if (!setrlimit(RLIMIT_NOFILE, &raised))
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* To give the control socket to a group one has to be in it, or have CAP_CHOWN. */
static int join_group(const struct config *config, struct error *error)
{
	struct group entry, *found = NULL;
	char text[GROUP_TEXT_MAX];
	gid_t group = 0;
	size_t count = 0;

	if (!getgrnam_r(config->group, &entry, text, sizeof(text), &found) && found) {
		group = found->gr_gid;
		count = 1;
	}
	if (setgroups(count, &group) < 0)
		return error_set(error, -errno, "cannot leave the supplementary groups: %s",
			strerror(errno));
	return 0;
}

static uint64_t read_permitted(void)
{
	uint64_t held = 0;

	if (capng_get_caps_process() < 0)
		return 0;
	for (int i = 0; i <= CAP_LAST_CAP; i++)
		if (capng_have_capability(CAPNG_PERMITTED, (unsigned int)i))
			held |= BIT(i);
	return held;
}

static void warn_missing(uint64_t missing)
{
	for (unsigned int i = 0; i <= CAP_LAST_CAP; i++)
		if (missing & BIT(i))
			log_warning("%s is not held: what needs it will fail", capability_name(i));
}

static int apply(uint64_t keep, bool bounding, struct error *error)
{
	const capng_type_t sets = CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET;

	/* Ambient ones are there for the exec that began this program; it makes no other. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return error_set(error, -errno, "ambient capabilities: %s", strerror(errno));
	capng_clear(CAPNG_SELECT_BOTH);
	for (int i = 0; i <= CAP_LAST_CAP; i++)
		if (keep & BIT(i))
			capng_update(CAPNG_ADD, sets, (unsigned int)i);
	/* The bounding set can be given away with CAP_SETPCAP alone; a service has it small. */
	if (bounding && capng_apply(CAPNG_SELECT_BOUNDS) < 0)
		return error_set(error, -EPERM, "cannot reduce the bounding set");
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return error_set(error, -EPERM, "cannot give capabilities away");
	return 0;
}

int capabilities_drop(const struct config *config, struct error *error)
{
	uint64_t needed = capabilities_needed(config);
	uint64_t held = read_permitted();
	int r;

	lift_memory_lock_limit();
	raise_descriptor_limit();
	if (held & BIT(CAP_SETGID)) {
		r = join_group(config, error);
		if (r < 0)
			return r;
	}
	warn_missing(needed & ~held);
	r = apply(held & needed, held & BIT(CAP_SETPCAP), error);
	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_set(error, -errno, "no_new_privs: %s", strerror(errno));
	return 0;
}
