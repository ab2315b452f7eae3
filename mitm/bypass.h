/* SPDX-License-Identifier: ISC */
/*
 * Which flows are not opened because opening them was tried and failed: a table
 * of (application, server name), each with its reason and its end. Failures are
 * counted first and become an entry when there are enough of them within a
 * while. Pure: times are handed in. The parent's table counts and is kept; each
 * worker has a copy of its entries to decide by.
 *
 * Both halves of a key come from outside and the reports from workers, so all of
 * it is bounded: entries in all and for one application, failures that are
 * remembered, and how fast entries may be made.
 */
#ifndef SIGHTGLASS_MITM_BYPASS_H
#define SIGHTGLASS_MITM_BYPASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "mitm/policy.h"

#define BYPASS_ENTRIES_MAX 4096u
#define BYPASS_SHARE_MAX 512u  /* of them, what one application may have */
#define BYPASS_SUSPECTS_MAX 4096u
#define BYPASS_DISTRUST 8u     /* pinned so often by one: it trusts no CA of ours */
#define BYPASS_BURST 32u       /* entries learned at once ... */
#define BYPASS_REFILL_US 2000000u /* ... and one more each 2 s */

#define BYPASS_APPLICATION_BYTES 1024u
#define BYPASS_NAME_BYTES 256u
#define BYPASS_KEY_BYTES_MAX (BYPASS_APPLICATION_BYTES + BYPASS_NAME_BYTES)

/* Why a pair is not opened: X(symbol, identifier in records) */
#define BYPASS_TABLE(X)                                                       \
	X(BYPASS_PINNED, "pinned") /* the client turned our leaf down */      \
	X(BYPASS_CLIENT_CERTIFICATE, "client_certificate") /* the server wants one */ \
	X(BYPASS_HANDSHAKE, "upstream_handshake") /* it failed, behind a dialogue */ \
	X(BYPASS_ADDED, "added") /* by a person */

enum bypass_why {
#define BYPASS_ENUM(symbol, identifier) symbol,
	BYPASS_TABLE(BYPASS_ENUM)
#undef BYPASS_ENUM
	BYPASS_WHY_COUNT
};

/* The identifier; static. */
const char *bypass_why_name(enum bypass_why why);
/* ... and back. False: it is none. */
bool bypass_why_find(const char *name, enum bypass_why *why) WUNRES
    NONNULL(1, 2);

/* In place of an application: every one. A person may say so, nothing learns it. */
#define BYPASS_EVERY "*"

/* Both are NUL-terminated and not empty. The name is in lower case without a
 * final dot; the text of the address where the client named none. */
struct bypass_key {
	char application[BYPASS_APPLICATION_BYTES];
	char name[BYPASS_NAME_BYTES];
};

/* What is known of a program; NULL: not. */
struct bypass_program {
	const char *executable, *signing_id, *team_id;
	const uint32_t *uid;
};

/* The application that a flow belongs to: "TEAM:IDENTIFIER" of its signature, which
 * no other program can claim and an update does not change; else the path of its
 * executable, since without a team anybody may sign with any identifier; else
 * ":IDENTIFIER"; else "user:UID", all programs of that user; else "any". E_LIMIT:
 * the name or the application does not fit. E_RANGE: there is no name. */
int bypass_key_make(struct bypass_key *key, const struct bypass_program *program,
    const char *name) WUNRES NONNULL(1, 2);

/* A person's words: the application as it stands in the list, and a name.
 * E_LIMIT; E_RANGE when one of them is empty. */
int bypass_key_set(struct bypass_key *key, const char *application,
    const char *name) WUNRES NONNULL(1, 2, 3);

/* For messages: the two texts, each with its NUL. Appends; and reads bytes that
 * may be hostile: E_CORRUPT unless they are just that. */
int bypass_key_write(const struct bypass_key *key, struct buf *out)
    WUNRES NONNULL(1, 2);
int bypass_key_read(struct bypass_key *key, const uint8_t *bytes,
    size_t length) WUNRES NONNULL(1);

/* One rule of bypass.never: a name as in policy.h, an address or a block. Errors
 * and *why as policy_add. */
int bypass_never_add(struct policy *never, const char *rule, const char **why)
    WUNRES NONNULL(1, 2, 3);
/* All of them, for bypass_never_covers; freed by policy_free. NULL: *wrong is
 * the rule that cannot be, or `count` when memory is short, and *why the words
 * (static). */
struct policy *bypass_never_new(char *const *rules, size_t count, size_t *wrong,
    const char **why) WUNRES NONNULL(3, 4);
bool bypass_never_covers(const struct policy *never, const char *name) WUNRES
    NONNULL(1, 2);

struct bypass_entry {
	const struct bypass_key *key;
	enum bypass_why why;
	uint64_t learned_us; /* since the epoch, as expires_us */
	uint64_t expires_us;
	uint64_t hits; /* flows that were spliced for it */
};

/* How failures become an entry. */
struct bypass_terms {
	uint64_t count;     /* so many of them ... */
	uint64_t window_us; /* ... no longer than this after the first */
	uint64_t ttl_us;    /* the entry's life */
};

struct bypass;

/* Called with each entry that goes, and why: "expired", "removed", "evicted". */
typedef void bypass_gone(void *context, const struct bypass_entry *entry,
    const char *why);

/* gone may be NULL. NULL: out of memory. */
struct bypass *bypass_new(bypass_gone *gone, void *context) WUNRES;
/* Says nothing to gone. */
void bypass_free(struct bypass *b);

/* A failure. 1: it made an entry; 0: it was counted; E_LIMIT: it would have, but
 * entries are made too fast; E_FULL, E_NOMEM. Client certificates need no
 * second one: the server has said it. */
int bypass_fail(struct bypass *b, const struct bypass_key *key,
    enum bypass_why why, const struct bypass_terms *terms, uint64_t now_us)
    WUNRES NONNULL(1, 2, 4);

/* Makes or replaces an entry as it stands. Room is made by taking the one that
 * was not used for longest, but never one that a person added: E_FULL. */
int bypass_put(struct bypass *b, const struct bypass_entry *entry,
    uint64_t now_us) WUNRES NONNULL(1, 2);

/* The live entry of the key, else of its name for BYPASS_EVERY, else NULL. */
const struct bypass_entry *bypass_find(const struct bypass *b,
    const struct bypass_key *key, uint64_t now_us) WUNRES NONNULL(1, 2);

/* An entry was put to use. */
void bypass_hit(struct bypass *b, const struct bypass_key *key,
    uint64_t now_us) NONNULL(1, 2);

/* False: there is none. Its failures are forgotten too. */
bool bypass_remove(struct bypass *b, const struct bypass_key *key)
    NONNULL(1, 2);
/* All of them; returns how many entries there were. */
size_t bypass_clear(struct bypass *b) NONNULL(1);
/* Those whose time is over. */
void bypass_expire(struct bypass *b, uint64_t now_us) NONNULL(1);
/* Those that bypass.never now covers. */
void bypass_forbid(struct bypass *b, const struct policy *never) NONNULL(1, 2);

/* The entries in the order in which they were made: the one behind `after`, or
 * the first (NULL). NULL: no more. Valid until the table changes. */
const struct bypass_entry *bypass_next(const struct bypass *b,
    const struct bypass_entry *after) WUNRES NONNULL(1);
size_t bypass_count(const struct bypass *b) NONNULL(1);
/* How many of them are this application's and have that reason. */
size_t bypass_count_of(const struct bypass *b, const char *application,
    enum bypass_why why) NONNULL(1, 2);

#endif
