/* SPDX-License-Identifier: ISC */
/*
 * Tickets: AES-256-GCM over a session and the time it was given, with the key's
 * name and the terms as additional data. Two keys stand at most: the one that
 * seals, for the time of a ticket's life, and the one before it, for as long
 * again, so that every ticket opens for the whole of its life. Worker only.
 */
#include "mitm/tickets.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/gcm.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/psa_util.h>

#include "base/err.h"

#define NAME_BYTES 8u
#define NONCE_BYTES 12u
#define TIME_BYTES 8u
#define TAG_BYTES 16u
#define KEY_BITS 256u

_Static_assert(NAME_BYTES + NONCE_BYTES + TIME_BYTES + TAG_BYTES ==
    TICKET_OVERHEAD_BYTES, "the overhead in the header");

struct key {
	bool made;
	uint8_t name[NAME_BYTES];
	uint64_t made_ms;
	mbedtls_gcm_context gcm;
};

struct tickets {
	struct key keys[2];
	unsigned sealing; /* of the keys; the other is the one before */
};

struct tickets *
tickets_new(void)
{
	return calloc(1, sizeof(struct tickets));
}

static void
forget(struct key *k)
{
	if (k->made)
		mbedtls_gcm_free(&k->gcm); /* wipes it */
	*k = (struct key){0};
}

void
tickets_free(struct tickets *t)
{
	if (t == NULL)
		return;
	forget(&t->keys[0]);
	forget(&t->keys[1]);
	free(t);
}

static int
make(struct key *k, uint64_t now_ms)
{
	uint8_t bytes[KEY_BITS / 8];
	int error;

	*k = (struct key){.made_ms = now_ms};
	mbedtls_gcm_init(&k->gcm);
	error = mbedtls_psa_get_random(MBEDTLS_PSA_RANDOM_STATE, k->name,
	    sizeof(k->name));
	if (error == 0)
		error = mbedtls_psa_get_random(MBEDTLS_PSA_RANDOM_STATE, bytes,
		    sizeof(bytes));
	if (error == 0)
		error = mbedtls_gcm_setkey(&k->gcm, MBEDTLS_CIPHER_ID_AES, bytes,
		    KEY_BITS);
	mbedtls_platform_zeroize(bytes, sizeof(bytes));
	k->made = true;
	if (error == 0)
		return 0;
	forget(k);
	return E_CRYPTO;
}

/* The terms of a handshake have the time at which it began: its key may have been
 * made since, by another. */
static bool
is_older(const struct key *k, uint64_t now_ms, uint64_t age_ms)
{
	return k->made && now_ms >= k->made_ms && now_ms - k->made_ms >= age_ms;
}

/* The key that seals, or is to be made for it. No key outlives the last ticket
 * that it may have sealed. */
static struct key *
sealing_key(const struct ticket_terms *terms)
{
	struct tickets *t = terms->tickets;

	if (is_older(&t->keys[t->sealing], terms->now_ms, terms->life_ms)) {
		t->sealing = 1 - t->sealing;
		forget(&t->keys[t->sealing]);
	}
	if (is_older(&t->keys[1 - t->sealing], terms->now_ms, 2 * terms->life_ms))
		forget(&t->keys[1 - t->sealing]);
	return &t->keys[t->sealing];
}

/* What is authenticated besides the content: the key's name and the terms. */
static void
put_bound(const struct ticket_terms *terms, const struct key *k,
    uint8_t bound[NAME_BYTES + TICKET_BINDING_BYTES])
{
	memcpy(bound, k->name, NAME_BYTES);
	memcpy(bound + NAME_BYTES, terms->binding, TICKET_BINDING_BYTES);
}

int
tickets_seal(const struct ticket_terms *terms, const uint8_t *clear,
    size_t length, uint8_t *out, size_t room)
{
	struct key *k = sealing_key(terms);
	uint8_t bound[NAME_BYTES + TICKET_BINDING_BYTES];
	uint8_t content[TIME_BYTES + TICKET_CLEAR_BYTES_MAX];
	uint8_t *nonce = out + NAME_BYTES, *body = nonce + NONCE_BYTES;
	size_t body_length = TIME_BYTES + length;

	if (length > TICKET_CLEAR_BYTES_MAX ||
	    room < TICKET_OVERHEAD_BYTES + length)
		return E_LIMIT;
	if (!k->made && make(k, terms->now_ms) != 0)
		return E_CRYPTO;
	put_bound(terms, k, bound);
	memcpy(content, &terms->now_ms, TIME_BYTES);
	memcpy(content + TIME_BYTES, clear, length);
	memcpy(out, k->name, NAME_BYTES);
	int error = mbedtls_psa_get_random(MBEDTLS_PSA_RANDOM_STATE, nonce,
	    NONCE_BYTES);
	if (error == 0)
		error = mbedtls_gcm_crypt_and_tag(&k->gcm, MBEDTLS_GCM_ENCRYPT,
		    body_length, nonce, NONCE_BYTES, bound, sizeof(bound), content,
		    body, TAG_BYTES, body + body_length);
	mbedtls_platform_zeroize(content, sizeof(content));
	return error == 0 ? (int)(TICKET_OVERHEAD_BYTES + length) : E_CRYPTO;
}

static struct key *
key_named(struct tickets *t, const uint8_t *name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(t->keys); i++)
		if (t->keys[i].made &&
		    memcmp(t->keys[i].name, name, NAME_BYTES) == 0)
			return &t->keys[i];
	return NULL;
}

/* The content's length, time first, or E_CORRUPT. */
static int
open_content(const struct ticket_terms *terms, struct key *k,
    const uint8_t *ticket, size_t length, uint8_t *content)
{
	uint8_t bound[NAME_BYTES + TICKET_BINDING_BYTES];
	const uint8_t *nonce = ticket + NAME_BYTES, *body = nonce + NONCE_BYTES;
	size_t body_length = length - NAME_BYTES - NONCE_BYTES - TAG_BYTES;

	put_bound(terms, k, bound);
	if (mbedtls_gcm_auth_decrypt(&k->gcm, body_length, nonce, NONCE_BYTES,
	        bound, sizeof(bound), body + body_length, TAG_BYTES, body,
	        content) != 0)
		return E_CORRUPT;
	return (int)body_length;
}

int
tickets_open(const struct ticket_terms *terms, const uint8_t *ticket,
    size_t length, uint8_t clear[TICKET_CLEAR_BYTES_MAX])
{
	uint8_t content[TIME_BYTES + TICKET_CLEAR_BYTES_MAX];
	uint64_t given_ms;

	if (length < TICKET_OVERHEAD_BYTES ||
	    length > TICKET_OVERHEAD_BYTES + TICKET_CLEAR_BYTES_MAX)
		return E_CORRUPT;
	(void)sealing_key(terms); /* so that old keys are gone */
	struct key *k = key_named(terms->tickets, ticket);
	if (k == NULL)
		return E_TIMEOUT;
	int n = open_content(terms, k, ticket, length, content);
	if (n >= 0) {
		memcpy(&given_ms, content, TIME_BYTES);
		n -= (int)TIME_BYTES;
		memcpy(clear, content + TIME_BYTES, (size_t)n);
		if (terms->now_ms < given_ms ||
		    terms->now_ms - given_ms > terms->life_ms)
			n = E_TIMEOUT;
	}
	mbedtls_platform_zeroize(content, sizeof(content));
	return n;
}
