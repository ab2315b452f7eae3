/* SPDX-License-Identifier: ISC */
/*
 * A table of sets in shared memory. Each entry has a version, which is odd while its
 * writer is at work: a reader copies the entry and believes the copy when the version
 * was even before and is the same after (a seqlock). All of it is read and written as
 * atomic words, so that a race is a stale copy and nothing else. Pure; worker.
 */
#include "mitm/dns_names.h"

#include <stdatomic.h>
#include <string.h>

#include "base/endpoint.h"

/* A whole number of words, without padding. */
struct entry {
	uint8_t address[DNS_ADDRESS_BYTES];
	uint64_t application;
	uint64_t learned_us, ends_us;
	uint64_t length; /* of `name`; 0: there is none */
	char name[DNS_NAME_TEXT_MAX + 1];
};

#define WORD_BYTES sizeof(uint64_t)
#define ENTRY_WORDS (sizeof(struct entry) / WORD_BYTES)

_Static_assert(sizeof(struct entry) == DNS_ADDRESS_BYTES + 4 * WORD_BYTES +
        DNS_NAME_TEXT_MAX + 1, "no padding");
_Static_assert(sizeof(struct entry) % WORD_BYTES == 0, "whole words");

struct dns_names_slot {
	_Atomic uint64_t version;
	_Atomic uint64_t words[ENTRY_WORDS];
};

/* --- sizes --- */

uint32_t
dns_names_sets(uint64_t names, uint32_t writers)
{
	uint64_t set_of_each = (uint64_t)DNS_NAMES_SET * writers;
	uint64_t sets = set_of_each == 0 ? 0 : (names + set_of_each - 1) / set_of_each;

	return sets > UINT32_MAX ? UINT32_MAX : (uint32_t)sets;
}

size_t
dns_names_bytes(uint32_t writers, uint32_t sets)
{
	return (size_t)writers * sets * DNS_NAMES_SET * sizeof(struct dns_names_slot);
}

/* --- keys --- */

/* The finaliser of MurmurHash3, by its author's numbers. */
static uint64_t
mix(uint64_t h)
{
	h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 33;
}

static uint64_t
hash(uint64_t seed, const void *bytes, size_t length)
{
	const uint8_t *p = bytes;
	uint64_t h = mix(seed + length);

	for (size_t at = 0; at < length; at += WORD_BYTES) {
		size_t some = length - at < WORD_BYTES ? length - at : WORD_BYTES;
		uint64_t word = 0;

		memcpy(&word, p + at, some);
		h = mix(h ^ word) + seed;
	}
	return h;
}

bool
dns_names_address(const struct sockaddr_storage *address,
    uint8_t out[DNS_ADDRESS_BYTES])
{
	struct endpoint e;

	if (!endpoint_read(&e, address))
		return false;
	memcpy(out, e.address, DNS_ADDRESS_BYTES);
	return true;
}

uint64_t
dns_names_application(const struct dns_names *n, const char *identity)
{
	if (identity == NULL || identity[0] == '\0')
		return 0;
	return hash(n->seed, identity, strlen(identity)) | 1; /* never 0 */
}

/* The 16 of a writer in which an address may stand. */
static struct dns_names_slot *
set_of(const struct dns_names *n, uint32_t writer,
    const uint8_t address[DNS_ADDRESS_BYTES])
{
	uint64_t set = hash(n->seed, address, DNS_ADDRESS_BYTES) % n->sets;

	return &n->slots[((size_t)writer * n->sets + set) * DNS_NAMES_SET];
}

/* --- entries --- */

/* Each word is loaded so that the version behind it is no older. */
static uint64_t
load(_Atomic uint64_t *word)
{
	return atomic_load_explicit(word, memory_order_acquire);
}

/* The address comes first, so that most entries cost two words. */
static bool
is_of(struct dns_names_slot *slot, const uint8_t address[DNS_ADDRESS_BYTES])
{
	uint64_t words[DNS_ADDRESS_BYTES / WORD_BYTES];

	memcpy(words, address, DNS_ADDRESS_BYTES);
	return load(&slot->words[0]) == words[0] && load(&slot->words[1]) == words[1];
}

/* False: nothing stands there, or it is being written. */
static bool
read_slot(struct dns_names_slot *slot, struct entry *out)
{
	uint64_t words[ENTRY_WORDS];
	uint64_t version = load(&slot->version);

	if ((version & 1) != 0)
		return false;
	for (size_t i = 0; i < ENTRY_WORDS; i++)
		words[i] = load(&slot->words[i]);
	if (atomic_load_explicit(&slot->version, memory_order_relaxed) != version)
		return false;
	memcpy(out, words, sizeof(*out));
	if (out->length == 0 || out->length > DNS_NAME_TEXT_MAX)
		return false;
	out->name[out->length] = '\0';
	return true;
}

/* Who died at it left an odd version behind: it stays odd until this is done. Each
 * word is stored so that who sees it sees the odd version, too. */
static void
write_slot(struct dns_names_slot *slot, const struct entry *e)
{
	uint64_t words[ENTRY_WORDS];
	uint64_t odd = load(&slot->version) | 1;

	memcpy(words, e, sizeof(*e));
	atomic_store_explicit(&slot->version, odd, memory_order_relaxed);
	for (size_t i = 0; i < ENTRY_WORDS; i++)
		atomic_store_explicit(&slot->words[i], words[i], memory_order_release);
	atomic_store_explicit(&slot->version, odd + 1, memory_order_release);
}

/* --- writing --- */

static bool
is_same(const struct entry *a, const struct entry *b)
{
	return memcmp(a->address, b->address, DNS_ADDRESS_BYTES) == 0 &&
	    a->application == b->application && a->length == b->length &&
	    memcmp(a->name, b->name, a->length) == 0;
}

/* Where it goes: its own place, else the one whose content is worth the least. */
static struct dns_names_slot *
place_for(struct dns_names_slot *set, const struct entry *e)
{
	struct dns_names_slot *place = set;
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < DNS_NAMES_SET; i++) {
		struct entry there;
		uint64_t worth = 0;

		if (read_slot(&set[i], &there)) {
			if (is_same(&there, e))
				return &set[i];
			if (there.ends_us > e->learned_us)
				worth = there.learned_us;
		}
		if (worth < least) {
			least = worth;
			place = &set[i];
		}
	}
	return place;
}

void
dns_names_put(struct dns_names *n, const uint8_t address[DNS_ADDRESS_BYTES],
    uint64_t application, struct bytes name, uint64_t now_us, uint64_t life_us)
{
	struct entry e = {.application = application, .learned_us = now_us,
	    .ends_us = now_us + life_us, .length = name.length};

	if (n->slots == NULL || name.length == 0 || name.length > DNS_NAME_TEXT_MAX)
		return;
	memcpy(e.address, address, DNS_ADDRESS_BYTES);
	memcpy(e.name, name.data, name.length);
	write_slot(place_for(set_of(n, n->writer, address), &e), &e);
}

/* --- announcements --- */

/* They stand in the table under a hash of the name in an address's place, and in that
 * of the application, which is odd, an even number. */
static void
key_of(const struct dns_names *n, struct bytes name, uint8_t key[DNS_ADDRESS_BYTES])
{
	const uint64_t words[] = {hash(n->seed, name.data, name.length),
	    hash(~n->seed, name.data, name.length)};

	memcpy(key, words, DNS_ADDRESS_BYTES);
}

void
dns_names_announce(struct dns_names *n, struct bytes name, enum dns_names_h3 how,
    uint64_t now_us, uint64_t life_us)
{
	uint8_t key[DNS_ADDRESS_BYTES];

	key_of(n, name, key);
	dns_names_put(n, key, (uint64_t)how * 2, name, now_us, life_us);
}

static enum dns_names_h3
read_announcement(struct dns_names_slot *slot, const uint8_t key[DNS_ADDRESS_BYTES],
    struct bytes name, uint64_t now_us)
{
	struct entry e;

	if (!is_of(slot, key) || !read_slot(slot, &e) || e.ends_us <= now_us ||
	    e.length != name.length || memcmp(e.name, name.data, name.length) != 0)
		return DNS_NAMES_H3_NO;
	return e.application == DNS_NAMES_H3_RECORD * 2 ? DNS_NAMES_H3_RECORD
	    : e.application == DNS_NAMES_H3_ALT_SVC * 2 ? DNS_NAMES_H3_ALT_SVC
	                                                : DNS_NAMES_H3_NO;
}

enum dns_names_h3
dns_names_announced(const struct dns_names *n, struct bytes name, uint64_t now_us)
{
	uint8_t key[DNS_ADDRESS_BYTES];

	key_of(n, name, key);
	for (uint32_t w = 0; n->slots != NULL && w < n->writers; w++) {
		struct dns_names_slot *set = set_of(n, w, key);

		for (size_t i = 0; i < DNS_NAMES_SET; i++) {
			enum dns_names_h3 how =
			    read_announcement(&set[i], key, name, now_us);
			if (how != DNS_NAMES_H3_NO)
				return how;
		}
	}
	return DNS_NAMES_H3_NO;
}

/* --- reading --- */

struct found {
	struct dns_name *names; /* the best first */
	size_t count, most;
};

static bool
is_better(const struct dns_name *a, const struct dns_name *b)
{
	if (a->by_application != b->by_application)
		return a->by_application;
	return a->age_us < b->age_us;
}

static void
take_out(struct found *f, size_t at)
{
	f->count--;
	memmove(&f->names[at], &f->names[at + 1],
	    (f->count - at) * sizeof(*f->names));
}

/* False: it is there already, and better known. */
static bool
is_news(struct found *f, const struct dns_name *name)
{
	for (size_t i = 0; i < f->count; i++) {
		if (strcmp(f->names[i].text, name->text) != 0)
			continue;
		if (!is_better(name, &f->names[i]))
			return false;
		take_out(f, i);
		return true;
	}
	return true;
}

static void
add(struct found *f, const struct dns_name *name)
{
	size_t at = 0;

	if (!is_news(f, name))
		return;
	while (at < f->count && !is_better(name, &f->names[at]))
		at++;
	if (at == f->most)
		return;
	if (f->count == f->most)
		f->count--;
	memmove(&f->names[at + 1], &f->names[at],
	    (f->count - at) * sizeof(*f->names));
	f->names[at] = *name;
	f->count++;
}

/* A clock that was set back makes no age that is less than none. */
static void
add_entry(struct found *f, const struct entry *e, uint64_t application,
    uint64_t now_us)
{
	struct dns_name name = {
	    .age_us = now_us > e->learned_us ? now_us - e->learned_us : 0,
	    .by_application = application != 0 && e->application == application};

	if (e->ends_us <= now_us)
		return;
	memcpy(name.text, e->name, e->length + 1);
	add(f, &name);
}

size_t
dns_names_find(const struct dns_names *n, const uint8_t address[DNS_ADDRESS_BYTES],
    uint64_t application, uint64_t now_us, struct dns_name *out, size_t most)
{
	struct found f = {.names = out, .most = most};

	for (uint32_t w = 0; n->slots != NULL && w < n->writers; w++) {
		struct dns_names_slot *set = set_of(n, w, address);

		for (size_t i = 0; i < DNS_NAMES_SET; i++) {
			struct entry e;

			if (is_of(&set[i], address) && read_slot(&set[i], &e) &&
			    memcmp(e.address, address, DNS_ADDRESS_BYTES) == 0)
				add_entry(&f, &e, application, now_us);
		}
	}
	return f.count;
}
