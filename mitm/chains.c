/* SPDX-License-Identifier: ISC */
/*
 * The cache of verdicts, by a digest of the certificates that the server sent and
 * of the host they were judged for. Worker only. What a verdict rests on besides
 * these is either in the trust's generation or in the time of the certificates.
 */
#include "mitm/chains.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "ca/names.h"
#include "mitm/certificate.h"
#include "mitm/digest.h"
#include "mitm/verify.h"

/* More than NAMES_MAX names take, written. */
#define NAMES_BYTES_MAX (64u * 1024)

struct chains {
	struct recent kept;
};

static struct judgement *
judgement_of(struct recent_entry *entry)
{
	return (struct judgement *)entry; /* its first member */
}

static void
drop(struct recent_entry *entry)
{
	judgement_release(judgement_of(entry));
}

struct chains *
chains_new(size_t limit)
{
	struct chains *c = malloc(sizeof(*c));

	if (c != NULL)
		recent_init(&c->kept, limit, drop);
	return c;
}

void
chains_free(struct chains *c)
{
	if (c == NULL)
		return;
	recent_clear(&c->kept);
	free(c);
}

struct judgement *
judgement_hold(struct judgement *j)
{
	j->references++;
	return j;
}

void
judgement_release(struct judgement *j)
{
	if (j == NULL || --j->references > 0)
		return;
	buf_free(&j->names);
	free(j);
}

bool
judgement_holds(const struct judgement *j, const struct trust *trust,
    int64_t now_s)
{
	return j->trusted && j->generation == trust->generation &&
	    now_s >= j->from_s && now_s <= j->until_s;
}

static int
chain_id(const mbedtls_x509_crt *chain, const char *host,
    uint8_t id[RECENT_ID_BYTES])
{
	struct digest d;

	digest_begin(&d);
	digest_text(&d, host);
	for (; chain != NULL; chain = chain->next)
		digest_bytes(&d, chain->raw.p, chain->raw.len);
	return digest_end(&d, id);
}

/* The time in which every certificate of the path is valid. */
static void
set_time(struct judgement *j, const struct verify_result *result)
{
	j->from_s = 0;
	j->until_s = INT64_MAX;
	for (unsigned i = 0; i < result->path_length; i++) {
		const mbedtls_x509_crt *crt = result->path[i];
		int64_t from_s = (int64_t)certificate_seconds(&crt->valid_from);
		int64_t until_s = (int64_t)certificate_seconds(&crt->valid_to);

		if (from_s > j->from_s)
			j->from_s = from_s;
		if (until_s < j->until_s)
			j->until_s = until_s;
	}
}

static int
set_names(struct judgement *j, const mbedtls_x509_crt *crt, const char *host)
{
	struct names *names = calloc(1, sizeof(*names));
	int error = names == NULL ? E_NOMEM : names_add(names, host);

	if (error == 0) {
		(void)names_add_certificate(names, crt);
		error = names_write(names, &j->names);
	}
	free(names);
	return error;
}

static struct judgement *
judge(const mbedtls_x509_crt *chain, struct trust *trust,
    const mbedtls_x509_crt *own_ca, const char *host, int64_t now_s)
{
	struct verify_options options = {.own_ca = own_ca, .now_s = now_s,
	    .host = host};
	struct verify_result result;
	struct judgement *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return NULL;
	buf_init(&j->names, NAMES_BYTES_MAX);
	trust_options(trust, &options);
	verify_chain(chain, &options, &result);
	trust_remember(trust, &result);
	j->references = 1;
	j->trusted = result.trusted;
	j->identifier = result.identifier;
	j->generation = trust->generation;
	certificate_describe(chain, &j->server);
	set_time(j, &result);
	if (j->trusted && set_names(j, chain, host) != 0) {
		judgement_release(j);
		return NULL;
	}
	return j;
}

/* The kept verdict, or NULL; one that holds no more is forgotten. */
static struct judgement *
find(struct chains *c, const uint8_t *id, const struct trust *trust,
    int64_t now_s)
{
	struct recent_entry *entry = recent_find(&c->kept, id);

	if (entry == NULL)
		return NULL;
	if (judgement_holds(judgement_of(entry), trust, now_s))
		return judgement_hold(judgement_of(entry));
	recent_take(&c->kept, entry);
	drop(entry);
	return NULL;
}

struct judgement *
chains_judge(struct chains *c, const mbedtls_x509_crt *chain,
    struct trust *trust, const mbedtls_x509_crt *own_ca, const char *host,
    int64_t now_s, bool *kept)
{
	uint8_t id[RECENT_ID_BYTES];
	bool named = chain_id(chain, host, id) == 0;
	struct judgement *j = named ? find(c, id, trust, now_s) : NULL;

	if (kept != NULL)
		*kept = j != NULL;
	if (j != NULL)
		return j;
	j = judge(chain, trust, own_ca, host, now_s);
	if (j != NULL && j->trusted && named) {
		memcpy(j->entry.id, id, sizeof(id));
		recent_add(&c->kept, &judgement_hold(j)->entry);
	}
	return j;
}
