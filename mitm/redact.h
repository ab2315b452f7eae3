/* SPDX-License-Identifier: ISC */
/*
 * Keeps secrets out of the log: the values of fields with certain names or paths, in
 * the query of a URL, in forms and in JSON, become "[redacted]". A text is read as a
 * stream, of which nothing is held back. What passes is never touched.
 * Meets text that was cut, or is not what it is said to be, as it meets any other.
 * Pure; worker.
 */
#ifndef SIGHTGLASS_MITM_REDACT_H
#define SIGHTGLASS_MITM_REDACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "mitm/event.h"
#include "mitm/redact_rules.h"

enum redact_form {
	REDACT_PLAIN, /* it has no fields */
	REDACT_GUESS, /* JSON, if its first character begins an object or an array */
	REDACT_PAIRS, /* "a=1&token=2": a query (RFC 3986 section 3.4) or a form of
	               * application/x-www-form-urlencoded */
	REDACT_MULTIPART, /* a form of multipart/form-data (RFC 7578), in parts */
	REDACT_JSON   /* RFC 8259; several texts in a row too. A value, whatever it
	               * is: of a member at any depth, or at the end of a path */
};

/* The name of a field, as it was written: what follows is not compared. */
struct redact_name {
	uint8_t raw[6 * REDACT_NAME_BYTES_MAX];
	size_t length;
	bool too_long;
};

/* Where in the text it stands: redact.c. */
enum redact_state {
	REDACT_BETWEEN,
	REDACT_IN_NAME,
	REDACT_ESCAPED,
	REDACT_BEHIND_NAME,
	REDACT_BEFORE_VALUE,
	REDACT_IN_VALUE,
	REDACT_DROP_WORD,
	REDACT_DROP_STRUCTURE,
	REDACT_DROP_STRING,
	REDACT_DROP_ESCAPED,
	REDACT_BEHIND_DELIMITER, /* to the end of its line */
	REDACT_IN_HEAD,          /* of a part */
	REDACT_DROP_PART
};

/* RFC 2046 section 5.1.1: a line break, two hyphens, and 70 characters at most. */
#define REDACT_BOUNDARY_MAX 70u
struct redact_delimiter {
	char text[4 + REDACT_BOUNDARY_MAX + 1];
	size_t length, matched; /* how much of it stands in front of what follows */
};

/* The objects and arrays around a place in JSON, outermost first. What lies deeper
 * than a path is long is only counted. */
struct redact_structure {
	size_t depth;
	struct redact_set sets[REDACT_PATH_MAX + 1]; /* that led to each of them */
	uint32_t arrays;     /* a bit for each that is one */
	struct redact_set next; /* that leads to the value which follows */
	bool element_follows;
};

struct redactor {
	const struct redact_rules *rules; /* borrowed; NULL: none */
	enum redact_form form;
	enum redact_state state;
	size_t dropped; /* structures that are open in the value that goes */
	struct redact_name name;
	struct redact_structure around; /* of JSON that has paths */
	struct redact_delimiter delimiter; /* of multipart */
	bool hides_part;
	struct redacted met;
	bool cut; /* out had no room for all */
};

/* One for a text of that form. It owns nothing. */
void redactor_init(struct redactor *r, const struct redact_rules *rules,
    enum redact_form form) NONNULL(1);

/* One for a form in parts between which that boundary stands; without one, or with
 * one that is too long, nothing is found. */
void redactor_init_multipart(struct redactor *r, const struct redact_rules *rules,
    struct bytes boundary) NONNULL(1);

/* More of the text: appends to `out` what may be shown of it. Where out has no
 * room, it gets a beginning (r->cut), and nothing any more. */
void redactor_feed(struct redactor *r, struct bytes text, struct buf *out)
    NONNULL(1, 3);

/* The text ends here. */
void redactor_end(struct redactor *r, struct buf *out) NONNULL(1, 2);

#endif
