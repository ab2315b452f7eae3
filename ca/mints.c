/* SPDX-License-Identifier: ISC */
/*
 * A hash table with a list in order of use. Signer only.
 */
#include "ca/mints.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <mbedtls/sha256.h>

#define BUCKETS 4096u

struct minted {
	TAILQ_ENTRY(minted) use;
	LIST_ENTRY(minted) chain;
	struct mint_id id;
	int64_t stale_s;
	size_t length;
	uint8_t der[];
};

LIST_HEAD(bucket, minted);
TAILQ_HEAD(minted_list, minted);

struct mints {
	struct bucket buckets[BUCKETS];
	struct minted_list used; /* the oldest first */
	size_t count, limit;
};

struct mints *
mints_new(size_t limit)
{
	struct mints *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	TAILQ_INIT(&m->used);
	m->limit = limit;
	return m;
}

static void
forget(struct mints *m, struct minted *one)
{
	LIST_REMOVE(one, chain);
	TAILQ_REMOVE(&m->used, one, use);
	m->count--;
	free(one);
}

void
mints_free(struct mints *m)
{
	struct minted *one, *next;

	if (m == NULL)
		return;
	for (one = TAILQ_FIRST(&m->used); one != NULL; one = next) {
		next = TAILQ_NEXT(one, use);
		free(one);
	}
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

static struct bucket *
bucket_of(struct mints *m, const struct mint_id *id)
{
	return &m->buckets[(id->bytes[0] | (unsigned)id->bytes[1] << 8) % BUCKETS];
}

const uint8_t *
mints_find(struct mints *m, const struct mint_id *id, int64_t now_s,
    size_t *length)
{
	struct minted *one;

	LIST_FOREACH (one, bucket_of(m, id), chain)
		if (memcmp(&one->id, id, sizeof(*id)) == 0)
			break;
	if (one == NULL)
		return NULL;
	if (now_s >= one->stale_s) {
		forget(m, one);
		return NULL;
	}
	TAILQ_REMOVE(&m->used, one, use);
	TAILQ_INSERT_TAIL(&m->used, one, use);
	*length = one->length;
	return one->der;
}

void
mints_add(struct mints *m, const struct mint_id *id, const uint8_t *der,
    size_t length, int64_t stale_s)
{
	struct minted *one =
	    m->limit == 0 ? NULL : malloc(sizeof(*one) + length);

	if (one == NULL)
		return;
	if (m->count >= m->limit)
		forget(m, TAILQ_FIRST(&m->used));
	one->id = *id;
	one->stale_s = stale_s;
	one->length = length;
	memcpy(one->der, der, length);
	LIST_INSERT_HEAD(bucket_of(m, id), one, chain);
	TAILQ_INSERT_TAIL(&m->used, one, use);
	m->count++;
}
