/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/audit/samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"

#define START_TIME  1700000000000000000ULL
#define MIB	    ((size_t)1 << 20)
#define COMM_LENGTH 15

const char *const hostile_pieces[] = {
	"exe=/usr/bin/sudo",
	"exe=\"/usr/bin/sudo\"",
	"/usr/bin/sudo",
	"vm=db",
	"vm=\"db\" ",
	" vm=6462 ",
	"db",
	"web",
	"web-2",
	"we",
	"a b",
	"x'y",
	"q\"q",
	"nl\nline",
	"\ntype=USER_CMD msg=audit(1700000000.000:1): pid=1 uid=0 auid=0 ses=1 msg='vm=\"db\" "
	"res=success'",
	"gs\x1d"
	"AUID=\"bob\"",
	"esc\x1b[31m",
	"\xff\xfe\x80",
	"caf\xc3\xa9",
	"ouid=1",
	"uid=0 ",
	" uid=x ",
	" uuid=0123456789ab ",
	"acct=\"root\"",
	"acct=",
	"' res=failed'",
	"res=",
	"msg='",
	"(null)",
	"?",
	"hostname=web ",
	"hostname=",
	"addr=10.0.0.1,",
	"a=b",
	"terminal=pts/0",
	"comm=\"sh\"",
	"AABBCC",
	"4142",
	"0041",
	"cwd=/etc",
	" path=\"/etc/shadow\"",
	"type=EOE",
	"node=x ",
	"key=\"other\"",
	"syscall=0 ",
	"success=no ",
	"a0=ff ",
	" pid=1 ",
	"ses=7 ",
	"auid=0 ",
	",",
	":",
	"%s%n",
	"\\x41",
	"\t",
	"\r",
	"\x7f",
	"..",
	"./x",
	"-w",
	"{}",
};
const size_t hostile_piece_count = ARRAY_SIZE(hostile_pieces);

static const char *const programs[] = {
	"/bin/busybox",
	"/usr/bin/curl",
	"/bin/sh",
	"/usr/bin/sudo",
	"/usr/local/bin/app",
};

uint64_t samples_random(uint64_t *state)
{
	/* splitmix64 */
	uint64_t z = (*state += 0x9E3779B97F4A7C15ULL);

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ULL;
	z = (z ^ z >> 27) * 0x94D049BB133111EBULL;
	return z ^ z >> 31;
}

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static struct text add_text(
	struct exec_image *image, uint32_t *used, const char *text, size_t length)
{
	struct text result = {*used, (uint32_t)length};

	memcpy(image->data + *used, text, length);
	*used += (uint32_t)length;
	return result;
}

void sample_exec(struct sample *sample, struct container *container, const char *comm,
	const char *exe, const char *binary, const char *cwd, const char *arguments,
	size_t arguments_length)
{
	size_t total = strlen(exe) + strlen(binary) + strlen(cwd) + arguments_length;
	struct exec_image *image = must(calloc(1, sizeof(*image) + total));
	uint32_t used = 0;

	sample->comm = strndup(comm, COMM_LENGTH);
	sample->exe = strdup(exe);
	sample->binary = strdup(binary);
	sample->cwd = strdup(cwd);
	sample->arguments = must(malloc(arguments_length + 1));
	memcpy(sample->arguments, arguments, arguments_length);
	sample->arguments_length = arguments_length;
	for (size_t i = 0; i < arguments_length; i++)
		sample->argc += !arguments[i];
	image->binary = add_text(image, &used, binary, strlen(binary));
	image->exe = add_text(image, &used, exe, strlen(exe));
	image->cwd = add_text(image, &used, cwd, strlen(cwd));
	image->arguments = add_text(image, &used, arguments, arguments_length);
	image->arguments_total = (uint32_t)arguments_length;
	image->argc = sample->argc;
	image->comm_length = (uint8_t)strlen(sample->comm);
	memcpy(image->comm, sample->comm, strlen(sample->comm));
	image->exe_inode = 4711;
	image->exe_device = 8 << 8 | 1;
	image->exe_mode = 0100755;
	image->exe_links = 1;
	sample->container = container;
	sample->process.image = image;
	sample->process.container = container;
	sample->event = (struct event){
		.kind = EVENT_PROCESS_EXEC,
		.container = container,
		.process = &sample->process,
	};
}

/* "/" and some pieces. */
static void random_path(uint64_t *state, char *to, size_t size)
{
	uint64_t choice = samples_random(state);
	size_t length = 0;

	if (choice % 4 == 0) {
		snprintf(to, size, "%s", programs[choice / 4 % ARRAY_SIZE(programs)]);
		return;
	}
	for (unsigned i = 0; i < 1 + choice / 4 % 3 && length < size; i++)
		length += (size_t)snprintf(to + length, size - length, "/%s",
			hostile_pieces[samples_random(state) % hostile_piece_count]);
}

static size_t random_arguments(uint64_t *state, char *to, size_t size)
{
	uint64_t count = samples_random(state) % 6;
	size_t length = 0;

	for (unsigned i = 0; i < count; i++) {
		const char *piece = hostile_pieces[samples_random(state) % hostile_piece_count];

		if (length + strlen(piece) + 1 > size)
			break;
		memcpy(to + length, piece, strlen(piece) + 1);
		length += strlen(piece) + 1;
	}
	return length;
}

static void random_exec(struct sample *sample, uint64_t *state, struct container *container)
{
	char comm[512], exe[1024], binary[1024], cwd[1024], arguments[4096];
	static const uint32_t logins[] = {0, 1000, 1001, SAMPLE_UNSET};
	struct credentials *credentials;
	size_t length;

	random_path(state, exe, sizeof(exe));
	random_path(state, binary, sizeof(binary));
	random_path(state, cwd, sizeof(cwd));
	if (samples_random(state) % 2)
		memcpy(binary, exe, sizeof(binary));
	snprintf(comm, sizeof(comm), "%s",
		samples_random(state) % 3
			? hostile_pieces[samples_random(state) % hostile_piece_count]
			: "sh");
	length = random_arguments(state, arguments, sizeof(arguments));
	sample_exec(sample, container, comm, exe, binary, cwd, arguments, length);
	sample->process.pid = 2 + (uint32_t)(samples_random(state) % 500);
	sample->process.parent_pid = 1;
	credentials = &sample->process.image->credentials;
	credentials->auid = logins[samples_random(state) % ARRAY_SIZE(logins)];
	credentials->session = credentials->auid == SAMPLE_UNSET
				       ? SAMPLE_UNSET
				       : 1 + (uint32_t)(samples_random(state) % 9);
	credentials->uid = credentials->euid = credentials->suid = credentials->fsuid =
		(uint32_t)(samples_random(state) % 3) * 1000;
}

/* `count` arguments of `length` bytes, all `byte` but for their number. */
static size_t many_arguments(char **ret, unsigned count, size_t length, char byte)
{
	char *arguments = must(malloc(count * (length + 1)));

	memset(arguments, byte, count * (length + 1));
	for (unsigned i = 0; i < count; i++) {
		char *argument = arguments + i * (length + 1), number[16];
		size_t digits = (size_t)snprintf(number, sizeof(number), "%u", i);

		memcpy(argument, number, MIN(digits, length));
		argument[length] = '\0';
	}
	*ret = arguments;
	return count * (length + 1);
}

static char *long_path(size_t length, char byte)
{
	char *path = must(malloc(length + 1));

	memset(path, byte, length);
	path[0] = '/';
	path[length] = '\0';
	return path;
}

/* At the limits of arguments and paths. */
static void make_limit(struct sample *sample, unsigned which, struct container *container)
{
	static const struct {
		unsigned count;
		size_t length;
		char byte;
	} arguments[SAMPLE_LIMITS] = {
		{3000, 4, 'a'},
		{1, MIB, 'a'},
		{1, MIB, '\xff'},
		{11, MIB / 10, '='},
		{7, 7430, 'a'}, /* about an EXECVE record each */
		{5, 3717, ' '},
		{2000, 0, 'a'}, /* empty ones */
		{0, 0, 'a'},
		{3, 100, 'a'},
	};
	char *text, *path = long_path(which == 4   ? 4095
				      : which == 5 ? 4000
						   : 20,
			    which == 5 ? '\n' : 'p');
	size_t length = many_arguments(
		&text, arguments[which].count, arguments[which].length, arguments[which].byte);

	/* The last: argv that was cut, without a NUL at its end. */
	if (which == SAMPLE_LIMITS - 1)
		length -= 50;
	sample_exec(sample, container, "limit", path, path, path, text, length);
	if (which == SAMPLE_LIMITS - 1)
		sample->process.image->argc = 300;
	sample->process.pid = 900 + which;
	free(text);
	free(path);
}

static void make_container(struct container *container, uint64_t *state, size_t index)
{
	static const char *const names[] = {"web", "web-2", "db", ""};
	static const char digits[] = "0123456789abcdef";
	char path[CONTAINER_ID_MAX + 32];

	for (unsigned i = 0; i < 64; i++)
		container->id[i] = digits[samples_random(state) % 16];
	container->cgroup_id = index + 1;
	if (index < ARRAY_SIZE(names))
		container->metadata.name = strdup(names[index]);
	else
		container->metadata.name =
			strdup(hostile_pieces[(index - ARRAY_SIZE(names)) % hostile_piece_count]);
	container->metadata.runtime = strdup(index % 5 ? "podman" : "cri-o");
	snprintf(path, sizeof(path), "/machine.slice/libpod-%s.scope", container->id);
	container->cgroup_path = strdup(path);
	container->init_pid = 1000 + (int)index;
	container->auid = index % 2 ? 1000 : SAMPLE_UNSET;
	container->session = index % 2 ? 3 : SAMPLE_UNSET;
}

static void random_hit(struct sample *sample, uint64_t *state, struct container *container)
{
	char path[1024];

	random_exec(sample, state, container);
	random_path(state, path, sizeof(path));
	sample->hit_path = strdup(path);
	sample->failed = samples_random(state) % 2;
	hit_sample_init(&sample->hit, EVENT_PROCESS_KPROBE);
	sample->hit.hook->audit = HIT_AUDIT_ANOM_ACCESS_FS;
	hit_sample_text(&sample->hit, POLICY_TYPE_STRING, ARGUMENT_STRING, path);
	hit_sample_return(&sample->hit, POLICY_TYPE_INT, sample->failed ? -13 : 3);
	hit_sample_event(&sample->hit, &sample->event);
}

static void random_other(struct sample *sample, uint64_t *state, struct container *container)
{
	sample->container = container;
	sample->event.container = container;
	switch (samples_random(state) % 5) {
	case 0:
		sample->event.kind = EVENT_CONTAINER_START;
		break;
	case 1:
		sample->event.kind = EVENT_CONTAINER_STOP;
		sample->event.stop.reason = "exited";
		break;
	case 2:
		sample->event.kind = EVENT_EVENT_LOSS;
		sample->event.loss.stage = "throttle";
		sample->event.loss.reason = "No space left on device";
		sample->event.loss.total = 17;
		sample->event.loss.since = START_TIME;
		break;
	case 3:
		random_hit(sample, state, container);
		break;
	default:
		random_exec(sample, state, container);
		sample->event.kind = EVENT_CGROUP_ESCAPE;
		sample->event.escape.cgroup_path = "/vm=db";
		break;
	}
}

void samples_make(struct samples *samples, uint64_t seed, size_t containers, size_t execs)
{
	uint64_t state = seed;

	samples->container_count = containers;
	samples->containers = must(calloc(containers, sizeof(*samples->containers)));
	samples->count = execs + SAMPLE_LIMITS;
	samples->items = must(calloc(samples->count, sizeof(*samples->items)));
	for (size_t i = 0; i < containers; i++)
		make_container(&samples->containers[i], &state, i);
	free(samples->containers[containers - 1].metadata.name);
	samples->containers[containers - 1].metadata.name = long_path(1000, 'n');
	for (size_t i = 0; i < execs; i++) {
		/* Half of all happens in the first four. */
		uint64_t choice = samples_random(&state);
		struct container *container =
			&samples->containers[choice % 2 ? choice / 2 % 4 : choice / 2 % containers];

		if (i % 5 < 4)
			random_exec(&samples->items[i], &state, container);
		else
			random_other(&samples->items[i], &state, container);
	}
	for (unsigned i = 0; i < SAMPLE_LIMITS; i++)
		make_limit(&samples->items[execs + i], i, &samples->containers[i % containers]);
	for (size_t i = 0; i < samples->count; i++)
		samples->items[i].event.time = START_TIME + i * 3 * NSEC_PER_MSEC;
}

void sample_done(struct sample *sample)
{
	free((char *)sample->comm);
	free((char *)sample->exe);
	free((char *)sample->binary);
	free((char *)sample->cwd);
	free(sample->arguments);
	free(sample->process.image);
	free(sample->hit_path);
	if (sample->hit.hook)
		hit_sample_done(&sample->hit);
}

void samples_free(struct samples *samples)
{
	for (size_t i = 0; i < samples->count; i++)
		sample_done(&samples->items[i]);
	for (size_t i = 0; i < samples->container_count; i++) {
		free(samples->containers[i].metadata.name);
		free(samples->containers[i].metadata.runtime);
		free(samples->containers[i].cgroup_path);
	}
	free(samples->items);
	free(samples->containers);
}

void sample_vm(const struct container *container, char *to, size_t size)
{
	if (*container->metadata.name)
		snprintf(to, size, "%s", container->metadata.name);
	else
		snprintf(to, size, "%.12s", container->id);
}
