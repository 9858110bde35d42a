/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/filter/regex.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/util.h"

/*
 * PCRE2 counts its match limit anew for each place where a match could start, so that the limit
 * alone leaves `a.*[bc]` quadratic: minutes for a long argument list. The callout put in front of
 * each expression is called once per such place, and looks at the clock.
 */
#define COUNTING_CALLOUT "(?C255)"
#define LONGEST_TEXT	 (1u << 24)
#define LONG_TEXT	 32768 /* bytes from which on a single start may take a millisecond */
#define STARTS_PER_LOOK	 8     /* at the clock, to begin with */
#define STARTS_MAX	 64
#define LOOK_INTERVAL_NS (20 * NSEC_PER_USEC) /* what is worth a look */

#define HEAP_LIMIT_KIB 4096

/*
 * How much a search may take. Whoever finds out that an expression runs away can make it do so with
 * each exec: after a few times in a second there is less for each, enough for ordinary searches,
 * and after many nothing. So one machine takes a tenth of a second of a second at worst.
 */
static const struct level {
	unsigned int run_aways;	 /* from so many in this second on */
	uint32_t steps;		 /* from one start */
	uint32_t steps_per_byte; /* and these: `.*` goes over the whole text, and back */
	uint64_t time_ns;
} levels[] = {
	{0, 20000, 2, 5 * NSEC_PER_MSEC},
	{5, 5000, 0, 100 * NSEC_PER_USEC},
	{500, 0, 0, 0},
};

struct regex {
	pcre2_code *code;
	uint32_t groups;
};

struct regex_machine {
	pcre2_match_context *context;
	pcre2_match_data *data;
	unsigned int starts, starts_per_look; /* left until the next look; then so many again */
	uint64_t looked;		      /* CLOCK_MONOTONIC; 0: not yet */
	uint64_t deadline;
	uint64_t cpu_deadline; /* of this thread's time; 0: the other one has not passed */
	const struct level *level;
	unsigned int run_aways; /* in the second that ends at second_end */
	uint64_t second_end;
	uint64_t run_aways_total;
};

/* The cheap clock first. When it says that time is up, this thread may only not have been running:
 * from then on its own time counts. */
static bool out_of_time(struct regex_machine *machine)
{
	uint64_t time = clock_ns(CLOCK_MONOTONIC), last = machine->looked;

	machine->looked = time;
	if (!last) {
		machine->deadline = time + machine->level->time_ns;
		return false;
	}
	if (time - last < LOOK_INTERVAL_NS)
		machine->starts_per_look =
			MIN(machine->starts_per_look * 2, (unsigned int)STARTS_MAX);
	else
		machine->starts_per_look = 1;
	if (machine->cpu_deadline)
		return clock_ns(CLOCK_THREAD_CPUTIME_ID) > machine->cpu_deadline;
	if (time > machine->deadline)
		machine->cpu_deadline = clock_ns(CLOCK_THREAD_CPUTIME_ID) + machine->level->time_ns;
	return false;
}

static int count_start(pcre2_callout_block *block, void *data)
{
	struct regex_machine *machine = data;

	if (machine->starts--)
		return 0;
	if (out_of_time(machine))
		return PCRE2_ERROR_CALLOUT;
	machine->starts = machine->starts_per_look - 1;
	return 0;
}

static void set_level(struct regex_machine *machine)
{
	const struct level *level = levels + ARRAY_SIZE(levels) - 1;

	while (machine->run_aways < level->run_aways)
		level--;
	machine->level = level;
}

static enum regex_result ran_away(struct regex_machine *machine)
{
	if (!machine->run_aways++)
		machine->second_end = clock_ns(CLOCK_MONOTONIC) + NSEC_PER_SEC;
	machine->run_aways_total++;
	set_level(machine);
	/* The memory that the search took stays with the match data: give it back. */
	pcre2_match_data_free(machine->data);
	machine->data = NULL;
	return REGEX_RUN_AWAY;
}

/* Whether there may be a search at all. */
static bool prepare(struct regex_machine *machine, size_t length, size_t start)
{
	if (machine->run_aways && clock_ns(CLOCK_MONOTONIC) > machine->second_end) {
		machine->run_aways = 0;
		set_level(machine);
	}
	if (!machine->level->steps)
		return false;
	if (!machine->data)
		machine->data = pcre2_match_data_create(REGEX_GROUPS_MAX + 1, NULL);
	if (start == 0) {
		machine->starts_per_look = length < LONG_TEXT ? STARTS_PER_LOOK : 1;
		machine->starts = machine->starts_per_look - 1;
		machine->looked = machine->cpu_deadline = 0;
		pcre2_set_match_limit(machine->context,
			machine->level->steps +
				machine->level->steps_per_byte *
					(uint32_t)MIN(length, (size_t)LONGEST_TEXT));
	}
	return machine->data;
}

int regex_machine_new(struct regex_machine **ret_machine)
{
	struct regex_machine *machine = calloc(1, sizeof(*machine));

	if (!machine)
		return -ENOMEM;
	machine->context = pcre2_match_context_create(NULL);
	machine->data = pcre2_match_data_create(REGEX_GROUPS_MAX + 1, NULL);
	if (!machine->context || !machine->data) {
		regex_machine_free(machine);
		return -ENOMEM;
	}
	set_level(machine);
	pcre2_set_heap_limit(machine->context, HEAP_LIMIT_KIB);
	pcre2_set_callout(machine->context, count_start, machine);
	*ret_machine = machine;
	return 0;
}

struct regex_machine *regex_machine_free(struct regex_machine *machine)
{
	if (!machine)
		return NULL;
	pcre2_match_context_free(machine->context);
	pcre2_match_data_free(machine->data);
	free(machine);
	return NULL;
}

struct regex *regex_free(struct regex *regex)
{
	if (!regex)
		return NULL;
	pcre2_code_free(regex->code);
	free(regex);
	return NULL;
}

size_t regex_group_count(const struct regex *regex)
{
	return regex->groups;
}

static int compile(const struct buf *source, struct regex *regex, struct error *error)
{
	const uint32_t options = PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_DOLLAR_ENDONLY;
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	size_t offset, prefix = strlen(COUNTING_CALLOUT);
	PCRE2_UCHAR message[128];
	int code;

	if (!context)
		return error_set(error, -ENOMEM, "no memory");
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	regex->code = pcre2_compile(
		(PCRE2_SPTR)source->data, source->length, options, &code, &offset, context);
	pcre2_compile_context_free(context);
	if (!regex->code) {
		pcre2_get_error_message(code, message, sizeof(message));
		return error_set(error, code == PCRE2_ERROR_NOMEMORY ? -ENOMEM : -EINVAL,
			"\"%.*s\" is no regular expression: %s at byte %zu",
			(int)MIN(source->length - prefix, (size_t)100), source->data + prefix,
			message, offset > prefix ? offset - prefix : 0);
	}
	pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &regex->groups);
	if (regex->groups > REGEX_GROUPS_MAX)
		return error_set(error, -EINVAL,
			"the regular expression has %u groups, allowed: %d", regex->groups,
			REGEX_GROUPS_MAX);
	return 0;
}

int regex_compile(const char *pattern, size_t length, struct regex **ret_regex, struct error *error)
{
	_cleanup_buf_ struct buf source = {};
	struct regex *regex;
	int r;

	if (length > REGEX_PATTERN_MAX)
		return error_set(error, -EINVAL,
			"the regular expression has %zu bytes, allowed: %d", length,
			REGEX_PATTERN_MAX);
	buf_append_literal(&source, COUNTING_CALLOUT);
	buf_append(&source, pattern, length);
	regex = calloc(1, sizeof(*regex));
	if (!regex || source.failed) {
		free(regex);
		return error_set(error, -ENOMEM, "no memory");
	}
	r = compile(&source, regex, error);
	if (r < 0) {
		regex_free(regex);
		return r;
	}
	*ret_regex = regex;
	return 0;
}

enum regex_result regex_search(const struct regex *regex, struct regex_machine *machine,
	const char *text, size_t length, size_t start)
{
	int r;

	if (!prepare(machine, length, start))
		return ran_away(machine);
	r = pcre2_match(regex->code, (PCRE2_SPTR)(text ? text : ""), length, start, 0,
		machine->data, machine->context);
	if (r == PCRE2_ERROR_NOMATCH)
		return REGEX_NO;
	if (r >= 0)
		return REGEX_YES;
	return ran_away(machine);
}

uint64_t regex_machine_run_aways(const struct regex_machine *machine)
{
	return machine->run_aways_total;
}

void regex_group(
	const struct regex_machine *machine, size_t group, size_t *ret_start, size_t *ret_end)
{
	const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(machine->data);

	*ret_start = offsets[2 * group];
	*ret_end = offsets[2 * group + 1];
}
