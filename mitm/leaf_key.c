/* SPDX-License-Identifier: ISC */
/*
 * Leaf keys and their references. Worker only. An RSA key is not made here: that
 * takes a tenth of a second and more, in which no flow would be served
 * (rsa_maker.c).
 */
#include "mitm/leaf_key.h"

#include <assert.h>
#include <stdlib.h>

#include "base/err.h"
#include "ca/key.h"

static int
write_public(struct leaf_key *key)
{
	int length = mbedtls_pk_write_pubkey_der(&key->pk, key->public_key,
	    sizeof(key->public_key));

	if (length <= 0)
		return E_CRYPTO;
	key->public_key_offset = sizeof(key->public_key) - (size_t)length;
	return 0;
}

static struct leaf_key *
allocate(enum leaf_key_kind kind, uint64_t now_ms)
{
	struct leaf_key *key = calloc(1, sizeof(*key));

	if (key == NULL)
		return NULL;
	key->references = 1;
	key->kind = kind;
	key->made_ms = now_ms;
	mbedtls_pk_init(&key->pk);
	return key;
}

struct leaf_key *
leaf_key_new(uint64_t now_ms)
{
	struct leaf_key *key = allocate(LEAF_KEY_P256, now_ms);

	if (key != NULL && (ca_make_key(&key->pk, CA_KEY_P256) != 0 ||
	        write_public(key) != 0)) {
		leaf_key_release(key);
		return NULL;
	}
	return key;
}

struct leaf_key *
leaf_key_adopt(mbedtls_pk_context *pk, uint64_t now_ms)
{
	struct leaf_key *key = mbedtls_pk_can_do(pk, MBEDTLS_PK_RSA)
	    ? allocate(LEAF_KEY_RSA, now_ms) : NULL;

	if (key == NULL)
		return NULL;
	key->pk = *pk;
	mbedtls_pk_init(pk);
	if (write_public(key) != 0) {
		*pk = key->pk;
		mbedtls_pk_init(&key->pk);
		leaf_key_release(key);
		return NULL;
	}
	return key;
}

struct leaf_key *
leaf_key_hold(struct leaf_key *key)
{
	key->references++;
	return key;
}

void
leaf_key_release(struct leaf_key *key)
{
	if (key == NULL)
		return;
	assert(key->references > 0);
	if (--key->references > 0)
		return;
	mbedtls_pk_free(&key->pk); /* wipes the private numbers */
	free(key);
}

const uint8_t *
leaf_key_public(const struct leaf_key *key, size_t *length)
{
	*length = sizeof(key->public_key) - key->public_key_offset;
	return key->public_key + key->public_key_offset;
}
