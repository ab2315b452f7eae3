/* SPDX-License-Identifier: ISC */
/*
 * The table of bypasses: one hash of keys to items, an item being a suspect (its
 * failures are counted) or an entry. Entries stand in the order they were made,
 * suspects too; the oldest suspect makes room for a new one. Pure; parent (it
 * counts) and worker (it looks up). Opens no file, reads no clock.
 */
#include "mitm/bypass.h"

#include <arpa/inet.h>
#include <assert.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/err.h"

#define BUCKETS 1024u

struct item {
	struct bypass_entry entry; /* first: bypass_next casts back */
	struct bypass_key key;
	TAILQ_ENTRY(item) order;
	LIST_ENTRY(item) chain;
	bool learned;
	uint64_t failures, first_us; /* of a suspect */
	uint64_t used_us;            /* of an entry */
};

TAILQ_HEAD(items, item);
LIST_HEAD(chain, item);

struct bypass {
	struct chain buckets[BUCKETS];
	struct items entries, suspects;
	size_t entry_count, suspect_count;
	uint64_t tokens, refilled_us;
	bypass_gone *gone;
	void *context;
};

/* --- reasons --- */

static const char *const why_names[] = {
#define BYPASS_NAME(symbol, identifier) [symbol] = (identifier),
    BYPASS_TABLE(BYPASS_NAME)
#undef BYPASS_NAME
};

const char *
bypass_why_name(enum bypass_why why)
{
	return why < BYPASS_WHY_COUNT ? why_names[why] : "?";
}

bool
bypass_why_find(const char *name, enum bypass_why *why)
{
	for (size_t i = 0; i < BYPASS_WHY_COUNT; i++) {
		if (strcmp(why_names[i], name) != 0)
			continue;
		*why = (enum bypass_why)i;
		return true;
	}
	return false;
}

/* --- keys --- */

static int
set_name(struct bypass_key *key, const char *name)
{
	size_t length = strnlen(name, sizeof(key->name) + 1);

	if (length > 1 && name[length - 1] == '.')
		length--;
	if (length >= sizeof(key->name))
		return E_LIMIT;
	for (size_t i = 0; i < length; i++) {
		char c = name[i];
		key->name[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	key->name[length] = '\0';
	return length == 0 ? E_RANGE : 0;
}

int
bypass_key_set(struct bypass_key *key, const char *application,
    const char *name)
{
	size_t length = strnlen(application, sizeof(key->application));

	if (length == sizeof(key->application))
		return E_LIMIT;
	memcpy(key->application, application, length + 1);
	return length == 0 ? E_RANGE : set_name(key, name);
}

/* False: it does not fit. */
static bool
name_program(const struct bypass_program *p, char *out, size_t capacity)
{
	bool is_signed = p->signing_id != NULL &&
	    (p->team_id != NULL || p->executable == NULL);
	int length;

	if (is_signed)
		length = snprintf(out, capacity, "%s:%s",
		    p->team_id != NULL ? p->team_id : "", p->signing_id);
	else if (p->executable != NULL)
		length = snprintf(out, capacity, "%s", p->executable);
	else if (p->uid != NULL)
		length = snprintf(out, capacity, "user:%" PRIu32, *p->uid);
	else
		length = snprintf(out, capacity, "any");
	return length >= 0 && (size_t)length < capacity;
}

int
bypass_key_make(struct bypass_key *key, const struct bypass_program *program,
    const char *name)
{
	if (name == NULL)
		return E_RANGE;
	if (!name_program(program, key->application, sizeof(key->application)))
		return E_LIMIT;
	return set_name(key, name);
}

int
bypass_key_write(const struct bypass_key *key, struct buf *out)
{
	int error = buf_append(out, key->application,
	    strlen(key->application) + 1);

	return error != 0 ? error
	                  : buf_append(out, key->name, strlen(key->name) + 1);
}

int
bypass_key_read(struct bypass_key *key, const uint8_t *bytes, size_t length)
{
	const uint8_t *end = length == 0 ? NULL : memchr(bytes, '\0', length);

	if (end == NULL)
		return E_CORRUPT;
	const uint8_t *name = end + 1;
	size_t name_length = length - (size_t)(name - bytes);
	if (name_length == 0 || memchr(name, '\0', name_length) !=
	    name + name_length - 1)
		return E_CORRUPT;
	return bypass_key_set(key, (const char *)bytes, (const char *)name) == 0
	    ? 0 : E_CORRUPT;
}

/* --- never --- */

int
bypass_never_add(struct policy *never, const char *rule, const char **why)
{
	return policy_add_host(never, rule, DECIDE_REFUSE, why);
}

struct policy *
bypass_never_new(char *const *rules, size_t count, size_t *wrong,
    const char **why)
{
	struct policy *never = policy_new(DECIDE_INSPECT);

	*wrong = count;
	*why = "out of memory";
	for (size_t i = 0; never != NULL && i < count; i++) {
		if (bypass_never_add(never, rules[i], why) == 0)
			continue;
		*wrong = i;
		policy_free(never);
		never = NULL;
	}
	return never;
}

bool
bypass_never_covers(const struct policy *never, const char *name)
{
	struct sockaddr_storage address = {0};
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct policy_subject subject = {.server_name = name};

	if (inet_pton(AF_INET, name, &in.sin_addr) == 1) {
		memcpy(&address, &in, sizeof(in));
		subject.address = &address;
	} else if (inet_pton(AF_INET6, name, &in6.sin6_addr) == 1) {
		memcpy(&address, &in6, sizeof(in6));
		subject.address = &address;
	}
	return policy_ask(never, &subject).decision == DECIDE_REFUSE;
}

/* --- items --- */

/* FNV-1a. Who picks keys that collide makes at most all items be compared. */
static size_t
bucket_of(const struct bypass_key *key)
{
	uint32_t h = 0x811c9dc5u;

	for (const char *c = key->application; *c != '\0'; c++)
		h = (h ^ (uint8_t)*c) * 0x01000193u;
	for (const char *c = key->name; *c != '\0'; c++)
		h = (h ^ (uint8_t)*c) * 0x01000193u;
	return h % BUCKETS;
}

static struct item *
find(const struct bypass *b, const struct bypass_key *key)
{
	struct item *item;

	LIST_FOREACH (item, &b->buckets[bucket_of(key)], chain)
		if (strcmp(item->key.name, key->name) == 0 &&
		    strcmp(item->key.application, key->application) == 0)
			return item;
	return NULL;
}

static void
drop(struct bypass *b, struct item *item)
{
	if (item->learned) {
		TAILQ_REMOVE(&b->entries, item, order);
		b->entry_count--;
	} else {
		TAILQ_REMOVE(&b->suspects, item, order);
		b->suspect_count--;
	}
	LIST_REMOVE(item, chain);
	free(item);
}

/* Tells of an entry's end, then ends it. */
static void
retire(struct bypass *b, struct item *item, const char *why)
{
	if (item->learned && b->gone != NULL)
		b->gone(b->context, &item->entry, why);
	drop(b, item);
}

/* A new suspect, the youngest. */
static struct item *
add(struct bypass *b, const struct bypass_key *key)
{
	struct item *item = calloc(1, sizeof(*item));

	if (item == NULL)
		return NULL;
	if (b->suspect_count == BYPASS_SUSPECTS_MAX)
		drop(b, TAILQ_FIRST(&b->suspects));
	item->key = *key;
	item->entry.key = &item->key;
	LIST_INSERT_HEAD(&b->buckets[bucket_of(key)], item, chain);
	TAILQ_INSERT_TAIL(&b->suspects, item, order);
	b->suspect_count++;
	return item;
}

static struct item *
find_or_add(struct bypass *b, const struct bypass_key *key)
{
	struct item *item = find(b, key);

	return item != NULL ? item : add(b, key);
}

struct bypass *
bypass_new(bypass_gone *gone, void *context)
{
	struct bypass *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	TAILQ_INIT(&b->entries);
	TAILQ_INIT(&b->suspects);
	b->tokens = BYPASS_BURST;
	b->gone = gone;
	b->context = context;
	return b;
}

void
bypass_free(struct bypass *b)
{
	if (b == NULL)
		return;
	b->gone = NULL;
	(void)bypass_clear(b);
	free(b);
}

/* --- room --- */

/* The entry that was not used for longest, of one application or (NULL) of all;
 * what a person added is left alone. */
static struct item *
stalest(const struct bypass *b, const char *application)
{
	struct item *item, *found = NULL;

	TAILQ_FOREACH (item, &b->entries, order) {
		if (item->entry.why == BYPASS_ADDED ||
		    (application != NULL &&
		        strcmp(item->key.application, application) != 0))
			continue;
		if (found == NULL || item->used_us < found->used_us)
			found = item;
	}
	return found;
}

static size_t
share_of(const struct bypass *b, const char *application)
{
	const struct item *item;
	size_t count = 0;

	TAILQ_FOREACH (item, &b->entries, order)
		count += item->entry.why != BYPASS_ADDED &&
		    strcmp(item->key.application, application) == 0;
	return count;
}

static int
make_room(struct bypass *b, const struct bypass_entry *entry)
{
	const char *application = entry->key->application;
	struct item *victim = NULL;

	if (entry->why != BYPASS_ADDED &&
	    share_of(b, application) >= BYPASS_SHARE_MAX)
		victim = stalest(b, application);
	else if (b->entry_count >= BYPASS_ENTRIES_MAX &&
	    (victim = stalest(b, NULL)) == NULL)
		return E_FULL;
	if (victim != NULL)
		retire(b, victim, "evicted");
	return 0;
}

/* --- entries --- */

int
bypass_put(struct bypass *b, const struct bypass_entry *entry, uint64_t now_us)
{
	struct item *item = find(b, entry->key);
	int error = item != NULL && item->learned ? 0 : make_room(b, entry);

	if (error != 0)
		return error;
	if (item == NULL)
		item = add(b, entry->key);
	if (item == NULL)
		return E_NOMEM;
	if (!item->learned) {
		TAILQ_REMOVE(&b->suspects, item, order);
		b->suspect_count--;
		TAILQ_INSERT_TAIL(&b->entries, item, order);
		b->entry_count++;
		item->learned = true;
	}
	item->entry = *entry;
	item->entry.key = &item->key;
	item->used_us = now_us;
	return 0;
}

/* Whether one more entry may be learned now. */
static bool
take_token(struct bypass *b, uint64_t now_us)
{
	uint64_t more = now_us > b->refilled_us
	    ? (now_us - b->refilled_us) / BYPASS_REFILL_US : 0;

	if (now_us < b->refilled_us || more > BYPASS_BURST)
		b->refilled_us = now_us;
	else
		b->refilled_us += more * BYPASS_REFILL_US;
	b->tokens = b->tokens + more > BYPASS_BURST ? BYPASS_BURST
	                                            : b->tokens + more;
	if (b->tokens == 0)
		return false;
	b->tokens--;
	return true;
}

static int
learn(struct bypass *b, const struct bypass_key *key, enum bypass_why why,
    const struct bypass_terms *terms, uint64_t now_us)
{
	const struct bypass_entry entry = {.key = key, .why = why,
	    .learned_us = now_us, .expires_us = now_us + terms->ttl_us};

	if (!take_token(b, now_us))
		return E_LIMIT;
	int error = bypass_put(b, &entry, now_us);
	return error != 0 ? error : 1;
}

int
bypass_fail(struct bypass *b, const struct bypass_key *key,
    enum bypass_why why, const struct bypass_terms *terms, uint64_t now_us)
{
	struct item *item = find_or_add(b, key);

	if (item == NULL)
		return E_NOMEM;
	if (item->learned && item->entry.expires_us > now_us)
		return 0; /* of a flow that began before it was learned */
	if (now_us < item->first_us || now_us - item->first_us > terms->window_us)
		item->failures = 0;
	if (item->failures == 0)
		item->first_us = now_us;
	item->failures++;
	if (why != BYPASS_CLIENT_CERTIFICATE && item->failures < terms->count)
		return 0;
	return learn(b, key, why, terms, now_us);
}

static const struct bypass_entry *
find_live(const struct bypass *b, const struct bypass_key *key,
    uint64_t now_us)
{
	const struct item *item = find(b, key);

	return item == NULL || !item->learned || item->entry.expires_us <= now_us
	    ? NULL : &item->entry;
}

const struct bypass_entry *
bypass_find(const struct bypass *b, const struct bypass_key *key,
    uint64_t now_us)
{
	struct bypass_key every = {.application = BYPASS_EVERY};
	const struct bypass_entry *entry = find_live(b, key, now_us);

	if (entry != NULL)
		return entry;
	memcpy(every.name, key->name, sizeof(every.name));
	return find_live(b, &every, now_us);
}

void
bypass_hit(struct bypass *b, const struct bypass_key *key, uint64_t now_us)
{
	struct item *item = find(b, key);

	if (item == NULL || !item->learned)
		return;
	item->entry.hits++;
	item->used_us = now_us;
}

bool
bypass_remove(struct bypass *b, const struct bypass_key *key)
{
	struct item *item = find(b, key);

	if (item == NULL)
		return false;
	bool learned = item->learned;
	retire(b, item, "removed");
	return learned;
}

size_t
bypass_clear(struct bypass *b)
{
	size_t count = b->entry_count;

	/* NOLINTBEGIN(clang-analyzer-unix.Malloc): TAILQ_REMOVE misread */
	while (!TAILQ_EMPTY(&b->entries))
		retire(b, TAILQ_FIRST(&b->entries), "removed");
	while (!TAILQ_EMPTY(&b->suspects))
		drop(b, TAILQ_FIRST(&b->suspects));
	/* NOLINTEND(clang-analyzer-unix.Malloc) */
	return count;
}

void
bypass_expire(struct bypass *b, uint64_t now_us)
{
	struct item *item, *next;

	for (item = TAILQ_FIRST(&b->entries); item != NULL; item = next) {
		next = TAILQ_NEXT(item, order);
		if (item->entry.expires_us <= now_us)
			retire(b, item, "expired");
	}
}

void
bypass_forbid(struct bypass *b, const struct policy *never)
{
	struct item *item, *next;

	for (item = TAILQ_FIRST(&b->entries); item != NULL; item = next) {
		next = TAILQ_NEXT(item, order);
		if (bypass_never_covers(never, item->key.name))
			retire(b, item, "removed");
	}
}

/* --- walks --- */

const struct bypass_entry *
bypass_next(const struct bypass *b, const struct bypass_entry *after)
{
	const struct item *item = after == NULL ? TAILQ_FIRST(&b->entries)
	    : TAILQ_NEXT((const struct item *)after, order);

	return item == NULL ? NULL : &item->entry;
}

size_t
bypass_count(const struct bypass *b)
{
	return b->entry_count;
}

size_t
bypass_count_of(const struct bypass *b, const char *application,
    enum bypass_why why)
{
	const struct item *item;
	size_t count = 0;

	TAILQ_FOREACH (item, &b->entries, order)
		count += item->entry.why == why &&
		    strcmp(item->key.application, application) == 0;
	return count;
}
