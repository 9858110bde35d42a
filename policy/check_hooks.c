/* SPDX-License-Identifier: Apache-2.0 */
/* What a hook says: what it is put on, its arguments, message and tags. */
#include <errno.h>
#include <string.h>

#include "lib/utf8.h"
#include "lib/util.h"
#include "policy/program_words.h"
#include "policy/read.h"

static bool is_symbol_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.' || c == '$' || c == '-';
}

/* Names of tracepoints become parts of paths, in which . and .. are none. */
static bool is_symbol(const struct policy_text *text)
{
	for (size_t i = 0; i < text->length; i++)
		if (!is_symbol_character(text->data[i]))
			return false;
	return text->length > 0 && text->data[strspn(text->data, ".")];
}

static void check_symbol(struct policy_checker *checker, const struct policy_text *text)
{
	if (!is_symbol(text))
		report_error(checker->report, text->source, "%s cannot be a name in the kernel",
			QUOTE(text->data, text->length));
}

static void check_call_list(struct policy_checker *checker)
{
	struct policy_hook *hook = checker->hook;
	const struct policy_list *list = check_list_reference(checker, &hook->call);

	hook->call_list = list;
	if (!list)
		return;
	/* The list's type decides, as in Tetragon: `syscall` is true by default, and would make
	 * system calls of a list of functions. */
	if (list->type == POLICY_LIST_SYSCALLS || list->type == POLICY_LIST_GENERATED_SYSCALLS)
		hook->syscall = true;
	else if (list->type == POLICY_LIST_GENERATED_FTRACE ||
		 yaml_value_is_null(yaml_value_get(hook->source, "syscall")))
		hook->syscall = false;
}

static void check_call(struct policy_checker *checker)
{
	struct policy_hook *hook = checker->hook;

	if (policy_is_list_reference(&hook->call)) {
		check_call_list(checker);
		return;
	}
	if (hook->syscall && !policy_is_system_call(&hook->call)) {
		report_error(checker->report, hook->call.source,
			"%s is no system call; allowed: sys_NAME, ABI/sys_NAME, list:NAME, or "
			"another function with syscall: false (syscall is true if it is not given)",
			QUOTE(hook->call.data, hook->call.length));
		return;
	}
	if (!hook->syscall)
		check_symbol(checker, &hook->call);
}

static bool reads_at_return(const struct policy_hook *hook)
{
	for (size_t i = 0; i < hook->args.count; i++)
		if (hook->args.items[i].return_copy)
			return true;
	return hook->return_value;
}

static void check_program_symbol(struct policy_checker *checker, const struct policy_text *symbol)
{
	size_t length;
	uint64_t offset;

	if (!symbol->length)
		report_error(checker->report, symbol->source, "is empty");
	else if (program_symbol_parse(symbol, &length, &offset) < 0)
		report_error(checker->report, symbol->source,
			"%s names no place; allowed: FUNCTION, FUNCTION+OFFSET",
			QUOTE(symbol->data, symbol->length));
	else if (offset && reads_at_return(checker->hook))
		/* The kernel takes what is on top of the stack for the address to return to, and
		 * puts its own there: in the middle of a function that is something else. */
		report_error(checker->report, symbol->source,
			"return and returnCopy need the beginning of the function: inside of it "
			"the return cannot be caught, and trying breaks the program");
}

static void check_digest(struct policy_checker *checker, const struct policy_text *text)
{
	struct program_digest digest;
	int r = program_digest_parse(text, &digest);
	size_t length;

	if (r == -EINVAL) {
		report_error(checker->report, text->source,
			"%s is no digest; allowed: sha1:HEX, sha256:HEX, sha384:HEX, sha512:HEX, "
			"build-id:HEX",
			QUOTE(text->data, text->length));
		return;
	}
	if (r >= 0)
		return;
	length = program_digest_length(digest.algorithm);
	if (length)
		report_error(checker->report, text->source,
			"%s can be no digest of a file; allowed: %zu hexadecimal digits",
			QUOTE(digest.hex, digest.length), length);
	else
		report_error(checker->report, text->source,
			"%s can be no build id; allowed: two hexadecimal digits a byte, up to 64",
			QUOTE(digest.hex, digest.length));
}

static void check_uprobe(struct policy_checker *checker)
{
	const struct policy_hook *hook = checker->hook;
	size_t given = !!hook->symbols.count + !!hook->offsets.count + !!hook->addrs.count;
	size_t places = hook->symbols.count + hook->offsets.count + hook->addrs.count;

	if (given != 1)
		report_error(checker->report, hook->source, "%s; allowed: one of %s",
			given ? "symbols, offsets and addrs exclude each other"
			      : "it is not said where to put it",
			"symbols, offsets, addrs");
	if (given == 1 && hook->ref_ctr_offsets.count && hook->ref_ctr_offsets.count != places)
		report_error(checker->report, yaml_value_get(hook->source, "refCtrOffsets"),
			"has %zu entries, and there are %zu places", hook->ref_ctr_offsets.count,
			places);
	for (size_t i = 0; i < hook->symbols.count; i++)
		check_program_symbol(checker, &hook->symbols.items[i]);
	if (hook->resolve_path_in_container)
		report_error(checker->report,
			yaml_value_get(hook->source, "resolvePathInContainer"),
			"is not supported: path is that of a file on the host; of an image, where "
			"the engine keeps it");
	for (size_t i = 0; i < hook->binary_digests.count; i++)
		check_digest(checker, &hook->binary_digests.items[i]);
}

/* security_file_open() is the function that calls the hook file_open. */
static void check_lsm_hook(struct policy_checker *checker)
{
	static const char *const prefixes[] = {"security_", "bpf_lsm_"};
	const struct policy_text *name = &checker->hook->hook;
	size_t errors = checker->report->errors;

	check_symbol(checker, name);
	for (size_t i = 0; i < ARRAY_SIZE(prefixes) && checker->report->errors == errors; i++)
		if (!strncmp(name->data, prefixes[i], strlen(prefixes[i])))
			report_error(checker->report, name->source,
				"hooks are named without %s; allowed: %s", prefixes[i],
				name->data + strlen(prefixes[i]));
}

static void check_place(struct policy_checker *checker)
{
	const struct policy_hook *hook = checker->hook;

	switch (hook->kind) {
	case POLICY_KPROBE:
	case POLICY_FENTRY:
		check_call(checker);
		break;
	case POLICY_TRACEPOINT:
		check_symbol(checker, &hook->subsystem);
		check_symbol(checker, &hook->event);
		break;
	case POLICY_UPROBE:
		check_uprobe(checker);
		break;
	case POLICY_LSM_HOOK:
		check_lsm_hook(checker);
		break;
	default:
		break;
	}
	if ((hook->kind == POLICY_UPROBE || hook->kind == POLICY_USDT) && hook->path.data[0] != '/')
		report_error(checker->report, hook->path.source, "%s is no absolute path",
			QUOTE(hook->path.data, hook->path.length));
}

static void check_message(struct policy_checker *checker)
{
	struct policy_text *message = &checker->hook->message;
	size_t length = 0;

	if (!message->length)
		return;
	if (message->length < POLICY_MESSAGE_LENGTH_MIN) {
		report_error(checker->report, message->source, "has %zu bytes; allowed: %d to %d",
			message->length, POLICY_MESSAGE_LENGTH_MIN, POLICY_MESSAGE_LENGTH_MAX);
		return;
	}
	if (message->length <= POLICY_MESSAGE_LENGTH_MAX)
		return;
	report_warning(checker->report, message->source, "has %zu bytes; events carry %d of them",
		message->length, POLICY_MESSAGE_LENGTH_MAX);
	for (size_t next = 0; next <= POLICY_MESSAGE_LENGTH_MAX;
		next +=
		MAX(utf8_character_length(message->data + next, message->length - next), (size_t)1))
		length = next;
	message->length = length;
}

static void check_tags(struct policy_checker *checker)
{
	const struct policy_texts *tags = &checker->hook->tags;

	for (size_t i = 0; i < tags->count; i++)
		if (tags->items[i].length < POLICY_TAG_LENGTH_MIN ||
			tags->items[i].length > POLICY_TAG_LENGTH_MAX)
			report_error(checker->report, tags->items[i].source,
				"has %zu bytes; allowed: %d to %d", tags->items[i].length,
				POLICY_TAG_LENGTH_MIN, POLICY_TAG_LENGTH_MAX);
}

static bool uses_return_argument(const struct policy_selectors *selectors)
{
	for (size_t i = 0; i < selectors->count; i++)
		if (selectors->items[i].match_return_args.count)
			return true;
	return false;
}

static void check_return(struct policy_checker *checker)
{
	struct policy_hook *hook = checker->hook;
	bool has_argument = hook->return_arg.source;

	if (hook->return_value && !has_argument)
		report_error(checker->report, hook->source,
			"return: true needs a returnArg, the type of what is returned");
	if (has_argument && !hook->return_value)
		report_warning(checker->report, hook->return_arg.source,
			"does nothing without return: true");
	if (has_argument)
		check_argument(checker, &hook->return_arg);
	if (hook->return_arg_action == POLICY_ACTION_POST)
		return;
	if (!has_argument || !hook->return_value)
		report_error(checker->report, yaml_value_get(hook->source, "returnArgAction"),
			"needs return: true and a returnArg of type sock");
	else if (hook->return_arg.type != POLICY_TYPE_SOCK &&
		 hook->return_arg.type != POLICY_TYPE_SOCKET)
		report_error(checker->report, yaml_value_get(hook->source, "returnArgAction"),
			"needs a returnArg of type sock or socket, not %s",
			policy_word(policy_argument_type_words, hook->return_arg.type));
}

int check_hook(struct policy_checker *checker)
{
	struct policy_hook *hook = checker->hook;
	size_t errors;

	check_place(checker);
	check_message(checker);
	check_tags(checker);
	errors = checker->report->errors;
	for (size_t i = 0; i < hook->args.count; i++)
		check_argument(checker, &hook->args.items[i]);
	for (size_t i = 0; i < hook->data.count; i++)
		check_argument(checker, &hook->data.items[i]);
	check_return(checker);
	if (checker->report->errors > errors && uses_return_argument(&hook->selectors))
		return 0; /* selectors would complain about the same */
	for (size_t i = 0; i < hook->selectors.count; i++) {
		int r;

		checker->selector = &hook->selectors.items[i];
		r = check_selector(checker);
		if (r < 0)
			return r;
	}
	return 0;
}
