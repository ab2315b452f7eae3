/* SPDX-License-Identifier: ISC */
/*
 * The signer's decision: a token bucket in front of leaf_mint. Signer only. It
 * refuses to sign faster than its rate, and has no way to sign anything but a
 * leaf.
 */
#include "ca/signer.h"

#include <stdlib.h>

#include "base/err.h"

#define US_PER_S 1000000u
#define TOKEN_US (US_PER_S / SIGNER_RATE_PER_SECOND)
#define BURST_US ((uint64_t)SIGNER_BURST * TOKEN_US)

struct signer {
	struct ca ca;
	int64_t validity_s;
	uint64_t credit_us; /* a leaf costs TOKEN_US of it */
	uint64_t last_us;
};

struct signer *
signer_new(struct ca *ca, int64_t validity_s)
{
	struct signer *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		ca_free(ca);
		return NULL;
	}
	s->ca = *ca;
	mbedtls_pk_init(&ca->key);
	mbedtls_x509_crt_init(&ca->certificate);
	s->validity_s = validity_s;
	s->credit_us = BURST_US;
	return s;
}

void
signer_free(struct signer *s)
{
	if (s == NULL)
		return;
	ca_free(&s->ca);
	free(s);
}

/* A wall clock may jump: back gives nothing, forward no more than the burst. */
static bool
take_token(struct signer *s, uint64_t now_us)
{
	uint64_t passed = now_us > s->last_us ? now_us - s->last_us : 0;

	s->last_us = now_us;
	s->credit_us = passed > BURST_US - s->credit_us ? BURST_US
	                                                : s->credit_us + passed;
	if (s->credit_us < TOKEN_US)
		return false;
	s->credit_us -= TOKEN_US;
	return true;
}

int
signer_answer(struct signer *s, const struct names *names,
    const uint8_t *public_key, size_t public_key_length, uint64_t now_us,
    struct buf *out)
{
	const struct leaf_request request = {
	    .names = names,
	    .public_key = public_key,
	    .public_key_length = public_key_length,
	    .now_s = (int64_t)(now_us / US_PER_S),
	    .validity_s = s->validity_s,
	};

	if (!take_token(s, now_us))
		return E_LIMIT;
	return leaf_mint(&s->ca, &request, out);
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
