/* SPDX-License-Identifier: Apache-2.0 */
/* Events as kernel user records: the text between the quotes of msg='…'. What is trusted stands
 * first, what a container chose goes through lib/audit_text.h, res= is last (ausearch drops a
 * record whose hostname= or terminal= is not followed by a blank). Field order:
 * docs/man/tallyman-audit.7. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/event.h"
#include "lib/buf.h"

/* The kernel cuts text silently at 8560 bytes, and res= with it. */
#define AUDIT_RECORD_MAX 8192
/* Encoded bytes of one path, name or other word, so that cmd= always has room. */
#define AUDIT_PATH_MAX 2560
#define AUDIT_NAME_MAX 1024
#define AUDIT_KEY_MAX  512 /* the kernel's own keys have 256 bytes */
#define AUDIT_WORD_MAX 255
#define AUDIT_OWN_EXE  "/usr/sbin/tallymand"

/* Which container a record is about. `vm` is never empty: the id's first 12 characters stand in for
 * a name that is not known. */
struct audit_container {
	const char *virt; /* engine */
	const char *vm;
	const char *uuid;
	char short_id[13];
};
void audit_container_of(const struct container *container, struct audit_container *ret);
/* ` virt=… vm="…" uuid=…`, with the blank before it and none after it. */
void audit_container_format(const struct audit_container *container, struct buf *buf);
/* ` name=WORD`: a plain value in which each byte that may not stand there is an underscore. */
void audit_word(struct buf *buf, const char *name, const char *value);

/* Append the record's text to `buf`; returns its type (enum audit_message_type), or 0 and appends
 * nothing when the event calls for none. At most AUDIT_RECORD_MAX bytes. */
unsigned audit_record_format(const struct event *event, struct buf *buf);
/* Whether the limits apply to this event: what a container can cause as often as it likes. */
bool audit_record_is_limited(const struct event *event);
/* What the limits held back; `container` may be NULL (the host's processes). */
unsigned audit_record_summary(const struct audit_container *container, const char *reason,
	uint64_t count, uint64_t since_ns, struct buf *buf);
unsigned audit_record_self_test(uint64_t number, struct buf *buf);

/* --- for the files that form records --- */

/* What audit_put_end() takes, at most. */
#define AUDIT_END_MAX (AUDIT_WORD_MAX + 46 + sizeof(" hostname= addr= terminal=? res=success"))
/* `op=WORD`, with which a record begins; as audit_word(). */
void audit_put_operation(struct buf *buf, const char *operation);
/* ` name=VALUE`, ? for what may not stand there as it is. */
void audit_put_plain(struct buf *buf, const char *name, const char *value);
void audit_put_number(struct buf *buf, const char *name, uint64_t value);
/* ` opid= oses= sauid= id= comm= exe=` */
void audit_put_subject(struct buf *buf, const struct process *process);
/* ` cmd=HEX`: argv joined with blanks, cut so that `reserved` bytes stay free. */
void audit_put_command(struct buf *buf, const struct exec_image *image, size_t reserved);
/* ` hostname= addr= terminal=? res=`; `address` is of our own making, or NULL. */
void audit_put_end(struct buf *buf, const char *hostname, const char *address, bool success);
