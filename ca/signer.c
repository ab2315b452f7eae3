/* SPDX-License-Identifier: ISC */
/*
 * The signer's decision: what was minted already is given again; else a token
 * bucket a worker stands in front of leaf_mint. Signer only. It refuses to sign
 * faster than its rate, and has no way to sign anything but a leaf.
 */
#include "ca/signer.h"

#include <stdlib.h>

#include "base/err.h"
#include "ca/mints.h"

#define US_PER_S 1000000u
#define BURST_US ((uint64_t)SIGNER_BURST_S * US_PER_S)

struct bucket {
	uint64_t credit_us; /* a leaf costs a second divided by the rate */
	uint64_t last_us;
};

struct signer {
	struct ca ca;
	struct signer_options options;
	struct mints *mints;
	struct bucket buckets[]; /* one a worker */
};

struct signer *
signer_new(struct ca *ca, const struct signer_options *options)
{
	struct signer *s = calloc(1,
	    sizeof(*s) + options->workers * sizeof(s->buckets[0]));
	struct mints *mints = mints_new(options->cache);

	if (s == NULL || mints == NULL) {
		free(s);
		mints_free(mints);
		ca_free(ca);
		return NULL;
	}
	s->ca = *ca;
	mbedtls_pk_init(&ca->key);
	mbedtls_x509_crt_init(&ca->certificate);
	s->options = *options;
	s->mints = mints;
	for (unsigned i = 0; i < options->workers; i++)
		s->buckets[i].credit_us = BURST_US;
	return s;
}

void
signer_free(struct signer *s)
{
	if (s == NULL)
		return;
	mints_free(s->mints);
	ca_free(&s->ca);
	free(s);
}

void
signer_set_rate(struct signer *s, unsigned rate)
{
	s->options.rate = rate;
}

/* A wall clock may jump: back gives nothing, forward no more than the burst. */
static bool
take_token(struct signer *s, unsigned worker, uint64_t now_us)
{
	struct bucket *b = &s->buckets[worker];
	uint64_t token_us = US_PER_S / s->options.rate;
	uint64_t passed = now_us > b->last_us ? now_us - b->last_us : 0;

	b->last_us = now_us;
	b->credit_us =
	    passed > BURST_US - b->credit_us ? BURST_US : b->credit_us + passed;
	if (b->credit_us < token_us)
		return false;
	b->credit_us -= token_us;
	return true;
}

static int
mint(struct signer *s, const struct signer_request *request,
    const struct mint_id *id, struct buf *out)
{
	int64_t now_s = (int64_t)(request->now_us / US_PER_S);
	const struct leaf_request leaf = {
	    .names = request->names,
	    .public_key = request->public_key,
	    .public_key_length = request->public_key_length,
	    .now_s = now_s,
	    .validity_s = s->options.validity_s,
	};
	int64_t end_s = now_s + leaf.validity_s;
	size_t before = buf_length(out);

	int error = leaf_mint(&s->ca, &leaf, out);
	if (error == 0)
		mints_add(s->mints, id, buf_data(out) + before,
		    buf_length(out) - before,
		    leaf_stale_s(now_s, end_s < s->ca.end_s ? end_s : s->ca.end_s));
	return error;
}

int
signer_answer(struct signer *s, const struct signer_request *request,
    bool *minted, struct buf *out)
{
	struct mint_id id;
	size_t length;

	mints_id(request->public_key, request->public_key_length, request->names,
	    &id);
	const uint8_t *der = mints_find(s->mints, &id,
	    (int64_t)(request->now_us / US_PER_S), &length);
	*minted = der == NULL;
	if (der != NULL)
		return buf_append(out, der, length);
	if (request->worker >= s->options.workers ||
	    !take_token(s, request->worker, request->now_us))
		return E_LIMIT;
	return mint(s, request, &id, out);
}

int
signer_chain(const struct signer *s, struct buf *out)
{
	int error = 0;

	for (const mbedtls_x509_crt *crt = &s->ca.certificate;
	    crt != NULL && error == 0; crt = crt->next)
		error = buf_append(out, crt->raw.p, crt->raw.len);
	return error;
}
