/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of configuration keys: what a file and a flag may set, what is printed and what the
 * documents are checked against. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/config.h"

enum config_type {
	CONFIG_TEXT,
	CONFIG_PATH, /* absolute */
	CONFIG_FILE, /* absolute, or a name in log_dir */
	CONFIG_BOOLEAN,
	CONFIG_NUMBER,
	CONFIG_SIZE,	     /* bytes; K, M, G */
	CONFIG_SECONDS,	     /* ms, s, m, h, d; kept as whole seconds */
	CONFIG_MILLISECONDS, /* the same, kept as milliseconds */
	CONFIG_MODE,	     /* octal */
	CONFIG_WORD,	     /* one of `words` */
	CONFIG_PATH_LIST,    /* comma-separated */
	CONFIG_NAME_LIST,
	CONFIG_JSON, /* JSON objects; may go on in indented lines */
};

struct config_word {
	const char *name;
	int value;
};

#define CONFIG_ZERO_ALLOWED (1u << 0) /* 0 besides minimum … maximum: "off" */
#define CONFIG_POWER_OF_TWO (1u << 1)

struct config_key {
	const char *section, *name;
	enum config_type type;
	unsigned int flags;
	size_t offset, width; /* of the field in struct config */
	/* of the number; of a text: its length; of a list: how many items */
	uint64_t minimum, maximum;
	const char *default_text; /* as in a file */
	const struct config_word *words;
	const char *help; /* one line */
};

#define CONFIG_KEYS_MAX 128

extern const struct config_key config_keys[];
extern const size_t config_key_count;

/* NULL when there is none. `name` may begin with the section's name and an underscore. */
const struct config_key *config_key_find(const char *section, const char *name);
bool config_section_known(const char *section);
/* All sections, or all keys of one section, in table order: "a, b, c". Returns `text`. */
const char *config_section_names(char *text, size_t size);
const char *config_key_names(const char *section, char *text, size_t size);
