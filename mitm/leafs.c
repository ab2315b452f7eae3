/* SPDX-License-Identifier: ISC */
/*
 * The worker's leaf certificates: a hash table with a list in order of use, and
 * the two keys that a worker has of its own, the leaves' and the throwaway CA's.
 * Neither is ever the CA's or written anywhere. Worker only.
 */
#include "mitm/leafs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mbedtls/ecp.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/sha256.h>

#include "base/buf.h"
#include "base/err.h"
#include "ca/key.h"
#include "ca/leaf.h"
#include "mitm/certificate.h"

#define BUCKETS 1024u
#define PUBLIC_KEY_BYTES 128
#define THROWAWAY_VALIDITY_S (30 * 86400)
/* A leaf is minted anew this long before its end. */
#define STALE_BEFORE_END_S (2 * 86400)
#define MIRROR_LEAF_BYTES_MAX (32u * 1024)

struct leafs {
	mbedtls_pk_context key;
	uint8_t public_key[PUBLIC_KEY_BYTES];
	size_t public_key_offset; /* mbedTLS writes DER from the end */
	struct ca throwaway;
	struct leaf *buckets[BUCKETS];
	struct leaf *oldest, *newest;
	size_t count, limit;
};

static int
make_key(struct leafs *l)
{
	int error = mbedtls_pk_setup(&l->key,
	    mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));

	if (error == 0)
		error = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1,
		    mbedtls_pk_ec(l->key), mbedtls_psa_get_random,
		    MBEDTLS_PSA_RANDOM_STATE);
	if (error != 0)
		return E_CRYPTO;
	int length = mbedtls_pk_write_pubkey_der(&l->key, l->public_key,
	    sizeof(l->public_key));
	if (length <= 0)
		return E_CRYPTO;
	l->public_key_offset = sizeof(l->public_key) - (size_t)length;
	return 0;
}

struct leafs *
leafs_new(size_t limit)
{
	struct leafs *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->limit = limit;
	mbedtls_pk_init(&l->key);
	const struct ca_options options = {
	    .common_name = "sightglass: this server's certificate is not valid",
	    .now_s = (int64_t)time(NULL),
	    .validity_s = THROWAWAY_VALIDITY_S,
	};
	if (make_key(l) != 0 || ca_generate(&options, &l->throwaway) != 0) {
		mbedtls_pk_free(&l->key);
		free(l);
		return NULL;
	}
	return l;
}

mbedtls_pk_context *
leafs_key(struct leafs *l)
{
	return &l->key;
}

const uint8_t *
leafs_public_key(const struct leafs *l, size_t *length)
{
	*length = sizeof(l->public_key) - l->public_key_offset;
	return l->public_key + l->public_key_offset;
}

void
leafs_id(const struct names *names, bool mirror_invalid, struct leaf_id *out)
{
	mbedtls_sha256_context sha;
	uint8_t kind = mirror_invalid;

	mbedtls_sha256_init(&sha);
	(void)mbedtls_sha256_starts(&sha, 0);
	(void)mbedtls_sha256_update(&sha, &kind, 1);
	for (size_t i = 0; i < names->count; i++) {
		const struct name *n = &names->items[i];
		const uint8_t head[2] = {(uint8_t)n->kind, n->length};

		(void)mbedtls_sha256_update(&sha, head, sizeof(head));
		(void)mbedtls_sha256_update(&sha, n->bytes, n->length);
	}
	(void)mbedtls_sha256_finish(&sha, out->bytes);
	mbedtls_sha256_free(&sha);
}

static struct leaf **
bucket(struct leafs *l, const struct leaf_id *id)
{
	return &l->buckets[(id->bytes[0] | (unsigned)id->bytes[1] << 8) % BUCKETS];
}

static void
unlink_use(struct leafs *l, struct leaf *leaf)
{
	*(leaf->older != NULL ? &leaf->older->newer : &l->oldest) = leaf->newer;
	*(leaf->newer != NULL ? &leaf->newer->older : &l->newest) = leaf->older;
	leaf->older = leaf->newer = NULL;
}

static void
link_newest(struct leafs *l, struct leaf *leaf)
{
	leaf->older = l->newest;
	leaf->newer = NULL;
	*(l->newest != NULL ? &l->newest->newer : &l->oldest) = leaf;
	l->newest = leaf;
}

void
leaf_release(struct leaf *leaf)
{
	if (leaf == NULL)
		return;
	assert(leaf->references > 0);
	if (--leaf->references > 0)
		return;
	mbedtls_x509_crt_free(&leaf->chain);
	free(leaf);
}

/* Drops the cache's own reference; flows may still hold theirs. */
static void
forget(struct leafs *l, struct leaf *leaf)
{
	struct leaf **at = bucket(l, &leaf->id);

	while (*at != leaf)
		at = &(*at)->next;
	*at = leaf->next;
	unlink_use(l, leaf);
	l->count--;
	leaf_release(leaf);
}

void
leafs_free(struct leafs *l)
{
	if (l == NULL)
		return;
	while (l->oldest != NULL)
		forget(l, l->oldest);
	mbedtls_pk_free(&l->key);
	ca_free(&l->throwaway);
	free(l);
}

struct leaf *
leafs_find(struct leafs *l, const struct leaf_id *id, uint64_t now_s)
{
	struct leaf *leaf = *bucket(l, id);

	while (leaf != NULL && memcmp(&leaf->id, id, sizeof(*id)) != 0)
		leaf = leaf->next;
	if (leaf == NULL)
		return NULL;
	if (now_s >= leaf->stale_s) {
		forget(l, leaf);
		return NULL;
	}
	unlink_use(l, leaf);
	link_newest(l, leaf);
	leaf->references++;
	return leaf;
}

/* The end of its life less a margin, in seconds. */
static uint64_t
stale_time(const mbedtls_x509_crt *crt)
{
	uint64_t end_s = certificate_seconds(&crt->valid_to);

	return end_s < STALE_BEFORE_END_S ? 0 : end_s - STALE_BEFORE_END_S;
}

struct leaf *
leafs_add(struct leafs *l, const struct leaf_id *id, const uint8_t *der,
    size_t length, const uint8_t *issuer, size_t issuer_length)
{
	struct leaf *leaf = calloc(1, sizeof(*leaf));

	if (leaf == NULL)
		return NULL;
	mbedtls_x509_crt_init(&leaf->chain);
	if (mbedtls_x509_crt_parse_der(&leaf->chain, der, length) != 0 ||
	    (issuer_length > 0 && mbedtls_x509_crt_parse_der(&leaf->chain, issuer,
	                              issuer_length) != 0)) {
		mbedtls_x509_crt_free(&leaf->chain);
		free(leaf);
		return NULL;
	}
	/* Two flows may have asked for the same leaf: the newer one stays. */
	leaf_release(leafs_find(l, id, UINT64_MAX));
	if (l->count >= l->limit)
		forget(l, l->oldest);
	leaf->id = *id;
	leaf->stale_s = stale_time(&leaf->chain);
	leaf->references = 2; /* the cache's and the caller's */
	leaf->next = *bucket(l, id);
	*bucket(l, id) = leaf;
	link_newest(l, leaf);
	l->count++;
	return leaf;
}

struct leaf *
leafs_mirror_invalid(struct leafs *l, const struct leaf_id *id,
    const struct names *names, uint64_t now_s)
{
	struct buf der;
	struct leaf *leaf = NULL;
	struct leaf_request request = {
	    .names = names,
	    .now_s = (int64_t)now_s,
	    .validity_s = THROWAWAY_VALIDITY_S,
	};

	buf_init(&der, MIRROR_LEAF_BYTES_MAX);
	request.public_key = leafs_public_key(l, &request.public_key_length);
	if (leaf_mint(&l->throwaway, &request, &der) == 0)
		leaf = leafs_add(l, id, buf_data(&der), buf_length(&der), NULL, 0);
	buf_free(&der);
	return leaf;
}
