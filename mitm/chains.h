/* SPDX-License-Identifier: ISC */
/*
 * Verdicts on servers' chains, kept: who meets the same chain for the same host
 * again need not verify its signatures again. A verdict holds while the trust that
 * it rests on is the same and the time of every certificate on its path lasts;
 * bad verdicts are not kept. Worker only; reads no clock and no file.
 */
#ifndef SIGHTGLASS_MITM_CHAINS_H
#define SIGHTGLASS_MITM_CHAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mbedtls/x509_crt.h>

#include "base/attr.h"
#include "base/buf.h"
#include "mitm/event.h"
#include "base/recent.h"
#include "mitm/trust.h"

/* What is known of a server by its chain; counted references, and never changed
 * once it is made. */
struct judgement {
	struct recent_entry entry;
	unsigned references;
	bool trusted;
	const char *identifier;          /* verify_result's; static */
	struct certificate_facts server; /* of its own certificate */
	struct buf names; /* of a trusted one, by names_write: the host, then what
	                   * the certificate speaks for */
	uint64_t generation;      /* of the trust */
	int64_t from_s, until_s;  /* within both the whole path is valid */
};

struct chains;

/* Keeps `limit` verdicts at most. NULL: out of memory. */
struct chains *chains_new(size_t limit) WUNRES;
void chains_free(struct chains *c);

/* The verdict on a chain as the server sent it, the kept one if it holds;
 * options->roots and what else stands in `trust` is filled in. *kept (NULL:
 * nobody asks) says which it was. A reference; NULL: out of memory. */
struct judgement *chains_judge(struct chains *c, const mbedtls_x509_crt *chain,
    struct trust *trust, const mbedtls_x509_crt *own_ca, const char *host,
    int64_t now_s, bool *kept) WUNRES NONNULL(1, 2, 3, 5);

/* Whether a good verdict may be relied on now. */
bool judgement_holds(const struct judgement *j, const struct trust *trust,
    int64_t now_s) WUNRES NONNULL(1, 2);

/* One more reference to it. */
struct judgement *judgement_hold(struct judgement *j) NONNULL(1);
void judgement_release(struct judgement *j);

#endif
