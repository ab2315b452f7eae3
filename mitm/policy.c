/* SPDX-License-Identifier: ISC */
/*
 * The policy: rules compiled into one hash table of keys (names, address blocks,
 * users and applications, each with a tag in front), besides short lists of port
 * ranges and globs. A name is looked up once for itself and once for each of its
 * suffixes, an address once for each prefix length in use, so ten thousand rules
 * cost no more than ten. Pure; runs in the worker. It resolves no name, opens no
 * file.
 */
#include "mitm/policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/endpoint.h"
#include "base/err.h"
#include "base/glob.h"

#define POLICY_BYTES_MAX ((size_t)256 * 1024 * 1024)
#define NAME_BYTES 256u
#define KEY_BYTES (NAME_BYTES + 2)
#define WITH_TEAM_BYTES (64u + 256u) /* of both, as flow_header.h has them */
#define V4_BITS 32u
#define V6_BITS 128u
#define FIRST_SLOTS 64u

enum key_tag {
	KEY_NAME = 'n',  /* the name itself */
	KEY_BELOW = 'b', /* every name below it */
	KEY_V4 = '4',    /* prefix length, masked address */
	KEY_V6 = '6',
	KEY_USER = 'u',
	KEY_APPLICATION = 'a', /* one that is no pattern */
};

struct key {
	uint8_t bytes[KEY_BYTES];
	size_t length;
};

/* How strong a match is: 0 no match, 1 known to break, else its decision + 2.
 * The order of enum decision is the order of strength. */
#define STRENGTH_KNOWN 1u
#define STRENGTH_LEAST 2u

static unsigned
strength_of(enum decision decision)
{
	return (unsigned)decision + STRENGTH_LEAST;
}

struct entry {
	const uint8_t *key; /* in the arena; NULL: the slot is free */
	size_t length;
	unsigned strength;
};

struct port_range {
	struct port_range *next;
	uint16_t first, last;
	unsigned strength;
};

struct glob {
	struct glob *next;
	const char *pattern;
	unsigned strength;
};

struct policy {
	struct arena arena;
	enum decision fallback;
	struct entry *slots; /* a power of two of them, never more than half full */
	size_t slot_count, entry_count;
	struct port_range *ports;
	struct glob *globs;
	bool v4_prefixes[V4_BITS + 1]; /* which lengths some rule has */
	bool v6_prefixes[V6_BITS + 1];
};

/* --- the table --- */

/* FNV-1a: the keys come from the configuration, nobody hostile picks them. */
static size_t
hash(const uint8_t *bytes, size_t length)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < length; i++)
		h = (h ^ bytes[i]) * 0x100000001b3u;
	return (size_t)(h ^ h >> 32);
}

/* The key's slot, or the free one where it belongs. */
static struct entry *
find_slot(const struct policy *p, const uint8_t *key, size_t length)
{
	size_t at = hash(key, length) & (p->slot_count - 1);

	while (p->slots[at].key != NULL &&
	    (p->slots[at].length != length ||
	    memcmp(p->slots[at].key, key, length) != 0))
		at = (at + 1) & (p->slot_count - 1);
	return &p->slots[at];
}

static unsigned
look_up(const struct policy *p, const struct key *key)
{
	if (p->entry_count == 0)
		return 0;
	return find_slot(p, key->bytes, key->length)->strength;
}

static int
grow(struct policy *p)
{
	struct entry *old = p->slots;
	size_t old_count = p->slot_count;
	size_t count = old_count == 0 ? FIRST_SLOTS : old_count * 2;
	struct entry *slots = calloc(count, sizeof(*slots));

	if (slots == NULL)
		return E_NOMEM;
	p->slots = slots;
	p->slot_count = count;
	for (size_t i = 0; i < old_count; i++) {
		if (old[i].key != NULL)
			*find_slot(p, old[i].key, old[i].length) = old[i];
	}
	free(old);
	return 0;
}

static int
insert(struct policy *p, const struct key *key, unsigned strength)
{
	if (p->entry_count >= p->slot_count / 2 && grow(p) != 0)
		return E_NOMEM;
	struct entry *slot = find_slot(p, key->bytes, key->length);
	if (slot->key == NULL) {
		slot->key = (uint8_t *)arena_copy(&p->arena, key->bytes,
		    key->length);
		if (slot->key == NULL)
			return E_NOMEM;
		slot->length = key->length;
		p->entry_count++;
	}
	if (slot->strength < strength)
		slot->strength = strength;
	return 0;
}

/* --- keys --- */

static void
name_key(struct key *key, enum key_tag tag, const char *name, size_t length)
{
	key->bytes[0] = (uint8_t)tag;
	memcpy(key->bytes + 1, name, length);
	key->length = length + 1;
}

static void
address_key(struct key *key, enum key_tag tag, const uint8_t *address,
    unsigned prefix)
{
	size_t whole = prefix / 8;

	key->bytes[0] = (uint8_t)tag;
	key->bytes[1] = (uint8_t)prefix;
	memcpy(key->bytes + 2, address, whole);
	key->length = 2 + whole;
	if (prefix % 8 != 0)
		key->bytes[key->length++] =
		    address[whole] & (uint8_t)(0xff00 >> prefix % 8);
}

static void
user_key(struct key *key, uint32_t uid)
{
	key->bytes[0] = KEY_USER;
	memcpy(key->bytes + 1, &uid, sizeof(uid));
	key->length = 1 + sizeof(uid);
}

/* False: it is a pattern, or too long for a key. */
static bool
application_key(struct key *key, const char *application)
{
	size_t length = strnlen(application, KEY_BYTES);

	if (length >= KEY_BYTES)
		return false;
	name_key(key, KEY_APPLICATION, application, length);
	return true;
}

/* Lower case, without the final dot; 0 when it does not fit. */
static size_t
normal_name(const char *name, char out[NAME_BYTES])
{
	size_t length = strnlen(name, NAME_BYTES + 1);

	if (length > 0 && name[length - 1] == '.')
		length--;
	if (length >= NAME_BYTES)
		return 0;
	for (size_t i = 0; i < length; i++) {
		char c = name[i];
		out[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	out[length] = '\0';
	return length;
}

/* --- life --- */

struct policy *
policy_new(enum decision fallback)
{
	struct policy *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	arena_init(&p->arena, POLICY_BYTES_MAX);
	p->fallback = fallback;
	return p;
}

void
policy_free(struct policy *p)
{
	if (p == NULL)
		return;
	arena_free(&p->arena);
	free(p->slots);
	free(p);
}

/* --- rules --- */

/* Decimal digits up to `most`, nothing else before *end. */
static bool
read_number(const char *text, const char **end, uint64_t most, uint64_t *value)
{
	const char *at = text;

	for (*value = 0; *at >= '0' && *at <= '9'; at++) {
		*value = *value * 10 + (uint64_t)(*at - '0');
		if (*value > most)
			return false;
	}
	*end = at;
	return at > text;
}

static int
add_ports(struct policy *p, const char *text, unsigned strength,
    const char **why)
{
	uint64_t first, last;
	const char *end;

	*why = "a port is a number from 0 to 65535, or two with a hyphen between";
	if (!read_number(text, &end, UINT16_MAX, &first))
		return E_SYNTAX;
	last = first;
	if (*end == '-' && !read_number(end + 1, &end, UINT16_MAX, &last))
		return E_SYNTAX;
	if (*end != '\0')
		return E_SYNTAX;
	if (first > last) {
		*why = "the port range ends before it begins";
		return E_SYNTAX;
	}
	struct port_range *range = arena_alloc(&p->arena, sizeof(*range));
	if (range == NULL)
		return E_NOMEM;
	*range = (struct port_range){.next = p->ports, .first = (uint16_t)first,
	    .last = (uint16_t)last, .strength = strength};
	p->ports = range;
	return 0;
}

static int
add_application(struct policy *p, const char *pattern, unsigned strength,
    const char **why)
{
	struct key key;

	*why = "app: wants an executable path or a signing identifier";
	if (*pattern == '\0')
		return E_SYNTAX;
	if (strpbrk(pattern, "*?\\") == NULL && application_key(&key, pattern))
		return insert(p, &key, strength);
	struct glob *glob = arena_alloc(&p->arena, sizeof(*glob));
	char *copy = arena_copy(&p->arena, pattern, strlen(pattern));
	if (glob == NULL || copy == NULL)
		return E_NOMEM;
	*glob = (struct glob){.next = p->globs, .pattern = copy,
	    .strength = strength};
	p->globs = glob;
	return 0;
}

static int
add_user(struct policy *p, const char *text, unsigned strength,
    const char **why)
{
	struct key key;
	const char *end;
	uint64_t uid;

	*why = "user: wants a numeric uid";
	if (!read_number(text, &end, UINT32_MAX, &uid) || *end != '\0')
		return E_SYNTAX;
	user_key(&key, (uint32_t)uid);
	return insert(p, &key, strength);
}

/* RFC 4291 section 2.5.5.2: ::ffff:a.b.c.d is the IPv4 address. */
static bool
is_mapped(const uint8_t address[16])
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
	return memcmp(address, prefix, sizeof(prefix)) == 0;
}

static int
insert_block(struct policy *p, enum key_tag tag, const uint8_t *address,
    unsigned prefix, unsigned strength)
{
	struct key key;

	address_key(&key, tag, address, prefix);
	if (tag == KEY_V4)
		p->v4_prefixes[prefix] = true;
	else
		p->v6_prefixes[prefix] = true;
	return insert(p, &key, strength);
}

/* An address, with or without a prefix length. E_NOTFOUND: it is neither. */
static int
add_address(struct policy *p, const char *rule, unsigned strength,
    const char **why)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t address[16];
	size_t length = strcspn(rule, "/");
	const char *slash = rule[length] == '/' ? rule + length : NULL;

	if (length >= sizeof(text))
		return E_NOTFOUND;
	memcpy(text, rule, length);
	text[length] = '\0';
	bool v4 = inet_pton(AF_INET, text, address) == 1;
	if (!v4 && inet_pton(AF_INET6, text, address) != 1)
		return E_NOTFOUND;

	uint64_t most = v4 ? V4_BITS : V6_BITS, prefix = most;
	const char *end = "";
	if (slash != NULL && (!read_number(slash + 1, &end, most, &prefix) ||
	    *end != '\0')) {
		*why = "the prefix length is a number up to 32 (IPv4) or 128 (IPv6)";
		return E_SYNTAX;
	}
	if (!v4 && prefix >= V6_BITS - V4_BITS && is_mapped(address))
		return insert_block(p, KEY_V4, address + 12,
		    (unsigned)prefix - (V6_BITS - V4_BITS), strength);
	return insert_block(p, v4 ? KEY_V4 : KEY_V6, address, (unsigned)prefix,
	    strength);
}

/* Whether it could be a host name and is not a mistyped address: its last
 * label is not all digits (RFC 3696 section 2). */
static bool
is_name(const char *name, size_t length)
{
	const char *last = strrchr(name, '.');

	last = last == NULL ? name : last + 1;
	if (length == 0 || *name == '.' || last[strspn(last, "0123456789")] == '\0')
		return false;
	for (size_t i = 0; i < length; i++) {
		if ((uint8_t)name[i] <= ' ' || name[i] == 0x7f ||
		    strchr("*?/:[],;\"'@", name[i]) != NULL)
			return false;
		if (name[i] == '.' && name[i + 1] == '.')
			return false;
	}
	return true;
}

static int
add_name(struct policy *p, const char *rule, unsigned strength,
    const char **why)
{
	bool below = rule[0] == '.' || (rule[0] == '*' && rule[1] == '.');
	bool itself = rule[0] != '*';
	const char *start = rule + (below ? (itself ? 1 : 2) : 0);
	char name[NAME_BYTES];
	size_t length = normal_name(start, name);
	struct key key;
	int error = 0;

	if (!is_name(name, length)) {
		*why = "neither a name, *.name, .name, an address, a block, "
		    "port:, app: nor user:";
		return E_SYNTAX;
	}
	if (itself) {
		name_key(&key, KEY_NAME, name, length);
		error = insert(p, &key, strength);
	}
	if (below && error == 0) {
		name_key(&key, KEY_BELOW, name, length);
		error = insert(p, &key, strength);
	}
	return error;
}

/* Names the rule's kind and adds it. */
static int
add_rule(struct policy *p, const char *rule, unsigned strength,
    const char **why)
{
	if (strncmp(rule, "port:", 5) == 0)
		return add_ports(p, rule + 5, strength, why);
	if (strncmp(rule, "app:", 4) == 0)
		return add_application(p, rule + 4, strength, why);
	if (strncmp(rule, "user:", 5) == 0)
		return add_user(p, rule + 5, strength, why);

	int error = add_address(p, rule, strength, why);
	if (error == E_NOTFOUND)
		error = add_name(p, rule, strength, why);
	return error;
}

static int
add(struct policy *p, const char *rule, unsigned strength, const char **why)
{
	const char *wrong = NULL;
	int error = add_rule(p, rule, strength, &wrong);

	*why = error == E_NOMEM ? "out of memory" : error != 0 ? wrong : NULL;
	return error;
}

int
policy_add(struct policy *p, const char *rule, enum decision decision,
    const char **why)
{
	return add(p, rule, strength_of(decision), why);
}

int
policy_add_host(struct policy *p, const char *rule, enum decision decision,
    const char **why)
{
	static const char *const others[] = {"port:", "app:", "user:"};

	for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
		if (strncmp(rule, others[i], strlen(others[i])) != 0)
			continue;
		*why = "only names, addresses and blocks are asked here";
		return E_SYNTAX;
	}
	return policy_add(p, rule, decision, why);
}

int
policy_add_known(struct policy *p, const char *rule, const char **why)
{
	return add(p, rule, STRENGTH_KNOWN, why);
}

/* --- questions --- */

static unsigned
stronger(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

static unsigned
match_name(const struct policy *p, const char *server_name)
{
	char name[NAME_BYTES];
	size_t length = server_name == NULL ? 0 : normal_name(server_name, name);
	unsigned found;
	struct key key;

	if (length == 0)
		return 0;
	name_key(&key, KEY_NAME, name, length);
	found = look_up(p, &key);
	for (const char *dot = strchr(name, '.'); dot != NULL;
	    dot = strchr(dot + 1, '.')) {
		name_key(&key, KEY_BELOW, dot + 1, strlen(dot + 1));
		found = stronger(found, look_up(p, &key));
	}
	return found;
}

static unsigned
match_block(const struct policy *p, enum key_tag tag, const uint8_t *address)
{
	const bool *used = tag == KEY_V4 ? p->v4_prefixes : p->v6_prefixes;
	unsigned most = tag == KEY_V4 ? V4_BITS : V6_BITS;
	unsigned found = 0;

	for (unsigned prefix = 0; prefix <= most; prefix++) {
		struct key key;
		if (!used[prefix])
			continue;
		address_key(&key, tag, address, prefix);
		found = stronger(found, look_up(p, &key));
	}
	return found;
}

static unsigned
match_address(const struct policy *p, const struct sockaddr_storage *address)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (address == NULL)
		return 0;
	if (address->ss_family == AF_INET) {
		memcpy(&in, address, sizeof(in));
		return match_block(p, KEY_V4, (const uint8_t *)&in.sin_addr);
	}
	if (address->ss_family != AF_INET6)
		return 0;
	memcpy(&in6, address, sizeof(in6));
	const uint8_t *bytes = in6.sin6_addr.s6_addr;
	if (is_mapped(bytes))
		return match_block(p, KEY_V4, bytes + 12);
	return match_block(p, KEY_V6, bytes);
}

static unsigned
match_port(const struct policy *p, const struct sockaddr_storage *address)
{
	uint16_t port = address == NULL ? 0 : endpoint_port_of(address);
	unsigned found = 0;

	for (const struct port_range *r = p->ports; r != NULL; r = r->next) {
		if (port >= r->first && port <= r->last)
			found = stronger(found, r->strength);
	}
	return found;
}

static unsigned
match_exactly(const struct policy *p, const char *application)
{
	struct key key;

	return application == NULL || !application_key(&key, application)
	    ? 0 : look_up(p, &key);
}

/* "ABCDE12345:com.example.tool", or NULL: no team is known, or it does not fit. */
static const char *
with_team(const struct policy_subject *subject, char out[WITH_TEAM_BYTES])
{
	if (subject->team_id == NULL || subject->signing_id == NULL)
		return NULL;
	int length = snprintf(out, WITH_TEAM_BYTES, "%s:%s", subject->team_id,
	    subject->signing_id);
	return length > 0 && length < (int)WITH_TEAM_BYTES ? out : NULL;
}

static unsigned
match_application(const struct policy *p, const struct policy_subject *subject)
{
	char vouched[WITH_TEAM_BYTES];
	const char *const names[] = {subject->executable, subject->signing_id,
	    with_team(subject, vouched)};
	unsigned found = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		found = stronger(found, match_exactly(p, names[i]));
	for (const struct glob *g = p->globs; g != NULL; g = g->next)
		for (size_t i = 0; i < ARRAY_LENGTH(names) && g->strength > found; i++)
			if (names[i] != NULL && glob_matches(g->pattern, names[i]))
				found = g->strength;
	return found;
}

static unsigned
match_user(const struct policy *p, const uint32_t *uid)
{
	struct key key;

	if (uid == NULL)
		return 0;
	user_key(&key, *uid);
	return look_up(p, &key);
}

struct verdict
policy_ask(const struct policy *p, const struct policy_subject *subject)
{
	const struct {
		unsigned strength;
		const char *reason;
	} matches[] = {
		{match_name(p, subject->server_name), "policy_name"},
		{match_address(p, subject->address), "policy_address"},
		{match_port(p, subject->address), "policy_port"},
		{match_application(p, subject), "policy_application"},
		{match_user(p, subject->uid), "policy_user"},
	};
	struct verdict verdict = {p->fallback, "default"};
	unsigned strongest = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(matches); i++) {
		if (matches[i].strength <= strongest)
			continue;
		strongest = matches[i].strength;
		verdict.reason = matches[i].reason;
	}
	if (strongest >= STRENGTH_LEAST)
		verdict.decision = (enum decision)(strongest - STRENGTH_LEAST);
	else if (strongest == STRENGTH_KNOWN && p->fallback == DECIDE_INSPECT)
		verdict = (struct verdict){DECIDE_SPLICE, "known_to_break"};
	else
		verdict.reason = "default";
	return verdict;
}
