/* SPDX-License-Identifier: ISC */
/*
 * Every field that a record may have, one row each: the only place where the names of
 * fields stand. The writers of records take their keys from it (log/member.h), the
 * manual page sightglass-log(5) its lists (log/describe), and whoever reads records
 * what a name means. Adding a field is a row in one of the tables included here.
 * Pure; any process.
 *
 * A row is X(NAME, "parent", "key", KIND, UNIT, datasets, "text"):
 *   NAME      of the enumerator, F_NAME
 *   parent    dotted name of the object that has it, "" for the record itself; of
 *             several objects that have the same member their alternatives, as a shell
 *             writes them: "http.{request,response}.body". One such group at most.
 *   key       the member's name in that object
 *   KIND      one of enum field_kind
 *   UNIT      one of enum field_unit
 *   datasets  in whose records it may stand, IN_HTTP | IN_BODY, besides the bounds
 *             that its parent sets
 *   text      what it means, in sentences that stand alone. `Backquotes` are around
 *             what is literal. "" for an object of which nothing need be said.
 * Two rows may have the same name where it means something else in other datasets.
 *
 * A field with a fixed set of values has a row for each in log/field_values.h, and its
 * text does not repeat them.
 */
#ifndef SIGHTGLASS_LOG_FIELDS_H
#define SIGHTGLASS_LOG_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "log/field_values.h"
#include "log/fields_dns.h"
#include "log/fields_every.h"
#include "log/fields_flow.h"
#include "log/fields_http.h"
#include "log/fields_tls.h"

/* What event.dataset may be, behind "sightglass.", and what there is a record of. */
#define DATASETS(X)                                                           \
	X(HTTP, "http", "one an exchange")                                    \
	X(BODY, "body", "one a part of a body")                               \
	X(WEBSOCKET, "websocket", "one a message")                            \
	X(DNS, "dns", "one a question with its answer")                       \
	X(TLS, "tls", "one a TLS flow")                                       \
	X(FLOW, "flow", "one each flow, when it ends")                        \
	X(MINT, "mint", "one a leaf certificate that the signer made")        \
	X(DAEMON, "daemon", "what the daemon did")

/* " http body": all of them, for messages. */
#define DATASET_WORD(name, word, text) " " word
#define DATASET_WORDS DATASETS(DATASET_WORD)

enum dataset {
#define ENUMERATOR(name, word, text) DATASET_##name,
	DATASETS(ENUMERATOR)
#undef ENUMERATOR
	DATASET_COUNT
};

/* A set of datasets. */
enum {
#define BIT(name, word, text) IN_##name = 1 << DATASET_##name,
	DATASETS(BIT)
#undef BIT
	IN_FLOWS = IN_HTTP | IN_BODY | IN_WEBSOCKET | IN_DNS | IN_TLS | IN_FLOW,
	IN_ALL = IN_FLOWS | IN_MINT | IN_DAEMON
};

enum field_kind {
	KIND_TEXT,
	KIND_TEXTS,     /* an array of them */
	KIND_NUMBER,
	KIND_BOOLEAN,
	KIND_TIME,      /* RFC 3339 in UTC, to the microsecond */
	KIND_ADDRESS,   /* of IPv4 or IPv6, as text */
	KIND_ADDRESSES, /* an array of them */
	KIND_OBJECT,
	KIND_OBJECTS,   /* an array of them */
	KIND_MAP        /* an object whose members come from outside, each an array of
	                 * texts */
};

enum field_unit {
	UNIT_NONE,
	UNIT_BYTES,
	UNIT_NANOSECONDS,
	UNIT_MILLISECONDS, /* with up to three decimals */
	UNIT_SECONDS
};

#define FIELDS(X)                                                             \
	FIELDS_EVERY(X)                                                       \
	FIELDS_HTTP(X)                                                        \
	FIELDS_DNS(X)                                                         \
	FIELDS_TLS(X)                                                         \
	FIELDS_FLOW(X)

enum field {
#define ENUMERATOR(name, parent, key, kind, unit, datasets, text) F_##name,
	FIELDS(ENUMERATOR)
#undef ENUMERATOR
	FIELD_COUNT
};

struct field_row {
	const char *start; /* of the member in a line: ,"key": */
	size_t start_length;
	const char *parent, *key;
	enum field_kind kind;
	enum field_unit unit;
	unsigned datasets;
	const char *text;
};

extern const struct field_row field_rows[FIELD_COUNT];

struct dataset_row {
	const char *word; /* of event.dataset: "sightglass.http" */
	const char *name; /* "http" */
	const char *text;
};

extern const struct dataset_row dataset_rows[DATASET_COUNT];

struct field_value {
	enum field field;
	const char *value; /* "*": others, too */
	const char *text;  /* or "" */
};

extern const struct field_value field_values[];
extern const size_t field_value_count;

#define FIELD_NAME_MAX 128u /* bytes of a dotted name, with its NUL */

/* "text", "list of texts". */
const char *field_kind_name(enum field_kind kind);

/* "bytes", or "" for UNIT_NONE. */
const char *field_unit_name(enum field_unit unit);

/* The dotted names of a row, from 0; false: it has no more. */
bool field_name(enum field field, unsigned index, char out[FIELD_NAME_MAX])
    NONNULL(3);

/* In the records of which datasets a name of that row stands: those of the row that
 * its parents have, too. */
unsigned field_datasets(enum field field, const char *name) NONNULL(2);

/* The row of what a dotted name leads to in any dataset: its own, or *inside is true and
 * it is that of a map, in which the rest of the name is. FIELD_COUNT: no record has
 * it. */
enum field field_resolve(const char *name, size_t length, bool *inside)
    NONNULL(1, 3);

/* The name that one which no record has may be a slip for. False: none is near. */
bool field_nearest(const char *name, size_t length, char out[FIELD_NAME_MAX])
    NONNULL(1, 3);

/* What to tell who asked for a name that no record has. */
#define FIELD_WORDS_MAX 200u
void field_unknown(const char *name, size_t length, char out[FIELD_WORDS_MAX])
    NONNULL(1, 3);

/* The row of a dotted name in one of these datasets; FIELD_COUNT: there is none. */
enum field field_find(const char *name, size_t length, unsigned datasets)
    NONNULL(1);

#endif
