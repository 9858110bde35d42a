/* SPDX-License-Identifier: Apache-2.0 */
/* Whose match it is, and entry and return of a call: one event when both come, and never none. */
#include <string.h>

#include "daemon/config.h"
#include "daemon/enrich/enrich.h"
#include "tests/unit/hit-sample.h"
#include "tests/unit/unit.h"

#define START 500000000

static struct enrichment enrichment;
static struct config *config;
static struct hit_sample sample;

static const struct hook_description *find_hook(void *data, uint32_t id)
{
	return id == sample.hook->id ? sample.hook : NULL;
}

static const char *find_function(void *data, const struct hook_description *hook, uint64_t function)
{
	return function == 257 ? "sys_openat" : NULL;
}

static void symbolize(void *data, const struct hit_record *record, struct stack_frame *kernel,
	size_t kernel_depth, struct stack_frame *user, size_t user_depth)
{
	for (size_t i = 0; i < kernel_depth; i++)
		kernel[i].symbol = "kernel_function";
	for (size_t i = 0; i < user_depth; i++)
		user[i].module = "/lib/libc.so.6";
}

static void set_up(void)
{
	const struct hook_source source = {
		.hook = find_hook, .function = find_function, .symbolize = symbolize};
	struct error error = {};

	ck_assert_int_eq(config_load("/dev/null", &config, &error), 0);
	ck_assert_int_eq(config_finish(config, &error), 0);
	ck_assert_int_eq(enrich_init(&enrichment, config, NULL), 0);
	enrich_set_hooks(&enrichment, &source);
	hit_sample_init(&sample, EVENT_PROCESS_KPROBE);
}

static void tear_down(void)
{
	enrich_done(&enrichment);
	ck_assert_uint_eq(sample.hook->references, 1);
	hit_sample_done(&sample);
	config_free(config);
}

/* Process 7 of the sample. */
static void add_process(void)
{
	struct fork_record fork = {.header = {.kind = RECORD_FORK, .time = START},
		.process = {START, 7, 1},
		.parent = {1, 1, 1}};
	struct record_view view = {.kind = RECORD_FORK, .fork = &fork};

	enrich_record(&enrichment, &view);
	enrich_finish(&enrichment);
}

static struct record_view end_process(struct exit_record *record)
{
	struct record_view view = {.kind = RECORD_EXIT, .exit = record};

	*record = (struct exit_record){
		.header = {.kind = RECORD_EXIT, .time = 2 * START}, .process = {START, 7, 1}};
	return view;
}

/* The record as the ring has it, and gone when this returns. */
static size_t send(uint64_t call, uint32_t flags)
{
	struct record_view view;
	size_t size;
	char *copy;

	sample.record.call = call;
	sample.record.hit_flags = flags;
	copy = malloc(sizeof(struct hit_record) + 65536);
	hit_sample_record(&sample, &size);
	ck_assert_uint_le(size, sizeof(struct hit_record) + 65536);
	memcpy(copy, sample.bytes.data, size);
	ck_assert_int_eq(record_decode(copy, size, &view), 0);
	enrich_record(&enrichment, &view);
	if (!enrichment.event_count) /* nothing may point there */
		memset(copy, 0xff, size);
	free(flags & HIT_AWAITS_RETURN ? copy : NULL);
	if (!(flags & HIT_AWAITS_RETURN)) {
		static char *last;

		free(last); /* events point into it until enrich_finish() */
		last = copy;
	}
	return enrichment.event_count;
}

static const struct event *only_event(void)
{
	ck_assert_uint_eq(enrichment.event_count, 1);
	return &enrichment.events[0];
}

START_TEST(at_once)
{
	const struct event *event;

	add_process();
	sample.record.kernel_stack_depth = 2;
	sample.record.user_stack_depth = 2; /* the second is 0, where the stack ends */
	sample.user_stack[0] = 0x401000;
	sample.kernel_stack[1] = 0xffffffff81000000;
	sample.record.has_hash = 1;
	sample.record.hash_algorithm = 2;
	sample.hash[0] = 17;
	ck_assert_uint_eq(send(1, 0), 1);
	event = only_event();
	ck_assert_int_eq(event->kind, EVENT_PROCESS_KPROBE);
	ck_assert_uint_eq(event->process->pid, 7);
	ck_assert_uint_eq(event->tid, 8);
	ck_assert_ptr_eq(event->hit.hook, sample.hook);
	ck_assert_str_eq(event->hit.function, "__x64_sys_openat");
	ck_assert_ptr_null(event->hit.return_record);
	ck_assert_int_eq(event->hit.action, POLICY_ACTION_POST);
	ck_assert_uint_eq(event->hit.kernel_stack_depth, 2);
	ck_assert_uint_eq(event->hit.kernel_stack[1].address, 0xffffffff81000000);
	ck_assert_str_eq(event->hit.kernel_stack[1].symbol, "kernel_function");
	ck_assert_uint_eq(event->hit.user_stack_depth, 1);
	ck_assert_str_eq(event->hit.user_stack[0].module, "/lib/libc.so.6");
	ck_assert_ptr_nonnull(event->hit.hash);
	ck_assert_int_eq(event->hit.hash[0], 17);
	ck_assert_uint_eq(event->hit.hash_algorithm, 2);
	enrich_finish(&enrichment);
	ck_assert_uint_eq(enrichment.event_count, 0);
}
END_TEST

/* Of argument 0, or another. */
static void send_piece(uint64_t call, uint32_t argument, uint32_t offset, const char *text)
{
	struct {
		struct hit_data_record record;
		char bytes[64];
	} piece = {.record = {.header = {.kind = RECORD_HIT_DATA, .version = RECORD_VERSION},
			   .call = call,
			   .argument = argument,
			   .offset = offset,
			   .length = (uint32_t)strlen(text)}};
	struct record_view view;

	memcpy(piece.bytes, text, strlen(text));
	piece.record.header.size = (uint32_t)(sizeof(piece.record) + strlen(text));
	ck_assert_int_eq(record_decode(&piece, piece.record.header.size, &view), 0);
	enrich_record(&enrichment, &view);
	ck_assert_uint_eq(enrichment.event_count, 0);
	enrich_finish(&enrichment);
}

static void expect_bytes(const char *expected, enum argument_status status)
{
	const struct hit_argument *argument;
	const char *bytes;

	argument = policy_hit_argument(&only_event()->hit, 0, &bytes);
	ck_assert_ptr_nonnull(argument);
	ck_assert_uint_eq(argument->length, strlen(expected));
	ck_assert_mem_eq(bytes, expected, strlen(expected));
	ck_assert_int_eq(argument->status, status);
	enrich_finish(&enrichment);
}

static void add_cut_argument(void)
{
	struct hit_argument *argument = &sample.record.arguments[0];

	add_process();
	hit_sample_text(&sample, POLICY_TYPE_CHAR_BUF, ARGUMENT_CHAR_BUF, "abcd");
	argument->status = ARGUMENT_CUT;
	argument->size = 10;
	argument->flags = HIT_ARGUMENT_PIECES;
}

START_TEST(pieces)
{
	add_cut_argument();
	send_piece(1, 0, 4, "efg");
	send_piece(2, 0, 4, "another");
	send_piece(1, 0, 7, "hij");
	ck_assert_uint_eq(send(1, 0), 1);
	expect_bytes("abcdefghij", ARGUMENT_READ);
	ck_assert_uint_eq(enrichment.hits.pieces.count, 1);
}
END_TEST

START_TEST(pieces_that_are_missing)
{
	add_cut_argument();
	ck_assert_uint_eq(send(1, 0), 1); /* all of them */
	expect_bytes("abcd", ARGUMENT_CUT);
	send_piece(1, 0, 4, "ef"); /* one in the middle */
	send_piece(1, 0, 7, "h");
	ck_assert_uint_eq(send(1, 0), 1);
	expect_bytes("abcdef", ARGUMENT_CUT);
	send_piece(1, 0, 5, "fghij"); /* the first */
	ck_assert_uint_eq(send(1, 0), 1);
	expect_bytes("abcd", ARGUMENT_CUT);
	ck_assert_uint_eq(enrichment.hits.pieces.count, 0);
	ck_assert_uint_eq(enrichment.hits.pieces.bytes, 0);
}
END_TEST

START_TEST(pieces_of_a_call_that_returns_later)
{
	add_cut_argument();
	send_piece(1, 0, 4, "efghij");
	ck_assert_uint_eq(send(1, HIT_AWAITS_RETURN), 0);
	sample.record.arguments[0].status = ARGUMENT_UNREAD;
	ck_assert_uint_eq(send(1, HIT_RETURN), 1);
	expect_bytes("abcdefghij", ARGUMENT_READ);
}
END_TEST

START_TEST(pieces_without_a_match)
{
	add_cut_argument();
	for (uint64_t call = 0; call < 2 * HIT_PIECES_ARGUMENTS_MAX; call++)
		send_piece(call, 0, 4, "efghij");
	ck_assert_uint_eq(enrichment.hits.pieces.count, HIT_PIECES_ARGUMENTS_MAX);
	ck_assert_uint_eq(enrichment.hits.pieces.evicted, HIT_PIECES_ARGUMENTS_MAX);
	for (uint64_t call = 0; call < 200; call++) /* each takes all that an argument can have */
		send_piece(call, 1, HIT_MAX_DATA - 2, "yz");
	ck_assert_uint_le(enrichment.hits.pieces.bytes, HIT_PIECES_BYTES_MAX);
	send_piece(1, 0, HIT_MAX_DATA - 1, "too much");
	send_piece(1, HOOK_ARGUMENTS_MAX, 4, "of none");
	ck_assert_uint_eq(send(2 * HIT_PIECES_ARGUMENTS_MAX, 0), 1);
	expect_bytes("abcd", ARGUMENT_CUT);
}
END_TEST

START_TEST(which_of_many_functions)
{
	add_process();
	free((char *)sample.hook->function);
	sample.hook->function = NULL;
	sample.record.function = 257;
	send(1, 0);
	ck_assert_str_eq(only_event()->hit.function, "sys_openat");
	enrich_finish(&enrichment);
	sample.record.function = 258;
	send(1, 0);
	ck_assert_ptr_null(only_event()->hit.function);
	enrich_finish(&enrichment);
}
END_TEST

START_TEST(actions)
{
	struct hook_selector_description selectors[] = {{.action = POLICY_ACTION_NO_POST},
		{.action = POLICY_ACTION_OVERRIDE, .return_action = POLICY_ACTION_TRACK_SOCK}};

	add_process();
	sample.hook->selectors = selectors;
	sample.hook->selector_count = 2;
	sample.record.selector = 1;
	send(1, HIT_AT_RETURN);
	ck_assert_int_eq(only_event()->hit.action, POLICY_ACTION_OVERRIDE);
	ck_assert_int_eq(only_event()->hit.return_action, POLICY_ACTION_TRACK_SOCK);
	ck_assert(only_event()->hit.monitored && !only_event()->hit.acted);
	enrich_finish(&enrichment);
	send(1, HIT_OVERRIDDEN);
	ck_assert(only_event()->hit.acted && !only_event()->hit.monitored);
	enrich_finish(&enrichment);
	sample.record.selector = UINT32_MAX; /* lies */
	send(1, 0);
	ck_assert_int_eq(only_event()->hit.action, POLICY_ACTION_POST);
	enrich_finish(&enrichment);
	sample.hook->selectors = NULL;
	sample.hook->selector_count = 0;
}
END_TEST

/* The argument that the policy wants read at the return replaces the one of the entry. */
START_TEST(entry_and_return)
{
	const struct hit_argument *argument;
	const struct event *event;
	const char *bytes;

	add_process();
	hit_sample_integer(&sample, POLICY_TYPE_INT, 3);
	hit_sample_text(&sample, POLICY_TYPE_CHAR_BUF, ARGUMENT_CHAR_BUF, "before");
	ck_assert_uint_eq(send(99, HIT_AWAITS_RETURN), 0);
	ck_assert_uint_eq(sample.hook->references, 2);
	/* another call of the same process meanwhile */
	ck_assert_uint_eq(send(98, 0), 1);
	enrich_finish(&enrichment);
	sample.record.arguments[0].status = ARGUMENT_UNREAD;
	buf_clear(&sample.data);
	buf_append(&sample.data, "after!", 6);
	sample.record.header.time = 1500000000;
	hit_sample_return(&sample, POLICY_TYPE_INT, 6);
	ck_assert_uint_eq(send(99, HIT_RETURN), 1);
	event = only_event();
	ck_assert_uint_eq(event->hit.record->header.time, 1000000000);
	argument = policy_hit_argument(&event->hit, 0, &bytes);
	ck_assert_uint_eq(argument->integer, 3);
	argument = policy_hit_argument(&event->hit, 1, &bytes);
	ck_assert_int_eq(memcmp(bytes, "after!", 6), 0);
	argument = policy_hit_argument(&event->hit, HOOK_RETURN_ARGUMENT, &bytes);
	ck_assert_uint_eq(argument->integer, 6);
	enrich_finish(&enrichment);
	ck_assert_uint_eq(sample.hook->references, 1);
	ck_assert_uint_eq(enrichment.hits.counters.merged, 1);
	/* a second return of it says nothing new */
	ck_assert_uint_eq(send(99, HIT_RETURN), 0);
	ck_assert_uint_eq(enrichment.hits.counters.lone_returns, 1);
}
END_TEST

START_TEST(the_process_ends_in_the_call)
{
	struct exit_record exit;
	struct record_view view = end_process(&exit);

	add_process();
	send(1, HIT_AWAITS_RETURN);
	send(2, HIT_AWAITS_RETURN);
	for (uint64_t call = 1; call <= 2; call++) {
		enrich_overdue_hit(&enrichment, &view, 0);
		ck_assert_uint_eq(only_event()->hit.record->call, call);
		ck_assert_ptr_null(only_event()->hit.return_record);
		enrich_finish(&enrichment);
	}
	enrich_overdue_hit(&enrichment, &view, 0);
	ck_assert_uint_eq(enrichment.event_count, 0);
	enrich_record(&enrichment, &view);
	ck_assert_int_eq(only_event()->kind, EVENT_PROCESS_EXIT);
	enrich_finish(&enrichment);
	ck_assert_uint_eq(enrichment.hits.counters.unmerged, 2);
}
END_TEST

START_TEST(it_takes_too_long)
{
	add_process();
	send(1, HIT_AWAITS_RETURN);
	enrich_overdue_hit(&enrichment, NULL, 1000000000 + HIT_RETURN_WAIT_NS);
	ck_assert_uint_eq(enrichment.event_count, 0);
	enrich_overdue_hit(&enrichment, NULL, 1000000001 + HIT_RETURN_WAIT_NS);
	ck_assert_uint_eq(only_event()->hit.record->call, 1);
	enrich_finish(&enrichment);
	send(2, HIT_AWAITS_RETURN);
	enrich_overdue_hit(&enrichment, NULL, HIT_NO_MORE_WAITING);
	ck_assert_uint_eq(only_event()->hit.record->call, 2);
	enrich_finish(&enrichment);
}
END_TEST

START_TEST(the_number_comes_round)
{
	add_process();
	send(1, HIT_AWAITS_RETURN);
	sample.record.tid = 9;
	ck_assert_uint_eq(send(1, HIT_AWAITS_RETURN), 1);
	ck_assert_uint_eq(only_event()->tid, 8);
	enrich_finish(&enrichment);
	ck_assert_uint_eq(send(1, HIT_RETURN), 1);
	ck_assert_uint_eq(only_event()->tid, 9);
	enrich_finish(&enrichment);
}
END_TEST

/* matchReturnArgs: no return, no match; and a match too when its entry had no room any more. */
START_TEST(the_return_decides)
{
	struct hook_selector_description selectors[] = {{.needs_return = true}};
	const struct hit_argument *argument;
	struct exit_record exit;
	struct record_view view = end_process(&exit);
	const char *bytes;

	add_process();
	sample.hook->selectors = selectors;
	sample.hook->selector_count = 1;
	send(1, HIT_AWAITS_RETURN | HIT_NEEDS_RETURN);
	ck_assert_uint_eq(send(1, HIT_RETURN), 1);
	enrich_finish(&enrichment);
	send(2, HIT_AWAITS_RETURN | HIT_NEEDS_RETURN);
	send(3, HIT_AWAITS_RETURN);
	send(4, HIT_AWAITS_RETURN | HIT_NEEDS_RETURN);
	enrich_overdue_hit(&enrichment, &view, 0);
	ck_assert_uint_eq(only_event()->hit.record->call, 3);
	enrich_finish(&enrichment);
	enrich_overdue_hit(&enrichment, &view, 0);
	ck_assert_uint_eq(enrichment.event_count, 0);
	ck_assert_uint_eq(enrichment.hits.pending.count, 0);
	ck_assert_uint_eq(enrichment.hits.counters.unconfirmed, 2);
	ck_assert_uint_eq(sample.hook->references, 1);
	/* the entry is not there any more */
	hit_sample_integer(&sample, POLICY_TYPE_INT, 3);
	sample.record.arguments[0].status = ARGUMENT_UNREAD;
	hit_sample_return(&sample, POLICY_TYPE_INT, 6);
	ck_assert_uint_eq(send(5, HIT_RETURN), 1);
	argument = policy_hit_argument(&only_event()->hit, HOOK_RETURN_ARGUMENT, &bytes);
	ck_assert_uint_eq(argument->integer, 6);
	argument = policy_hit_argument(&only_event()->hit, 0, &bytes);
	ck_assert_int_eq(argument->status, ARGUMENT_UNREAD);
	enrich_finish(&enrichment);
	sample.hook->selectors = NULL;
	sample.hook->selector_count = 0;
}
END_TEST

/* Bounded in number and in bytes; the oldest goes first. */
static void fill(uint64_t count)
{
	uint64_t next = 1;

	for (uint64_t call = 1; call <= count; call++) {
		for (;;) {
			enrich_overdue_hit(&enrichment, NULL, 0);
			if (!enrichment.event_count)
				break;
			ck_assert_uint_eq(only_event()->hit.record->call, next++);
			enrich_finish(&enrichment);
		}
		send(call, HIT_AWAITS_RETURN);
		ck_assert_uint_le(enrichment.hits.pending.count, PENDING_HITS_MAX + 1);
		ck_assert_uint_le(enrichment.hits.pending.bytes,
			PENDING_HITS_BYTES_MAX + sizeof(struct pending_hit) + 20000);
	}
	ck_assert_uint_gt(enrichment.hits.counters.evicted, 0);
	ck_assert_uint_eq(enrichment.hits.counters.evicted + enrichment.hits.pending.count, count);
}

START_TEST(no_room)
{
	static char bytes[HIT_DATA_MAX];

	add_process();
	fill(PENDING_HITS_MAX + 100);
	enrich_hit_done(&enrichment);
	memset(&enrichment.hits.counters, 0, sizeof(enrichment.hits.counters));
	hit_sample_bytes(&sample, POLICY_TYPE_CHAR_BUF, ARGUMENT_CHAR_BUF, bytes, sizeof(bytes));
	fill(700);
}
END_TEST

/* A process closes its files after its exit record. */
START_TEST(after_its_end)
{
	struct exit_record exit;
	struct record_view view = end_process(&exit);
	const struct process *process;

	add_process();
	enrich_record(&enrichment, &view);
	process = only_event()->process;
	enrich_finish(&enrichment);
	ck_assert_ptr_null(process_tree_find(enrichment.tree, 7, START));
	ck_assert_uint_eq(send(1, 0), 1);
	ck_assert_ptr_eq(only_event()->process, process);
	enrich_finish(&enrichment);
	ck_assert_uint_eq(enrichment.hits.counters.strangers, 0);
}
END_TEST

START_TEST(of_nobody_known)
{
	struct process_tree_counters counters;

	ck_assert_uint_eq(send(1, 0), 1);
	ck_assert_uint_eq(only_event()->process->pid, 7);
	ck_assert_uint_eq(only_event()->process->image->binary.length, 0);
	enrich_finish(&enrichment);
	ck_assert_uint_eq(enrichment.hits.counters.strangers, 1);
	process_tree_counters_get(enrichment.tree, &counters);
	ck_assert_uint_eq(counters.living, 0); /* nothing would ever take it from there */
	send(2, HIT_AWAITS_RETURN);
	enrich_finish(&enrichment);
	send(2, HIT_RETURN);
	ck_assert_uint_eq(only_event()->process->pid, 7);
	enrich_finish(&enrichment);
}
END_TEST

START_TEST(of_a_hook_that_has_gone)
{
	add_process();
	sample.record.hook = 6;
	ck_assert_uint_eq(send(1, 0), 0);
	ck_assert_uint_eq(enrichment.hits.counters.unknown_hooks, 1);
	/* a call that began while it was there */
	sample.record.hook = 5;
	send(2, HIT_AWAITS_RETURN);
	sample.record.hook = 6;
	ck_assert_uint_eq(send(2, HIT_RETURN), 1);
	ck_assert_ptr_eq(only_event()->hit.hook, sample.hook);
	enrich_finish(&enrichment);
}
END_TEST

RUN_SUITE_IN(set_up, tear_down, "hit-enrich", at_once, pieces, pieces_that_are_missing,
	pieces_of_a_call_that_returns_later, pieces_without_a_match, which_of_many_functions,
	actions, entry_and_return, the_process_ends_in_the_call, it_takes_too_long,
	the_number_comes_round, the_return_decides, no_room, after_its_end, of_nobody_known,
	of_a_hook_that_has_gone)
