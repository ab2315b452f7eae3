/* SPDX-License-Identifier: ISC */
/*
 * What is to be kept out of the log, compiled from the settings. Counted, since
 * what is read as a stream goes on by the rules it began with when the settings
 * change. Pure; worker, and the parent to check settings.
 */
#ifndef SIGHTGLASS_MITM_REDACT_RULES_H
#define SIGHTGLASS_MITM_REDACT_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "conf/conf.h"
#include "mitm/event.h"
#include "mitm/redact_patterns.h"

#define REDACT_NAME_BYTES_MAX 128u
#define REDACT_PATH_MAX 16u

enum redact_kind {
	REDACT_FIELD,   /* of a query, a form or JSON, by its name or its path */
	REDACT_COOKIE,
	REDACT_PATTERN, /* anywhere in a body */
	REDACT_USERINFO /* of a URL */
};

/* A step down to a value: a member's name, or any member, or any element. */
struct redact_segment {
	const char *name; /* NULL: any */
	bool element;
};

struct redact_rule {
	enum redact_kind kind;
	char *name;       /* owned; compared without case */
	char *path_text;  /* owned: what the segments are made of */
	struct redact_segment path[REDACT_PATH_MAX];
	size_t path_length; /* 0: it is no path */
};

struct redact_rules {
	unsigned references;
	struct redact_rule *rules; /* owned */
	char **labels;             /* owned: how records name rule i */
	size_t count;              /* REDACT_RULES_MAX at most */
	struct redact_patterns *patterns; /* owned; NULL: none */
	size_t first_pattern;             /* the rule of the first of them */
	bool has_paths, hides_userinfo;
};

/* Some of the rules. */
struct redact_set {
	uint64_t bits[REDACT_RULES_MAX / 64];
};

/* Compiles capture.redact_fields, _cookies, _patterns and _userinfo; with
 * capture.mode full there are no rules. NULL: *error says why, in words that begin
 * with the setting. */
struct redact_rules *redact_rules_new(const struct conf *conf,
    struct conf_error *error) WUNRES NONNULL(1, 2);

/* One more, or one less, who holds it; freed with the last. NULL is fine. */
struct redact_rules *redact_rules_ref(struct redact_rules *r);
void redact_rules_unref(struct redact_rules *r);

/* Notes that a rule was met. */
void redact_rules_note(const struct redact_rules *r, size_t rule,
    struct redacted *met) NONNULL(1, 3);

/* Each tells whether a value is to be hidden, and notes the rules in *met. */

/* That of a field or a cookie with that name. */
bool redact_rules_name(const struct redact_rules *r, enum redact_kind kind,
    const char *name, struct redacted *met) WUNRES NONNULL(1, 3, 4);

bool redact_rules_userinfo(const struct redact_rules *r, struct redacted *met)
    WUNRES NONNULL(1, 2);

/* That to which `set` led in `depth` steps: a path ends there. */
bool redact_rules_end(const struct redact_rules *r, const struct redact_set *set,
    size_t depth, struct redacted *met) WUNRES NONNULL(1, 2, 4);

/* The rules with a path: they lead to the top. */
void redact_rules_top(const struct redact_rules *r, struct redact_set *set)
    NONNULL(1, 2);

/* Those of `from`, which led here in `depth` steps, that lead on to the member of
 * that name, or (NULL) to the elements. */
void redact_rules_step(const struct redact_rules *r, const struct redact_set *from,
    size_t depth, const char *name, struct redact_set *to) NONNULL(1, 2, 5);

#endif
