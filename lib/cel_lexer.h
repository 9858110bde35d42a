/* SPDX-License-Identifier: Apache-2.0 */
/* The tokens of an expression of the Common Expression Language, as filters of events and policies
 * have them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"

enum cel_token {
	CEL_TOKEN_END,
	CEL_TOKEN_WORD,
	CEL_TOKEN_NUMBER,
	CEL_TOKEN_STRING,
	CEL_TOKEN_SYMBOL,
	CEL_TOKEN_BAD, /* the error is set */
};

struct cel_lexer {
	const char *source, *end;
	const char *start, *at; /* of the token; behind it */
	enum cel_token token;
	uint64_t number;     /* without a sign, which is a symbol */
	bool is_unsigned;    /* the number: it ends with u */
	struct buf text;     /* of a string, without quotes and escapes */
	struct error *error; /* what is wrong; `start` is where */
	int failed;	     /* the first error: later ones only follow from it */
};

void cel_lexer_init(struct cel_lexer *lexer, const char *text, size_t length, struct error *error);
void cel_lexer_done(struct cel_lexer *lexer);
/* Read the next token. */
int cel_lexer_next(struct cel_lexer *lexer);
/* Whether the token is this word or symbol; and go on if it is. */
bool cel_lexer_is(const struct cel_lexer *lexer, const char *text);
bool cel_lexer_take(struct cel_lexer *lexer, const char *text);
/* At a word: take in what follows of `word.word`, but not a word before a parenthesis: that is a
 * method. Returns the length from lexer->start. */
size_t cel_lexer_path(struct cel_lexer *lexer);
/* The next byte behind the token that is no blank; '\0' at the end. */
char cel_lexer_peek(const struct cel_lexer *lexer);
/* -EINVAL; the token is where. */
int cel_lexer_error(struct cel_lexer *lexer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
