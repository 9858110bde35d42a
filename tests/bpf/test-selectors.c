/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine in the kernel against the model of selectors: random policies are compiled and loaded
 * as hooks are, run in this process with random arguments, and must answer as the model does.
 * Writes TAP. What disagrees is printed with the policy and what it was asked; `--seed` brings it
 * back.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "daemon/policy/engine/hook.h"

#include "bpf/policy.skel.h"
#include "daemon/config.h"
#include "daemon/policy/engine/compile.h"
#include "daemon/policy/place/place.h"
#include "daemon/policy/engine/prefilter.h"
#include "daemon/policy/place/system_calls.h"
#include "daemon/sensor/base.h"
#include "daemon/source/ring.h"
#include "lib/cleanup.h"
#include "lib/util.h"
#include "policy/policy.h"
#include "policy/words.h"
#include "tests/bpf/prefilter-model.h"
#include "tests/bpf/arguments-harness.h"
#include "tests/bpf/selectors.h"
#include "tests/bpf/selectors.skel.h"

#define COMBINATIONS_MAX    1024
#define SAMPLES_OF_A_POLICY 40
#define PRINTED_MAX	    5
#define PROCESS_POLICIES    1000000 /* numbers from here on */
#define PROCESS_ROUNDS_MAX  1000
#define NARROW_POLICIES	    2000000 /* numbers from here on */
#define NARROW_ROUNDS	    100
#define TURNED_AWAY_MIN	    200
#define WORKLOAD_SCOPE	    7
#define ROUNDS_MAX	    12 /* through all combinations, until each had both answers */

/* What the processes that run policies tell the one that made them. */
struct results {
	uint64_t cases, matches, disagreements, failures;
	uint64_t turned_away_by_number, turned_away_by_text; /* before the steps */
	struct occurrences occurrences;
};

struct selectors_test {
	struct base_sensor *sensor;
	struct hook_environment environment;
	struct selectors_bpf *memory;
	struct results *results;
	struct ring *ring;
	uint64_t policies;
};

static void give_up(const char *what, const char *why)
{
	printf("Bail out! %s: %s\n", what, why);
	exit(1);
}

/* ---- one case ---- */

struct verdict {
	bool any;
	int selector; /* -1: none */
	struct hit_record record;
};

static int run(struct selectors_test *test, int program, const uint64_t raw[HOOK_RAW_MAX],
	struct verdict *ret)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = raw,
		.ctx_size_in = HOOK_RAW_MAX * sizeof(*raw));
	const void *bytes;
	size_t size;

	ret->selector = -1;
	if (bpf_prog_test_run_opts(program, &options))
		return -errno;
	while ((bytes = ring_next(test->ring, &size)))
		if (((const struct record_header *)bytes)->kind == RECORD_HIT) {
			memcpy(&ret->record, bytes, sizeof(ret->record));
			ret->selector = (int)ret->record.selector;
		}
	ring_release(test->ring);
	return 0;
}

static void print_text(const struct policy_text *text)
{
	printf("%zu \"", text->length);
	for (size_t i = 0; i < text->length && i < 300; i++)
		if (text->data[i] >= ' ' && text->data[i] < 0x7f)
			putchar(text->data[i]);
		else
			printf("\\x%02x", (unsigned char)text->data[i]);
	putchar('"');
}

static void print_arguments(const char *what, const struct policy_arguments *arguments,
	const struct observed_argument *args)
{
	for (size_t i = 0; i < arguments->count; i++) {
		const struct observed_argument *argument = &args[i];
		const uint8_t *from = argument->socket.source, *to = argument->socket.destination;

		printf("# %s[%zu] %s%s integer %lld = %llx, mode %o, capabilities %llx, text ",
			what, i, policy_word(policy_argument_type_words, arguments->items[i].type),
			argument->readable ? "" : " (not readable)", (long long)argument->integer,
			(unsigned long long)argument->integer, argument->mode,
			(unsigned long long)argument->capabilities);
		print_text(&argument->text);
		printf("%s, family %u protocol %u state %u ports %u %u",
			argument->text_is_cut ? " cut" : "", argument->socket.family,
			argument->socket.protocol, argument->socket.state,
			argument->socket.source_port, argument->socket.destination_port);
		printf(" from %u.%u.%u.%u to %u.%u.%u.%u\n", from[0], from[1], from[2], from[3],
			to[0], to[1], to[2], to[3]);
	}
}

static void print_process(const struct observation *observation)
{
	const struct observed_process *process = &observation->process;

	printf("# process %u (%u) %s, parent %u %s, workload %d\n", process->pid,
		process->namespace_pid, process->binary, process->parent->pid,
		process->parent->binary, observation->workload_matches);
	for (int i = 0; i < POLICY_NAMESPACE_COUNT; i++)
		printf("# namespace %d: %u, was %u, host's %u\n", i, process->namespaces[i],
			process->namespaces_at_exec[i], observation->host_namespaces[i]);
	for (int i = 0; i < POLICY_CAPABILITY_SETS; i++)
		printf("# capabilities %d: %llx, was %llx\n", i,
			(unsigned long long)process->capabilities[i],
			(unsigned long long)process->capabilities_at_exec[i]);
}

static void print_disagreement(const struct buf *yaml, const struct policy_hook *hook,
	const struct observation *observation, int expected, const struct verdict *verdict)
{
	printf("# the model says %d, the kernel %d\n# ", expected, verdict->selector);
	for (size_t i = 0; i < yaml->length; i++) {
		putchar(yaml->data[i]);
		if (yaml->data[i] == '\n')
			printf("# ");
	}
	putchar('\n');
	print_arguments("args", &hook->args, observation->args);
	print_arguments("data", &hook->data, observation->data);
	print_process(observation);
	for (uint32_t i = 0; verdict->selector >= 0 && i < verdict->record.arguments_count; i++) {
		const struct hit_argument *argument = &verdict->record.arguments[i];

		printf("# seen: %u status %u length %u size %u integer %llx\n", i, argument->status,
			argument->length, argument->size, argument->integer);
	}
	fflush(stdout);
}

static bool in_list(const struct policy_list *list, uint64_t number)
{
	uint32_t call;

	for (size_t i = 0; i < list->values.count; i++)
		if (!system_call_number(list->values.items[i].data, &call) && call == number)
			return true;
	return false;
}

/* ---- one policy, in a process of its own ---- */

static void set_state(struct selectors_test *test, int fd, const struct process_state *state)
{
	if (fd < 0 || bpf_map_update_elem(test->environment.process_states_fd, &fd, state, BPF_ANY))
		give_up("cannot set a process's state", strerror(errno));
}

static void set_workload(struct selectors_test *test, bool matches)
{
	struct container_scopes scopes = {.words[0] = (uint64_t)matches << WORKLOAD_SCOPE};
	uint64_t host = 0;

	if (bpf_map_update_elem(bpf_map__fd(test->environment.shared->maps.container_scopes), &host,
		    &scopes, BPF_ANY))
		give_up("cannot set scopes", strerror(errno));
}

/* What is in the register that raw[] is. */
static const struct observed_argument *observed_at(
	const struct policy_hook *hook, const struct sample *sample, uint32_t raw)
{
	for (size_t i = 0; i < hook->args.count; i++)
		if (hook->args.items[i].index == raw)
			return &sample->args[i];
	for (size_t i = 0; i < hook->data.count; i++)
		if (hook->data.items[i].index == raw)
			return &sample->data[i];
	return NULL;
}

/* Whether the kernel side does not need to take the steps. (Where a string ends at the end of
 * memory it takes them all the same.) */
static void count_turned_away(struct results *results, const struct hook_prefilter *prefilter,
	const struct policy_hook *hook, const struct sample *sample)
{
	const struct observed_argument *observed = observed_at(hook, sample, prefilter->text.raw);

	if (!prefilter_number_passes(&prefilter->number, sample->raw[prefilter->number.raw]))
		results->turned_away_by_number++;
	else if (prefilter->text.is_used && observed->readable &&
		 !prefilter_text_passes(&prefilter->text, observed->text.data))
		results->turned_away_by_text++;
}

static void run_samples(struct selectors_test *test, const struct buf *yaml,
	const struct policy_hook *hook, const struct hook_prefilter *prefilter, int program)
{
	static struct sample sample;
	struct observation observation = {
		.args = sample.args, .data = sample.data, .system_call_in_list = in_list};
	struct process_state state, parent_state;
	struct results *results = test->results;
	int parent = become_another();

	/* What a ring's consumer has taken, only it knows: a new one in each process. */
	if (ring_open(test->environment.ring_fd, test->environment.ring_bytes, &test->ring) < 0)
		give_up("cannot open the ring", "");
	host_namespaces(observation.host_namespaces);
	observation.process = *observe_ancestors();
	observation.workload_matches = one_in(2);
	set_workload(test, observation.workload_matches);
	random_process(hook, &observation, &state, &parent_state);
	set_state(test, (int)syscall(SYS_pidfd_open, getpid(), 0), &state);
	set_state(test, parent, &parent_state);
	for (int i = 0; i < SAMPLES_OF_A_POLICY; i++) {
		struct verdict verdict = {};
		int expected, r;

		random_sample(hook, &sample);
		expected = selector_model_first_match(hook, &observation);
		r = run(test, program, sample.raw, &verdict);
		if (r < 0) {
			printf("# a program does not run: %s\n", strerror(-r));
			results->failures++;
			return;
		}
		results->cases++;
		results->matches += expected >= 0;
		count_turned_away(results, prefilter, hook, &sample);
		count_decisions(&results->occurrences, hook, &observation);
		if (verdict.selector != expected && results->disagreements++ < PRINTED_MAX)
			print_disagreement(yaml, hook, &observation, expected, &verdict);
	}
}

/* The policy's bits in the order in which they are asked for. */
static int next_bit(void *data, const struct policy_match_binaries *match, struct error *error)
{
	int *bit = data;

	return (*bit)++;
}

/* All arguments in raw[] by their index, whatever kind of hook it is said to be. */
static int place_hook(const struct policy_hook *hook, struct hook_place *place, struct error *error)
{
	int r = 0;

	place->mechanism = MECHANISM_RAW_TRACEPOINT;
	place->raw_count = HOOK_RAW_RETURN;
	place->arguments_count = (uint32_t)(hook->args.count + hook->data.count);
	for (uint32_t i = 0; i < place->arguments_count && r >= 0; i++) {
		const struct policy_argument *argument =
			i < hook->args.count ? &hook->args.items[i]
					     : &hook->data.items[i - hook->args.count];

		place->arguments[i].raw = (uint8_t)argument->index;
		r = hook_place_argument(place, i, argument, NULL, 0, error);
	}
	return r;
}

static int load(struct selectors_test *test, const struct policy_hook *hook, struct hook **ret_hook,
	struct hook_prefilter *ret_prefilter, struct error *error)
{
	int scopes[POLICY_SELECTORS_MAX], bit = 0, r;
	struct compile_input input = {
		.hook = hook, .binary_bit = next_bit, .data = &bit, .workload_scopes = scopes};
	struct hook_settings settings = {.id = 1, .scope = -1};
	struct compiled_hook compiled = {};
	struct hook_place place = {};

	for (size_t i = 0; i < ARRAY_SIZE(scopes); i++)
		scopes[i] = WORKLOAD_SCOPE;
	r = place_hook(hook, &place, error);
	memcpy(input.types, place.types, sizeof(input.types));
	host_namespaces(input.host_namespaces);
	if (r >= 0)
		r = hook_compile(&input, &compiled, error);
	if (r >= 0)
		r = hook_load(&test->environment, &settings, &place, &compiled, ret_hook, error);
	if (r >= 0)
		r = prefilter_find(
			&compiled, place.arguments, place.arguments_count, ret_prefilter);
	if (r >= 0)
		hook_arm(*ret_hook);
	compiled_hook_done(&compiled);
	hook_place_done(&place);
	return r;
}

static const struct policy_hook *parse(const struct buf *yaml, struct policy_set **ret_set)
{
	const struct policy_spec *spec;

	if (policy_set_parse(yaml->data, yaml->length, ret_set) < 0)
		give_up("policy_set_parse", "out of memory");
	if ((*ret_set)->report.errors) {
		printf("# line %u, column %u: %s\n", (*ret_set)->report.problems[0].line,
			(*ret_set)->report.problems[0].column,
			(*ret_set)->report.problems[0].message);
		return NULL;
	}
	spec = &(*ret_set)->policies->spec;
	return spec->hooks[POLICY_KPROBE].count ? spec->hooks[POLICY_KPROBE].items
						: spec->hooks[POLICY_TRACEPOINT].items;
}

static void run_policy(
	struct selectors_test *test, struct combination first, uint64_t seed, uint64_t number)
{
	_cleanup_policy_set_ struct policy_set *set = NULL;
	_cleanup_buf_ struct buf yaml = {0};
	const struct policy_hook *hook;
	struct hook_prefilter prefilter;
	struct error error = {};
	struct hook *loaded;
	int status;
	pid_t child;

	uint64_t disagreements = test->results->disagreements;

	random_seed(seed + number * 1000003);
	if (number >= NARROW_POLICIES)
		random_narrow_policy(&yaml);
	else
		random_policy(&yaml, first,
			number < PROCESS_POLICIES
				? -1
				: (int)((number - PROCESS_POLICIES) % PROCESS_FILTERS));
	test->policies++;
	hook = parse(&yaml, &set);
	if (!hook || load(test, hook, &loaded, &prefilter, &error) < 0) {
		printf("# %s\n%.*s\n", error.message, (int)yaml.length, yaml.data);
		test->results->failures++;
		return;
	}
	fflush(stdout);
	child = fork();
	if (!child) {
		random_seed(~seed + number);
		run_samples(test, &yaml, hook, &prefilter, hook_program_fd(loaded));
		fflush(stdout);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status) {
		printf("# the process of a policy ends with %x\n", status);
		test->results->failures++;
	}
	if (test->results->disagreements > disagreements && disagreements < PRINTED_MAX)
		diag("to see it again: --seed %llu --policy %llu", (unsigned long long)seed,
			(unsigned long long)number);
	hook_free(loaded);
}

/* ---- all ---- */

static void find_addresses(struct selectors_test *test)
{
	LIBBPF_OPTS(bpf_test_run_opts, options);
	size_t bytes;
	char *objects;

	test->memory = selectors_bpf__open_and_load();
	if (!test->memory)
		give_up("cannot load a program", strerror(errno));
	bytes = bpf_map__value_size(test->memory->maps.objects);
	objects = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		bpf_map__fd(test->memory->maps.objects), 0);
	if (objects == MAP_FAILED ||
		bpf_prog_test_run_opts(
			bpf_program__fd(test->memory->progs.tell_addresses), &options))
		give_up("cannot find addresses", strerror(errno));
	objects_use(objects, test->memory->bss->objects_address, bytes);
	for (size_t i = 0; i < open_file_count; i++) {
		open_files[i].address = test->memory->bss->files[open_files[i].fd];
		open_files[i].dentry = test->memory->bss->dentries[open_files[i].fd];
		if (!open_files[i].address)
			give_up(open_files[i].path, "its descriptor is too large");
	}
}

static int print_warnings(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return level == LIBBPF_WARN && getenv("TEST_SELECTORS_LOG") ? vprintf(format, arguments)
								    : 0;
}

static void set_up(struct selectors_test *test)
{
	const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	struct config *config = NULL;
	struct error error = {};

	setrlimit(RLIMIT_MEMLOCK, &unlimited); /* before 5.11 */
	libbpf_set_print(print_warnings);
	files_open();
	host_namespaces((uint32_t[POLICY_NAMESPACE_COUNT]){0});
	find_addresses(test);
	test->results = mmap(NULL, sizeof(*test->results), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (test->results == MAP_FAILED || config_load("/dev/null", &config, &error) < 0 ||
		config_finish(config, &error) < 0 ||
		base_sensor_load(config, &test->sensor, &error) < 0)
		give_up("cannot load the base sensor", error.message);
	base_sensor_hook_environment(test->sensor, &test->environment);
	test->environment.throttle_bytes = 0;
	if (hook_environment_init(&test->environment, &error) < 0)
		give_up("cannot make the maps of policies", error.message);
	config_free(config);
}

static void run_all(struct selectors_test *test, uint64_t seed, uint64_t cases, int64_t only)
{
	static struct combination combinations[COMBINATIONS_MAX];
	size_t count = list_combinations(combinations, COMBINATIONS_MAX);
	uint64_t number = 0;

	for (int round = 0; round < ROUNDS_MAX; round++)
		for (size_t i = 0; i < count; i++, number++) {
			if (only >= 0 && number != (uint64_t)only)
				continue;
			if (only < 0 && round && test->results->cases >= cases &&
				has_occurred(&test->results->occurrences, combinations[i]))
				continue;
			run_policy(test, combinations[i], seed, number);
		}
	/* Filters of the process alone, until each had both answers. */
	if (only >= PROCESS_POLICIES)
		run_policy(test, combinations[0], seed, (uint64_t)only);
	for (uint64_t round = 0; only < 0 && round < PROCESS_ROUNDS_MAX; round++) {
		int filter = missing_filter(&test->results->occurrences);

		if (filter < 0)
			break;
		run_policy(test, combinations[0], seed,
			PROCESS_POLICIES + round * PROCESS_FILTERS + (uint64_t)filter);
	}
	for (number = NARROW_POLICIES; only < 0 && number < NARROW_POLICIES + NARROW_ROUNDS;)
		run_policy(test, combinations[0], seed, number++);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"seed", required_argument, NULL, 's'},
		{"cases", required_argument, NULL, 'c'}, {"policy", required_argument, NULL, 'p'},
		{0}};
	struct selectors_test test = {};
	uint64_t seed = (uint64_t)time(NULL), cases = 10000;
	int64_t only = -1;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0)
		switch (option) {
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'c':
			cases = strtoull(optarg, NULL, 0);
			break;
		case 'p':
			only = strtoll(optarg, NULL, 0);
			break;
		default:
			return 2;
		}
	diag("seed %llu", (unsigned long long)seed);
	set_up(&test);
	run_all(&test, seed, cases, only);
	diag("%llu policies, %llu cases, %llu of them matches", (unsigned long long)test.policies,
		(unsigned long long)test.results->cases, (unsigned long long)test.results->matches);
	diag("turned away before any question: %llu by a number, %llu by a text",
		(unsigned long long)test.results->turned_away_by_number,
		(unsigned long long)test.results->turned_away_by_text);
	ok(!test.results->failures, "every policy is taken and runs");
	ok(!test.results->disagreements, "the kernel answers as the model does");
	ok(only >= 0 || test.results->cases >= cases, "in at least %llu cases",
		(unsigned long long)cases);
	ok(only >= 0 || (test.results->turned_away_by_number >= TURNED_AWAY_MIN &&
				test.results->turned_away_by_text >= TURNED_AWAY_MIN),
		"some are turned away before any question");
	ok(only >= 0 || !count_missing(&test.results->occurrences, true),
		"every operator with every type, every filter, with both answers");
	files_remove();
	hook_environment_done(&test.environment);
	base_sensor_free(test.sensor);
	selectors_bpf__destroy(test.memory);
	return finish();
}
