/* SPDX-License-Identifier: ISC */
/*
 * The expression that both languages of filters compile to, and how it is put
 * together. Only log/filter*.c include it. Pure; CLI only.
 */
#ifndef SIGHTGLASS_LOG_FILTER_TREE_H
#define SIGHTGLASS_LOG_FILTER_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yyjson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "log/filter.h"
#include "log/pattern.h"

#define FILTER_FIELDS_MAX 4u
#define FILTER_DEPTH_MAX 100u

enum filter_op { FILTER_AND, FILTER_OR, FILTER_NOT, FILTER_TEST };

/* What of a record is looked at. */
enum filter_subject {
	FILTER_FIELDS,   /* the fields named, any of them */
	FILTER_HEADERS,  /* each header field as "name: value" */
	FILTER_BODY,     /* what was said, base64 undone */
	FILTER_ENDPOINT, /* "address:port" */
	FILTER_LINE,     /* the raw line */
	FILTER_ALL       /* nothing: it always passes */
};

enum filter_side { FILTER_BOTH, FILTER_REQUEST, FILTER_RESPONSE };

enum filter_compare {
	FILTER_HAS,
	FILTER_EQUAL,
	FILTER_LESS,
	FILTER_LESS_EQUAL,
	FILTER_GREATER,
	FILTER_GREATER_EQUAL,
	FILTER_CONTAINS,
	FILTER_STARTS,
	FILTER_ENDS,
	FILTER_MATCHES
};

enum filter_kind {
	FILTER_NOTHING,
	FILTER_TEXT,
	FILTER_NUMBER,
	FILTER_TRUTH,
	FILTER_NETWORK,
	FILTER_TIME,
	FILTER_PATTERN
};

struct filter_network {
	int family;
	unsigned prefix;
	uint8_t bytes[16];
};

struct filter_value {
	enum filter_kind kind;
	const char *text; /* TEXT: in the arena */
	size_t length;
	double number;
	bool truth;
	int64_t time_us;
	struct filter_network network;
	struct pattern *pattern; /* owned by the filter */
};

/* A way through objects: `count` names one behind the other, each with its NUL. */
struct filter_path {
	const char *names;
	size_t count;
};

/* Bytes that a line of our writer's needs for the test to be true. */
struct filter_need {
	const char *bytes; /* NULL: a caseless one, which the pattern finds */
	size_t length;
	struct pattern *pattern;
};

struct filter_test {
	enum filter_subject subject;
	enum filter_side side; /* of an endpoint REQUEST is the source */
	struct filter_path fields[FILTER_FIELDS_MAX];
	size_t field_count;
	enum filter_compare compare;
	struct filter_value value;
	struct filter_need need;  /* length 0: none is known */
	struct filter_need other; /* where there is one, this or that */
};

struct filter_node {
	enum filter_op op;
	struct filter_node *left, *right; /* NOT has a left one only */
	struct filter_test test;
};

struct filter_patterns {
	struct pattern *pattern;
	struct filter_patterns *next;
};

struct filter {
	struct arena arena; /* nodes, texts */
	struct filter_node *root; /* NULL: everything passes */
	struct filter_patterns *patterns;
	bool ranged;
	int64_t since_us, until_us;
	const struct filter_need *anchor; /* what every wanted line needs */
	struct buf pool;                  /* where records are parsed */
	struct buf text;                  /* what a test puts together */
};

/* --- building --- */

/* A text that is read from its front by one of the languages. */
struct filter_parser {
	struct filter *f;
	const char *text, *p;
	unsigned depth;
	int failure; /* 0, or what *error tells */
	struct filter_error *error;
};

/* Says what is wrong at `at`, unless something was said before. Returns NULL. */
struct filter_node *filter_fail(struct filter_parser *ps, const char *at,
    const char *format, ...) NONNULL(1, 2, 3) PRINTF_LIKE(3, 4);

/* Says what is likely a slip at `at`, unless something was said before. */
void filter_warn(struct filter_parser *ps, const char *at, const char *format, ...)
    NONNULL(1, 2, 3) PRINTF_LIKE(3, 4);

/* NULL when one of what it takes is, or after filter_fail. */
struct filter_node *filter_join(struct filter_parser *ps, enum filter_op op,
    struct filter_node *left, struct filter_node *right) WUNRES NONNULL(1);

/* A node of that test, with what it needs of a line worked out. `regex` is the
 * text of value.pattern, which was compiled with `flags`. */
struct filter_node *filter_test(struct filter_parser *ps,
    const struct filter_test *test) WUNRES NONNULL(1, 2);
struct filter_node *filter_test_regex(struct filter_parser *ps,
    const struct filter_test *test, const char *regex, size_t length,
    unsigned flags, const char *at) WUNRES NONNULL(1, 2, 3, 6);

/* "url.full", or with quotes a."b.c".d, to a path. False after filter_fail. */
bool filter_path_parse(struct filter_parser *ps, const char *text, size_t length,
    struct filter_path *out) WUNRES NONNULL(1, 2, 4);

/* Compiles a whole text of the language of --where; what is wrong is told at
 * ps->p as it was. */
struct filter_node *filter_where_parse(struct filter_parser *ps)
    WUNRES NONNULL(1);
struct filter_node *filter_letters_parse(struct filter_parser *ps)
    WUNRES NONNULL(1);

/* --- judging --- */

/* Works out test->need; regex is NULL unless value is a pattern. */
int filter_need_find(struct filter *f, struct filter_test *test,
    const char *regex, size_t length, unsigned flags) WUNRES NONNULL(1, 2);

/* Whether a line of our writer's may pass. */
bool filter_may_pass(const struct filter_node *node, const char *line,
    size_t length) NONNULL(1, 2);

/* Where in the bytes it stands first; `length`: nowhere. */
size_t filter_need_search(const struct filter_need *need, const void *bytes,
    size_t length) NONNULL(1);

/* What a tree's lines all need, or NULL: the longest. */
const struct filter_need *filter_anchor(const struct filter_node *node)
    NONNULL(1);

/* Whether a test is true of a record (or of the raw line alone). */
bool filter_test_passes(struct filter *f, const struct filter_test *test,
    yyjson_val *record) NONNULL(1, 2);

#endif
