/* SPDX-License-Identifier: Apache-2.0 */
/* What an argument says: where it is taken from, and whether its type can be had there. */
#include <string.h>

#include "policy/argument_types.h"
#include "policy/read.h"

static int64_t index_max(const struct policy_hook *hook)
{
	switch (hook->kind) {
	case POLICY_TRACEPOINT:
		return hook->raw ? POLICY_RAW_TRACEPOINT_INDEX_MAX : POLICY_TRACEPOINT_INDEX_MAX;
	case POLICY_USDT:
		return POLICY_USDT_INDEX_MAX;
	case POLICY_KPROBE:
	case POLICY_FENTRY:
		return hook->syscall ? 5 : POLICY_ARGUMENT_INDEX_MAX;
	default:
		return POLICY_ARGUMENT_INDEX_MAX;
	}
}

static void check_index(struct policy_checker *checker, const struct policy_argument *argument)
{
	const struct yaml_value *index = yaml_value_get(argument->source, "index");
	int64_t maximum = index_max(checker->hook);

	/* What is not of the call has no place in it. */
	if (argument->value_source != POLICY_SOURCE_CALL)
		return;
	if (yaml_value_is_null(index))
		report_error(checker->report, argument->source, "the field index is missing");
	if (argument->index <= maximum)
		return;
	report_error(checker->report, index, "%lld is out of range%s; allowed: 0 to %lld",
		(long long)argument->index,
		checker->hook->syscall && checker->hook->kind <= POLICY_FENTRY
			? ", a system call has six arguments"
			: "",
		(long long)maximum);
}

static bool is_name_character(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (!first && c >= '0' && c <= '9');
}

/* One step of a path: a field's name with array indexes, or such an index alone. */
static bool is_step(const char *step, size_t length)
{
	size_t i = 0;

	while (i < length && is_name_character(step[i], i == 0))
		i++;
	if (!length || (!i && step[0] != '['))
		return false;
	while (i < length) {
		size_t digits = 0;

		if (step[i++] != '[')
			return false;
		for (; i < length && step[i] >= '0' && step[i] <= '9'; i++)
			digits++;
		if (!digits || i == length || step[i++] != ']')
			return false;
	}
	return true;
}

/* mm.owner.comm, f_inode.i_mode, sched[2].weight: names of a BTF type's fields. */
static void check_resolve(struct policy_checker *checker, const struct policy_argument *argument)
{
	const struct policy_text *resolve = &argument->resolve;
	const char *step = resolve->data, *end = step + resolve->length;
	size_t depth = 0;

	while (step <= end) {
		const char *dot = memchr(step, '.', (size_t)(end - step));
		size_t length = (size_t)((dot ? dot : end) - step);

		if (!is_step(step, length)) {
			report_error(checker->report, resolve->source,
				"%s is no path; allowed: field.field[index].field",
				QUOTE(resolve->data, resolve->length));
			return;
		}
		depth++;
		step += length + 1;
	}
	if (depth > POLICY_RESOLVE_DEPTH_MAX)
		report_error(checker->report, resolve->source,
			"goes through %zu fields; allowed: at most %d", depth,
			POLICY_RESOLVE_DEPTH_MAX);
}

static void check_source(struct policy_checker *checker, const struct policy_argument *argument)
{
	const struct yaml_value *at = yaml_value_get(argument->source, "source");

	if (argument->resolve.length)
		check_resolve(checker, argument);
	if (argument->value_source == POLICY_SOURCE_CALL)
		return;
	if (!argument->resolve.length)
		report_error(checker->report, at, "%s needs resolve: %s",
			policy_word(policy_argument_source_words, argument->value_source),
			argument->value_source == POLICY_SOURCE_PT_REGS ? "the register's name"
									: "a path of fields");
	if (argument->value_source == POLICY_SOURCE_PT_REGS &&
		checker->hook->kind != POLICY_KPROBE && checker->hook->kind != POLICY_UPROBE)
		report_error(checker->report, at,
			"there are no registers to read; allowed: pt_regs in kprobes and uprobes");
}

/* What is handed over there comes from a process: numbers, and addresses of its own memory. */
static bool is_given_by_process(const struct policy_hook *hook)
{
	switch (hook->kind) {
	case POLICY_KPROBE:
	case POLICY_FENTRY:
		return hook->syscall;
	case POLICY_TRACEPOINT:
		return !strcmp(hook->subsystem.data ? hook->subsystem.data : "", "syscalls");
	default:
		return hook->kind == POLICY_UPROBE || hook->kind == POLICY_USDT;
	}
}

static bool is_of_kernel(int type)
{
	switch (type) {
	case POLICY_TYPE_SKB:
	case POLICY_TYPE_SOCK:
	case POLICY_TYPE_SOCKET:
	case POLICY_TYPE_FILE:
	case POLICY_TYPE_FILENAME:
	case POLICY_TYPE_PATH:
	case POLICY_TYPE_PERF_EVENT:
	case POLICY_TYPE_BPF_MAP:
	case POLICY_TYPE_USER_NAMESPACE:
	case POLICY_TYPE_KIOCB:
	case POLICY_TYPE_IOV_ITER:
	case POLICY_TYPE_CRED:
	case POLICY_TYPE_LOAD_INFO:
	case POLICY_TYPE_MODULE:
	case POLICY_TYPE_LINUX_BINPRM:
	case POLICY_TYPE_NET_DEVICE:
	case POLICY_TYPE_DENTRY:
	case POLICY_TYPE_BPF_PROG:
		return true;
	default:
		return false;
	}
}

/* And not what lies behind it. */
static bool is_as_passed(const struct policy_argument *argument)
{
	return argument->value_source == POLICY_SOURCE_PT_REGS ||
	       (argument->value_source == POLICY_SOURCE_CALL && !argument->resolve.length);
}

static void check_type(struct policy_checker *checker, const struct policy_argument *argument)
{
	const struct yaml_value *at = yaml_value_get(argument->source, "type");
	int kind = checker->hook->kind;

	if (is_of_kernel(argument->type) && is_as_passed(argument) &&
		is_given_by_process(checker->hook))
		report_error(checker->report, at,
			"%s is a structure of the kernel, and %s by a process, which has none: it "
			"could never be read; allowed: numbers, fd, string, char_buf, char_iovec, "
			"sockaddr, sockaddr_un, bpf_attr",
			policy_word(policy_argument_type_words, argument->type),
			kind == POLICY_UPROBE || kind == POLICY_USDT ? "this is passed"
								     : "the call is made");

	if (argument->type == POLICY_TYPE_SYSCALL64 && kind != POLICY_TRACEPOINT)
		report_error(checker->report, at,
			"syscall64 is the number of a system call; allowed: in tracepoints "
			"(raw_syscalls), elsewhere int64");
	if (argument->type == POLICY_TYPE_CONST_BUF)
		report_error(checker->report, at,
			"const_buf cannot be asked for: `auto` makes it of an array in a "
			"tracepoint");
	if (argument->type == POLICY_TYPE_DATA_LOC && kind != POLICY_TRACEPOINT)
		report_error(checker->report, at,
			"data_loc is a field of tracepoints; elsewhere string");
}

static bool is_buffer(const struct policy_argument *argument)
{
	return argument->type == POLICY_TYPE_AUTO ||
	       policy_type_class((enum policy_argument_type)argument->type) == POLICY_CLASS_BUFFER;
}

static void does_nothing(
	struct policy_checker *checker, const struct policy_argument *argument, const char *field)
{
	report_warning(checker->report, yaml_value_get(argument->source, field),
		"does nothing with an argument of type %s",
		policy_word(policy_argument_type_words, argument->type));
}

static void check_size(struct policy_checker *checker, const struct policy_argument *argument)
{
	int kind = checker->hook->kind;

	if (!argument->size_arg_index && kind != POLICY_TRACEPOINT &&
		(argument->type == POLICY_TYPE_CHAR_IOVEC ||
			(argument->type == POLICY_TYPE_CHAR_BUF && !argument->return_copy)))
		report_warning(checker->report, argument->source,
			"without sizeArgIndex it is not known how long this is, and it will be "
			"empty");
	if (argument->size_arg_index && !is_buffer(argument))
		does_nothing(checker, argument, "sizeArgIndex");
	if (argument->max_data && !is_buffer(argument))
		does_nothing(checker, argument, "maxData");
	if (argument->return_copy && !is_buffer(argument))
		does_nothing(checker, argument, "returnCopy");
	else if (argument->return_copy && kind != POLICY_KPROBE && kind != POLICY_FENTRY &&
		 kind != POLICY_UPROBE)
		report_warning(checker->report, yaml_value_get(argument->source, "returnCopy"),
			"does nothing, the hook sees no return; allowed: in kprobes, fentries, "
			"uprobes");
}

void check_argument(struct policy_checker *checker, const struct policy_argument *argument)
{
	check_index(checker, argument);
	check_type(checker, argument);
	check_source(checker, argument);
	check_size(checker, argument);
}
