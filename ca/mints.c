/* SPDX-License-Identifier: ISC */
#include "ca/mints.h"

#include <stdlib.h>
#include <string.h>

#include <mbedtls/sha256.h>

struct minted {
	struct recent_entry entry; /* its id: the bytes of struct mint_id */
	int64_t stale_s;
	size_t length;
	uint8_t der[];
};

struct mints {
	struct recent cache;
};

static struct minted *
minted_of(struct recent_entry *entry)
{
	return (struct minted *)entry; /* its first member */
}

static void
drop(struct recent_entry *entry)
{
	free(minted_of(entry));
}

struct mints *
mints_new(size_t limit)
{
	struct mints *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	recent_init(&m->cache, limit, drop);
	return m;
}

void
mints_free(struct mints *m)
{
	if (m == NULL)
		return;
	recent_clear(&m->cache);
	free(m);
}

void
mints_id(const uint8_t *public_key, size_t length, const struct names *names,
    struct mint_id *out)
{
	mbedtls_sha256_context sha;

	mbedtls_sha256_init(&sha);
	(void)mbedtls_sha256_starts(&sha, 0);
	(void)mbedtls_sha256_update(&sha, public_key, length);
	names_digest(names, &sha);
	(void)mbedtls_sha256_finish(&sha, out->bytes);
	mbedtls_sha256_free(&sha);
}

const uint8_t *
mints_find(struct mints *m, const struct mint_id *id, int64_t now_s,
    size_t *length)
{
	struct minted *one = minted_of(recent_find(&m->cache, id->bytes));

	if (one == NULL)
		return NULL;
	if (now_s >= one->stale_s) {
		recent_take(&m->cache, &one->entry);
		free(one);
		return NULL;
	}
	*length = one->length;
	return one->der;
}

void
mints_add(struct mints *m, const struct mint_id *id, const uint8_t *der,
    size_t length, int64_t stale_s)
{
	struct minted *one = calloc(1, sizeof(*one) + length);

	if (one == NULL)
		return;
	memcpy(one->entry.id, id->bytes, sizeof(one->entry.id));
	one->stale_s = stale_s;
	one->length = length;
	memcpy(one->der, der, length);
	recent_add(&m->cache, &one->entry);
}
