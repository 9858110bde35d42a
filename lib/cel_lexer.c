/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/cel_lexer.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"

#define BLANKS " \t\r\n"

void cel_lexer_init(struct cel_lexer *lexer, const char *text, size_t length, struct error *error)
{
	*lexer = (struct cel_lexer){
		.source = text,
		.end = text + length,
		.start = text,
		.at = text,
		.text.limit = length + 1,
		.error = error,
	};
}

void cel_lexer_done(struct cel_lexer *lexer)
{
	buf_done(&lexer->text);
}

int cel_lexer_error(struct cel_lexer *lexer, const char *format, ...)
{
	char message[ERROR_MESSAGE_MAX];
	va_list arguments;

	if (lexer->failed)
		return lexer->failed;
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	lexer->token = CEL_TOKEN_BAD;
	lexer->failed = error_set(lexer->error, -EINVAL, "%s", message);
	return lexer->failed;
}

static bool is_word_start(char c)
{
	return isalpha((unsigned char)c) || c == '_';
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static int read_number(struct cel_lexer *lexer)
{
	char digits[24], *end;
	size_t length = 0;

	while (lexer->at + length < lexer->end && is_word(lexer->at[length]))
		length++;
	if (lexer->at + length < lexer->end && lexer->at[length] == '.')
		return cel_lexer_error(lexer, "numbers with a fraction are not supported");
	if (length >= sizeof(digits))
		return cel_lexer_error(lexer, "this is no number");
	memcpy(digits, lexer->at, length);
	digits[length] = '\0';
	lexer->at += length;
	errno = 0;
	lexer->number =
		strtoumax(digits, &end, digits[0] == '0' && tolower(digits[1]) == 'x' ? 16 : 10);
	lexer->is_unsigned = *end == 'u' || *end == 'U';
	if (lexer->is_unsigned)
		end++;
	if (errno || *end)
		return cel_lexer_error(lexer, "this is no number");
	lexer->token = CEL_TOKEN_NUMBER;
	return 0;
}

static int read_escape(struct cel_lexer *lexer)
{
	static const char names[] = "nrtabfv\\'\"`?", bytes[] = "\n\r\t\a\b\f\v\\'\"`?";
	char c = lexer->at < lexer->end ? *lexer->at++ : '\0', digits[3] = "", *end;
	const char *found = c ? strchr(names, c) : NULL;

	if (found) {
		buf_append_char(&lexer->text, bytes[found - names]);
		return 0;
	}
	if ((c != 'x' && c != 'X') || lexer->end - lexer->at < 2)
		return cel_lexer_error(lexer, "the string has an escape that is not supported");
	memcpy(digits, lexer->at, 2);
	lexer->at += 2;
	buf_append_char(&lexer->text, (char)strtol(digits, &end, 16));
	if (*end || !isxdigit((unsigned char)digits[0]))
		return cel_lexer_error(lexer, "\\x is followed by two digits");
	return 0;
}

static int read_string(struct cel_lexer *lexer, bool raw)
{
	char quote = *lexer->at++;

	buf_clear(&lexer->text);
	while (lexer->at < lexer->end && *lexer->at != quote) {
		char c = *lexer->at++;

		if (c == '\\' && !raw) {
			if (read_escape(lexer) < 0)
				return lexer->failed;
			continue;
		}
		buf_append_char(&lexer->text, c);
	}
	if (lexer->at == lexer->end)
		return cel_lexer_error(lexer, "the string has no end");
	lexer->at++;
	if (lexer->text.failed)
		return lexer->failed = error_set(lexer->error, -ENOMEM, "no memory");
	lexer->token = CEL_TOKEN_STRING;
	return 0;
}

static void read_symbol(struct cel_lexer *lexer)
{
	static const char *const pairs[] = {"==", "!=", "<=", ">=", "&&", "||"};

	lexer->token = CEL_TOKEN_SYMBOL;
	for (size_t i = 0; lexer->end - lexer->at >= 2 && i < ARRAY_SIZE(pairs); i++) {
		if (memcmp(lexer->at, pairs[i], 2) == 0) {
			lexer->at += 2;
			return;
		}
	}
	lexer->at++;
}

int cel_lexer_next(struct cel_lexer *lexer)
{
	char c, following;

	if (lexer->failed)
		return lexer->failed;
	while (lexer->at < lexer->end && *lexer->at && strchr(BLANKS, *lexer->at))
		lexer->at++;
	lexer->start = lexer->at;
	lexer->token = CEL_TOKEN_END;
	if (lexer->at == lexer->end)
		return 0;
	c = *lexer->at;
	following = lexer->end - lexer->at > 1 ? lexer->at[1] : '\0';
	if ((c == 'r' || c == 'R') && (following == '\'' || following == '"')) {
		lexer->at++;
		return read_string(lexer, true);
	}
	if (c == '\'' || c == '"')
		return read_string(lexer, false);
	if (isdigit((unsigned char)c))
		return read_number(lexer);
	if (!is_word_start(c)) {
		read_symbol(lexer);
		return 0;
	}
	while (lexer->at < lexer->end && is_word(*lexer->at))
		lexer->at++;
	lexer->token = CEL_TOKEN_WORD;
	return 0;
}

bool cel_lexer_is(const struct cel_lexer *lexer, const char *text)
{
	return (lexer->token == CEL_TOKEN_WORD || lexer->token == CEL_TOKEN_SYMBOL) &&
	       (size_t)(lexer->at - lexer->start) == strlen(text) &&
	       memcmp(lexer->start, text, strlen(text)) == 0;
}

bool cel_lexer_take(struct cel_lexer *lexer, const char *text)
{
	if (!cel_lexer_is(lexer, text))
		return false;
	/* A failure shows as CEL_TOKEN_BAD, which nothing takes. */
	(void)cel_lexer_next(lexer);
	return true;
}

char cel_lexer_peek(const struct cel_lexer *lexer)
{
	const char *at = lexer->at;

	while (at < lexer->end && *at && strchr(BLANKS, *at))
		at++;
	return at < lexer->end ? *at : '\0';
}

size_t cel_lexer_path(struct cel_lexer *lexer)
{
	while (lexer->end - lexer->at > 1 && *lexer->at == '.' && is_word_start(lexer->at[1])) {
		const char *before = lexer->at;

		lexer->at++;
		while (lexer->at < lexer->end && is_word(*lexer->at))
			lexer->at++;
		if (cel_lexer_peek(lexer) == '(') {
			lexer->at = before;
			break;
		}
	}
	return (size_t)(lexer->at - lexer->start);
}
