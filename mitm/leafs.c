/* SPDX-License-Identifier: ISC */
/*
 * The worker's leaf certificates: a hash table with a list in order of use, and
 * the keys that a worker has of its own, the leaves' and the throwaway CA's. None
 * is ever the CA's or written anywhere. Worker only.
 */
#include "mitm/leafs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mbedtls/sha256.h>

#include "base/buf.h"
#include "base/err.h"
#include "ca/key.h"
#include "ca/leaf.h"
#include "mitm/certificate.h"

#define THROWAWAY_VALIDITY_S (30 * 86400)
#define MIRROR_LEAF_BYTES_MAX (32u * 1024)

struct leafs {
	struct leafs_options options;
	uint64_t key_life_ms;
	struct leaf_key *keys[LEAF_KEY_KINDS]; /* references; RSA's may be NULL */
	bool making_rsa;
	struct ca throwaway;
	mbedtls_x509_crt issuer; /* and those above it */
	struct scope scope;
	struct recent cache;
};

/* --- the cache --- */

void
leaf_release(struct leaf *leaf)
{
	if (leaf == NULL)
		return;
	assert(leaf->references > 0);
	if (--leaf->references > 0)
		return;
	mbedtls_x509_crt_free(&leaf->chain);
	leaf_key_release(leaf->key);
	free(leaf);
}

static struct leaf *
leaf_of(struct recent_entry *entry)
{
	return (struct leaf *)entry; /* its first member */
}

static void
forget(struct leafs *l, struct leaf *leaf)
{
	recent_take(&l->cache, &leaf->entry);
	leaf_release(leaf);
}

/* The cache's own reference; flows may still hold theirs. */
static void
drop(struct recent_entry *entry)
{
	leaf_release(leaf_of(entry));
}

/* --- making and unmaking --- */

static int
make_throwaway(struct ca *out)
{
	const struct ca_options options = {
	    .common_name = "sightglass: this server's certificate is not valid",
	    .now_s = (int64_t)time(NULL),
	    .validity_s = THROWAWAY_VALIDITY_S,
	};

	return ca_generate(&options, out);
}

struct leafs *
leafs_new(const struct leafs_options *options, uint64_t now_ms)
{
	struct leafs *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->options = *options;
	l->key_life_ms = UINT64_MAX;
	recent_init(&l->cache, options->limit, drop);
	mbedtls_x509_crt_init(&l->issuer);
	l->keys[LEAF_KEY_P256] = leaf_key_new(now_ms);
	if (l->keys[LEAF_KEY_P256] == NULL || make_throwaway(&l->throwaway) != 0) {
		leaf_key_release(l->keys[LEAF_KEY_P256]);
		free(l);
		return NULL;
	}
	return l;
}

void
leafs_set_key_life(struct leafs *l, uint64_t life_ms)
{
	l->key_life_ms = life_ms;
}

int
leafs_set_issuer(struct leafs *l, const uint8_t *der, size_t length)
{
	struct scope *scope = calloc(1, sizeof(*scope));
	mbedtls_x509_crt chain, *last = &chain;
	int error = scope == NULL ? E_NOMEM : 0;

	mbedtls_x509_crt_init(&chain);
	for (size_t at = 0; at < length && error == 0; at += last->raw.len) {
		error = scope_parse_certificate(scope, &chain, der + at, length - at);
		while (last->next != NULL)
			last = last->next;
	}
	if (error != 0) {
		mbedtls_x509_crt_free(&chain);
	} else {
		mbedtls_x509_crt_free(&l->issuer);
		l->issuer = chain;
		l->scope = *scope;
	}
	free(scope);
	return error;
}

const struct scope *
leafs_scope(const struct leafs *l)
{
	return &l->scope;
}

void
leafs_id(const struct leafs *l, const struct leaf_key *key,
    const struct names *names, bool mirror_invalid, struct leaf_id *out)
{
	const mbedtls_x509_buf *issuer =
	    mirror_invalid ? &l->throwaway.certificate.raw : &l->issuer.raw;
	mbedtls_sha256_context sha;
	size_t length;
	const uint8_t *public_key = leaf_key_public(key, &length);

	mbedtls_sha256_init(&sha);
	(void)mbedtls_sha256_starts(&sha, 0);
	if (issuer->len > 0)
		(void)mbedtls_sha256_update(&sha, issuer->p, issuer->len);
	(void)mbedtls_sha256_update(&sha, public_key, length);
	names_digest(names, &sha);
	(void)mbedtls_sha256_finish(&sha, out->bytes);
	mbedtls_sha256_free(&sha);
}

void
leafs_free(struct leafs *l)
{
	if (l == NULL)
		return;
	recent_clear(&l->cache);
	for (size_t i = 0; i < LEAF_KEY_KINDS; i++)
		leaf_key_release(l->keys[i]);
	ca_free(&l->throwaway);
	mbedtls_x509_crt_free(&l->issuer);
	free(l);
}

/* --- keys --- */

/* Takes over the new key. What speaks for the old one is of no use from now on
 * but to the flows that have it. */
static void
change_key(struct leafs *l, struct leaf_key *key)
{
	struct leaf_key **slot = &l->keys[key->kind];
	struct recent_entry *newer;

	for (struct recent_entry *e = l->cache.oldest; e != NULL; e = newer) {
		newer = e->newer;
		if (leaf_of(e)->key == *slot)
			forget(l, leaf_of(e));
	}
	leaf_key_release(*slot);
	*slot = key;
}

/* The throwaway CA has the P-256 key's life. Where there are no random numbers
 * the old ones go on. */
static void
change_p256(struct leafs *l, uint64_t now_ms)
{
	struct leaf_key *key = leaf_key_new(now_ms);
	struct ca throwaway;

	if (key == NULL)
		return;
	change_key(l, key);
	if (make_throwaway(&throwaway) != 0)
		return;
	ca_free(&l->throwaway);
	l->throwaway = throwaway;
}

struct leaf_key *
leafs_key(struct leafs *l, enum leaf_key_kind kind, uint64_t now_ms)
{
	const struct leaf_key *key = l->keys[kind];
	bool due = key == NULL || now_ms - key->made_ms >= l->key_life_ms;

	if (due && kind == LEAF_KEY_P256) {
		change_p256(l, now_ms);
	} else if (due && !l->making_rsa) {
		l->making_rsa = true;
		l->options.make_rsa(l->options.context);
	}
	return l->keys[kind];
}

int
leafs_put_rsa(struct leafs *l, mbedtls_pk_context *rsa, uint64_t now_ms)
{
	struct leaf_key *key = leaf_key_adopt(rsa, now_ms);

	l->making_rsa = false;
	if (key == NULL)
		return E_CRYPTO;
	change_key(l, key);
	return 0;
}

void
leafs_rsa_failed(struct leafs *l)
{
	l->making_rsa = false;
}

/* --- the cache --- */

struct leaf *
leafs_find(struct leafs *l, const struct leaf_id *id, uint64_t now_s)
{
	struct leaf *leaf = leaf_of(recent_find(&l->cache, id->bytes));

	if (leaf == NULL)
		return NULL;
	if (now_s >= leaf->stale_s) {
		forget(l, leaf);
		return NULL;
	}
	leaf->references++;
	return leaf;
}

/* A root is not sent: who trusts it has it. */
static int
add_issuers(mbedtls_x509_crt *chain, const mbedtls_x509_crt *issuer)
{
	int error = 0;

	for (; error == 0 && issuer != NULL && issuer->raw.p != NULL &&
	     !ca_is_self_issued(issuer); issuer = issuer->next)
		error = scope_parse_certificate(NULL, chain, issuer->raw.p,
		    issuer->raw.len);
	return error;
}

/* Two flows may have asked for the same leaf: the newer one stays. */
static void
put(struct leafs *l, struct leaf *leaf)
{
	recent_trim(&l->cache, leaf->entry.id, 0);
	leaf->references++;
	recent_add(&l->cache, &leaf->entry);
}

static struct leaf *
add(struct leafs *l, const struct leaf_id *id, struct leaf_key *key,
    const uint8_t *der, size_t length, const mbedtls_x509_crt *issuer,
    uint64_t now_s)
{
	struct leaf *leaf = calloc(1, sizeof(*leaf));

	if (leaf == NULL)
		return NULL;
	mbedtls_x509_crt_init(&leaf->chain);
	if (mbedtls_x509_crt_parse_der(&leaf->chain, der, length) != 0 ||
	    add_issuers(&leaf->chain, issuer) != 0) {
		mbedtls_x509_crt_free(&leaf->chain);
		free(leaf);
		return NULL;
	}
	memcpy(leaf->entry.id, id->bytes, sizeof(leaf->entry.id));
	leaf->key = leaf_key_hold(key);
	leaf->stale_s = (uint64_t)leaf_stale_s((int64_t)now_s,
	    (int64_t)certificate_seconds(&leaf->chain.valid_to));
	leaf->references = 1;
	if (key == l->keys[key->kind]) /* else it goes with the flow that asked */
		put(l, leaf);
	return leaf;
}

struct leaf *
leafs_add(struct leafs *l, const struct leaf_id *id, struct leaf_key *key,
    const uint8_t *der, size_t length, uint64_t now_s)
{
	return add(l, id, key, der, length, &l->issuer, now_s);
}

struct leaf *
leafs_mirror_invalid(struct leafs *l, const struct leaf_id *id,
    struct leaf_key *key, const struct names *names, uint64_t now_s)
{
	struct buf der;
	struct leaf *leaf = NULL;
	struct leaf_request request = {
	    .names = names,
	    .now_s = (int64_t)now_s,
	    .validity_s = THROWAWAY_VALIDITY_S,
	};

	buf_init(&der, MIRROR_LEAF_BYTES_MAX);
	request.public_key = leaf_key_public(key, &request.public_key_length);
	if (leaf_mint(&l->throwaway, &request, &der) == 0)
		leaf = add(l, id, key, buf_data(&der), buf_length(&der),
		    &l->throwaway.certificate, now_s);
	buf_free(&der);
	return leaf;
}
