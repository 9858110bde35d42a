/* SPDX-License-Identifier: Apache-2.0 */
/* The process tree, fed with records made here: whose child, which image, and what memory is kept.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/enrich/process_tree.h"
#include "daemon/enrich/registry.h"
#include "tests/unit/unit.h"

static struct config config = {.process_limit = 1000, .ended_limit = 8};
static struct process_tree *tree;

static void setup(void)
{
	tree = process_tree_new(&config, NULL);
	ck_assert_ptr_nonnull(tree);
}

static void teardown(void)
{
	process_tree_free(tree);
}

static struct process *do_exec(uint32_t pid, uint64_t start, uint32_t exec_id, uint32_t parent,
	uint64_t parent_start, const char *binary, struct span arguments)
{
	struct exec_record record = {.header = {.kind = RECORD_EXEC, .time = start + 1000}};
	struct record_view view = {.kind = RECORD_EXEC, .exec = &record};

	record.process = (struct process_key){start, pid, exec_id};
	record.parent = (struct process_key){parent_start, parent, 0};
	record.exe_links = 1;
	view.filename = (struct span){binary, (uint32_t)strlen(binary)};
	view.cwd = (struct span){"/srv/dir", 8};
	return process_tree_exec(tree, &view, arguments);
}

static struct process *do_fork(
	uint32_t pid, uint64_t start, uint32_t exec_id, uint32_t parent, uint64_t parent_start)
{
	struct fork_record record = {.header = {.kind = RECORD_FORK, .time = start}};

	record.process = (struct process_key){start, pid, exec_id};
	record.parent = (struct process_key){parent_start, parent, exec_id};
	return process_tree_fork(tree, &record);
}

static bool binary_is(const struct process *process, const char *expected)
{
	const struct exec_image *image = process->image;

	return image->binary.length == strlen(expected) &&
	       !memcmp(exec_image_text(image, image->binary), expected, strlen(expected));
}

static const struct span none = {NULL, 0};

START_TEST(exec_after_fork_has_the_forking_parent)
{
	struct process *shell = do_exec(10, 100, 1, 1, 1, "/bin/sh", none);
	struct process *child = do_fork(11, 200, 1, 10, 100), *ls;

	ck_assert_ptr_eq(child->parent, shell);
	ck_assert(child->cloned);
	ck_assert_ptr_eq(child->image, shell->image);
	ck_assert_uint_eq(child->ktime, 201);
	ls = do_exec(11, 200, 2, 10, 100, "/bin/ls", none);
	ck_assert_ptr_eq(ls->parent, shell);
	ck_assert(ls->after_clone);
	ck_assert_uint_eq(ls->ktime, 202);
	ck_assert_uint_eq(ls->parent_ktime, 101);
	ck_assert_ptr_eq(process_tree_find(tree, 11, 0), ls);
}
END_TEST

START_TEST(second_exec_has_the_image_before_it_as_parent)
{
	struct process *first = do_exec(10, 100, 1, 1, 1, "/bin/sh", none);
	struct process *second = do_exec(10, 100, 2, 1, 1, "/bin/env", none);

	ck_assert_ptr_eq(second->parent, first);
	ck_assert(!first->living);
	ck_assert(!second->after_clone);
	ck_assert_uint_eq(second->parent_pid, 10);
	ck_assert_uint_eq(second->parent_ktime, 101);
}
END_TEST

START_TEST(relative_binary_is_made_absolute)
{
	ck_assert(binary_is(do_exec(10, 100, 1, 1, 1, "a.out", none), "/srv/dir/a.out"));
	ck_assert(binary_is(do_exec(11, 100, 1, 1, 1, "./b", none), "/srv/dir/b"));
	ck_assert(binary_is(do_exec(12, 100, 1, 1, 1, "../x/./c", none), "/srv/x/c"));
	ck_assert(binary_is(do_exec(13, 100, 1, 1, 1, "../../../../d", none), "/d"));
	ck_assert(binary_is(do_exec(14, 100, 1, 1, 1, "/bin/../e", none), "/bin/../e"));
}
END_TEST

START_TEST(reused_pid_is_another_process)
{
	struct process *old = do_exec(10, 100, 1, 1, 1, "/bin/old", none);
	struct process *fresh = do_fork(10, 500, 3, 1, 1);

	ck_assert_ptr_ne(old, fresh);
	ck_assert_ptr_eq(process_tree_find(tree, 10, 0), fresh);
	ck_assert_ptr_null(process_tree_find(tree, 10, 100));
}
END_TEST

START_TEST(a_chain_of_execs_does_not_keep_its_past)
{
	struct process_tree_counters counters;

	for (uint32_t i = 1; i < 10000; i++)
		ck_assert_ptr_nonnull(do_exec(10, 100, i, 1, 1, "/bin/again", none));
	process_tree_counters_get(tree, &counters);
	ck_assert_uint_eq(counters.living, 1);
	ck_assert_uint_le(counters.images, PROCESS_ANCESTORS_MAX + 2);
}
END_TEST

START_TEST(a_chain_of_forks_does_not_keep_its_past)
{
	struct process_tree_counters counters;
	struct process *process = do_exec(10, 100, 1, 1, 1, "/bin/daemon", none);

	for (uint32_t i = 0; i < 5000; i++) {
		struct process *child = do_fork(11 + i, 101 + i, 1, 10 + i, 100 + i);

		ck_assert_ptr_nonnull(child);
		process_tree_exit(tree, process, 0, 0);
		process_tree_release(tree, process);
		process = do_exec(11 + i, 101 + i, 2, 10 + i, 100 + i, "/bin/daemon", none);
	}
	process_tree_counters_get(tree, &counters);
	ck_assert_uint_eq(counters.living, 1);
	ck_assert_uint_le(counters.images, PROCESS_ANCESTORS_MAX + 2);
}
END_TEST

START_TEST(the_limit_of_living_processes_holds)
{
	struct process_tree_counters counters;

	for (uint32_t i = 0; i < 1200; i++)
		do_exec(100 + i, 100, 1, 1, 1, "/bin/x", none);
	process_tree_counters_get(tree, &counters);
	ck_assert_uint_eq(counters.living, 1000);
	ck_assert_uint_eq(counters.refused, 200);
}
END_TEST

START_TEST(long_arguments_are_kept_within_a_budget)
{
	static char arguments[200000];
	struct process_tree_counters counters;

	memset(arguments, 'a', sizeof(arguments) - 1);
	for (uint32_t i = 0; i < 100; i++) {
		struct process *process = do_exec(100 + i, 100, 1, 1, 1, "/bin/x",
			(struct span){arguments, sizeof(arguments)});

		/* whole for its own event, cut afterwards */
		ck_assert_uint_eq(process->image->arguments.length, sizeof(arguments));
		process_tree_settle(tree, process);
	}
	process_tree_counters_get(tree, &counters);
	ck_assert_uint_ge(counters.arguments_cut, 70);
	ck_assert_uint_le(counters.bytes, LONG_ARGUMENTS_BUDGET + (2u << 20));
}
END_TEST

START_TEST(exit_of_an_unknown_process_is_an_event_too)
{
	struct exit_record record = {.process = {100, 77, 5}};
	struct process *process = process_tree_unknown(tree, &record);

	ck_assert_ptr_nonnull(process);
	ck_assert_uint_eq(process->image->binary.length, 0);
	process_tree_exit(tree, process, 0, 1);
	ck_assert_ptr_null(process_tree_find(tree, 77, 0));
	process_tree_release(tree, process);
}
END_TEST

START_TEST(one_that_just_ended_is_known_as_such)
{
	struct process *process = do_exec(10, 100, 1, 1, 1, "/bin/sh", none);

	ck_assert(!process_tree_just_ended(tree, 10, 100));
	process_tree_exit(tree, process, 0, 1);
	process_tree_release(tree, process);
	ck_assert(process_tree_just_ended(tree, 10, 100));
	ck_assert(!process_tree_just_ended(tree, 10, 101));
	ck_assert(!process_tree_just_ended(tree, 11, 100));
}
END_TEST

START_TEST(a_zombie_of_the_iterator_is_what_its_parent_is)
{
	struct exec_record record = {.header = {.kind = RECORD_TASK}, .comm = "sh"};
	struct record_view view = {.kind = RECORD_TASK, .exec = &record};
	struct process *zombie;

	do_exec(10, 100, 1, 1, 1, "/bin/sh", none);
	record.process = (struct process_key){200, 11, 1};
	zombie = process_tree_task(tree, &view, none);
	ck_assert(binary_is(zombie, "[sh]"));
	do_fork(11, 200, 1, 10, 100);
	ck_assert(zombie->cloned);
	ck_assert(binary_is(zombie, "/bin/sh"));
}
END_TEST

START_TEST(ended_ones_of_containers_are_kept_in_bounds)
{
	struct container *container = container_new();
	struct process_tree_counters counters;

	ck_assert_ptr_nonnull(container);
	container_ref(container);
	for (uint32_t i = 0; i < 20; i++) {
		struct process *process = do_exec(100 + i, 100, 1, 1, 1, "/bin/x", none);

		process_set_container(process, container);
		ck_assert_uint_eq(container->live_processes, 1);
		process_tree_exit(tree, process, 0, 1);
		ck_assert_uint_eq(container->live_processes, 0);
		process_tree_release(tree, process);
	}
	process_tree_counters_get(tree, &counters);
	ck_assert_uint_eq(counters.ended, 8);
	ck_assert_uint_eq(container->references, 9);
	container_free(container); /* the tree does not look at it when it goes */
}
END_TEST

START_TEST(an_older_image_than_the_iterators_is_history)
{
	struct exec_record record = {.header = {.kind = RECORD_TASK}};
	struct record_view view = {.kind = RECORD_TASK, .exec = &record};
	struct process *process;

	record.process = (struct process_key){100, 10, 7};
	view.exe = (struct span){"/bin/now", 8};
	process = process_tree_task(tree, &view, none);
	ck_assert_ptr_nonnull(process);
	ck_assert(process->procfs);
	ck_assert_ptr_null(do_exec(10, 100, 6, 1, 1, "/bin/before", none));
	ck_assert_ptr_null(do_exec(10, 100, 7, 1, 1, "/bin/now", none));
	ck_assert_ptr_eq(process_tree_find(tree, 10, 100), process);
	ck_assert_ptr_nonnull(do_exec(10, 100, 8, 1, 1, "/bin/next", none));
	ck_assert_ptr_null(process_tree_task(tree, &view, none));
}
END_TEST

START_TEST(what_two_instances_of_a_program_report_counts_once)
{
	struct process *shell, *child;

	do_exec(10, 100, 1, 1, 1, "/bin/sh", none);
	child = do_fork(11, 200, 1, 10, 100);
	ck_assert_ptr_null(do_fork(11, 200, 1, 10, 100));
	shell = do_exec(11, 200, 2, 10, 100, "/bin/sh", none);
	ck_assert_ptr_null(do_exec(11, 200, 2, 10, 100, "/bin/sh", none));
	ck_assert_ptr_null(do_fork(11, 200, 1, 10, 100));
	ck_assert_ptr_eq(process_tree_find(tree, 11, 200), shell);
	ck_assert_ptr_ne(child, shell);
	process_tree_exit(tree, shell, 0, 1);
	process_tree_release(tree, shell);
	ck_assert_ptr_null(do_fork(11, 200, 1, 10, 100));
	ck_assert_ptr_null(process_tree_find(tree, 11, 0));
}
END_TEST

RUN_SUITE_IN(setup, teardown, "process-tree", exec_after_fork_has_the_forking_parent,
	second_exec_has_the_image_before_it_as_parent, relative_binary_is_made_absolute,
	reused_pid_is_another_process, a_chain_of_execs_does_not_keep_its_past,
	a_chain_of_forks_does_not_keep_its_past, the_limit_of_living_processes_holds,
	long_arguments_are_kept_within_a_budget, exit_of_an_unknown_process_is_an_event_too,
	one_that_just_ended_is_known_as_such, a_zombie_of_the_iterator_is_what_its_parent_is,
	ended_ones_of_containers_are_kept_in_bounds, an_older_image_than_the_iterators_is_history,
	what_two_instances_of_a_program_report_counts_once)
