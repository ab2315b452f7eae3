/* SPDX-License-Identifier: ISC */
/*
 * The judgement of a server's chain. Worker and CLI: pure, reads no clock and no
 * file. It walks from the server's certificate towards a
 * root through every issuer that signed it, depth first, until one path has
 * nothing wrong; the signatures it checks and the names it compares are counted,
 * so a hostile chain cannot keep it busy. It never looks at a common name.
 */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS /* signature and pathLen have no getter */
#include "mitm/verify.h"

#include <string.h>

#include <mbedtls/md.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>

#include "ca/names.h"
#include "mitm/certificate.h"
#include "mitm/constraints.h"
#include "mitm/extensions.h"

#define SIGNATURES_MAX 32u
/* Names times trees: 10,000 names below a CA with 25 trees. */
#define COMPARISONS_MAX 250000u
#define RSA_BITS_MIN 2048u
#define EC_BITS_MIN 256u

struct search {
	const struct verify_options *options;
	const mbedtls_x509_crt *presented;
	const mbedtls_x509_crt *path[VERIFY_PATH_MAX];
	struct verify_result *result; /* its path is the best one's */
	unsigned signatures;  /* checked so far */
	unsigned comparisons; /* of names with trees, left */
	uint32_t best;       /* failures of the best path so far */
	bool found;          /* one reached a root */
};

static const struct {
	const char *identifier;
	const char *words;
} failures[] = {
#define VERIFY_ROW(symbol, identifier, words) {identifier, words},
	VERIFY_TABLE(VERIFY_ROW)
#undef VERIFY_ROW
};

static uint32_t
bit(enum verify_failure failure)
{
	return (uint32_t)1 << failure;
}

static unsigned
count(uint32_t set)
{
	unsigned n = 0;

	for (; set != 0; set &= set - 1)
		n++;
	return n;
}

/* --- one certificate --- */

static bool
equal(const mbedtls_x509_buf *a, const mbedtls_x509_buf *b)
{
	return a->len == b->len && memcmp(a->p, b->p, a->len) == 0;
}

static bool
is_self_issued(const mbedtls_x509_crt *crt)
{
	return equal(&crt->issuer_raw, &crt->subject_raw);
}

static uint32_t
check_time(const mbedtls_x509_crt *crt, int64_t now_s)
{
	if (now_s < (int64_t)certificate_seconds(&crt->valid_from))
		return bit(VERIFY_NOT_YET_VALID);
	if (now_s > (int64_t)certificate_seconds(&crt->valid_to))
		return bit(VERIFY_EXPIRED);
	return 0;
}

static uint32_t
check_key(const mbedtls_x509_crt *crt)
{
	size_t bits = mbedtls_pk_get_bitlen(&crt->pk);

	switch (mbedtls_pk_get_type(&crt->pk)) {
	case MBEDTLS_PK_RSA:
	case MBEDTLS_PK_RSASSA_PSS:
		return bits < RSA_BITS_MIN ? bit(VERIFY_WEAK_KEY) : 0;
	default:
		return bits < EC_BITS_MIN ? bit(VERIFY_WEAK_KEY) : 0;
	}
}

static uint32_t
check_digest(const mbedtls_x509_crt *crt)
{
	switch (crt->sig_md) {
	case MBEDTLS_MD_SHA256:
	case MBEDTLS_MD_SHA384:
	case MBEDTLS_MD_SHA512:
		return 0;
	default:
		return bit(VERIFY_WEAK_SIGNATURE);
	}
}

static struct extensions
extensions_of(const mbedtls_x509_crt *crt)
{
	struct extensions found;

	extensions_read((struct der_span){crt->v3_ext.p, crt->v3_ext.len}, &found);
	return found;
}

static uint32_t
check_extensions(const struct extensions *e)
{
	return (e->malformed ? bit(VERIFY_MALFORMED) : 0) |
	    (e->unknown_critical ? bit(VERIFY_UNKNOWN_CRITICAL) : 0);
}

/* RFC 5280 section 4.2.1.12: absent means anything. An issuer's restricts what
 * it issues (as all browsers have it). */
static uint32_t
check_usage(const mbedtls_x509_crt *crt)
{
	return mbedtls_x509_crt_check_extended_key_usage(crt,
	           MBEDTLS_OID_SERVER_AUTH,
	           MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)) == 0
	    ? 0 : bit(VERIFY_WRONG_USAGE);
}

/* RFC 5280 section 4.2.1.3: with either of the bits a TLS server signs with, or
 * has its key used. */
static uint32_t
check_server_key_usage(const mbedtls_x509_crt *crt)
{
	if (mbedtls_x509_crt_check_key_usage(crt,
	        MBEDTLS_X509_KU_DIGITAL_SIGNATURE) == 0 ||
	    mbedtls_x509_crt_check_key_usage(crt,
	        MBEDTLS_X509_KU_KEY_ENCIPHERMENT) == 0 ||
	    mbedtls_x509_crt_check_key_usage(crt,
	        MBEDTLS_X509_KU_KEY_AGREEMENT) == 0)
		return 0;
	return bit(VERIFY_WRONG_USAGE);
}

static uint32_t
check_server(const struct verify_options *o, const mbedtls_x509_crt *crt)
{
	struct extensions e = extensions_of(crt);
	uint32_t set = check_time(crt, o->now_s) | check_key(crt) |
	    check_usage(crt) | check_server_key_usage(crt) | check_extensions(&e);

	if (known_bad(crt, o->distrust))
		set |= bit(VERIFY_KNOWN_BAD);
	if (!names_match_certificate(crt, o->host))
		set |= bit(VERIFY_NAME_MISMATCH);
	return set;
}

/* RFC 5280 section 6.1.3 (b) and (c): the names of what lies below, but of those
 * on the way that bear their issuer's name. */
static uint32_t
check_constraints(struct search *s, struct der_span value, unsigned below)
{
	uint32_t set = 0;

	for (unsigned i = 0; i < below && value.at != NULL; i++) {
		if (i > 0 && is_self_issued(s->path[i]))
			continue;
		switch (constraints_check(value, s->path[i], &s->comparisons)) {
		case CONSTRAINTS_MET:
			break;
		case CONSTRAINTS_VIOLATED:
			set |= bit(VERIFY_NAME_CONSTRAINTS);
			break;
		case CONSTRAINTS_MALFORMED:
			set |= bit(VERIFY_MALFORMED);
			break;
		case CONSTRAINTS_TOO_MANY:
			set |= bit(VERIFY_TOO_LONG);
			break;
		}
	}
	return set;
}

/* The bounds are read from the extension's own bytes: the library takes a lone
 * INTEGER for "is a CA". A root of version 1 may issue, since somebody put it
 * there; it cannot say what it is. */
static uint32_t
check_is_ca(const mbedtls_x509_crt *crt, const struct extensions *e,
    bool is_root, unsigned intermediates_below)
{
	uint32_t set = 0;

	if (!e->is_ca && !(is_root && crt->version == 1))
		set |= bit(VERIFY_NOT_A_CA);
	if (mbedtls_x509_crt_check_key_usage(crt,
	        MBEDTLS_X509_KU_KEY_CERT_SIGN) != 0)
		set |= bit(VERIFY_NOT_A_CA);
	if (e->path_length >= 0 && intermediates_below > (unsigned)e->path_length)
		set |= bit(VERIFY_PATH_LENGTH);
	return set;
}

static unsigned
intermediates(const struct search *s, unsigned depth)
{
	unsigned n = 0;

	for (unsigned i = 1; i < depth; i++)
		n += !is_self_issued(s->path[i]);
	return n;
}

/* Whether `crt`, which signed the last of `depth` certificates, may do so. */
static uint32_t
check_issuer(struct search *s, const mbedtls_x509_crt *crt, bool is_root,
    unsigned depth)
{
	const struct verify_options *o = s->options;
	struct extensions e = extensions_of(crt);
	uint32_t set = check_time(crt, o->now_s) | check_key(crt) |
	    check_usage(crt) | check_extensions(&e) |
	    check_is_ca(crt, &e, is_root, intermediates(s, depth)) |
	    check_constraints(s, e.name_constraints, depth);

	if (known_bad(crt, o->distrust))
		set |= bit(VERIFY_KNOWN_BAD);
	if (o->crls != NULL &&
	    revocation_names(o->crls, s->path[depth - 1], crt, &s->signatures))
		set |= bit(VERIFY_REVOKED);
	return set;
}

/* --- paths --- */

/* Row 15 of a tap's duties: two of us in a line would each hide the server's
 * own certificate from the other. */
static bool
is_own(const struct search *s, const mbedtls_x509_crt *crt)
{
	for (const mbedtls_x509_crt *own = s->options->own_ca; own != NULL;
	    own = own->next) {
		if (equal(&own->pk_raw, &crt->pk_raw))
			return true;
	}
	return false;
}

static bool
is_root(const struct search *s, const mbedtls_x509_crt *crt)
{
	for (const mbedtls_x509_crt *root = s->options->roots; root != NULL;
	    root = root->next) {
		if (equal(&root->raw, &crt->raw))
			return true;
	}
	return false;
}

static bool
in_path(const struct search *s, unsigned depth, const mbedtls_x509_crt *crt)
{
	for (unsigned i = 0; i < depth; i++) {
		if (equal(&s->path[i]->subject_raw, &crt->subject_raw) &&
		    equal(&s->path[i]->pk_raw, &crt->pk_raw))
			return true;
	}
	return false;
}

static bool
signed_by(const mbedtls_x509_crt *crt, const mbedtls_x509_crt *issuer)
{
	const mbedtls_md_info_t *md = mbedtls_md_info_from_type(crt->sig_md);
	uint8_t digest[MBEDTLS_MD_MAX_SIZE];
	/* The key's functions take it writable, and write nothing. */
	mbedtls_pk_context key = issuer->pk;

	return md != NULL && mbedtls_pk_can_do(&key, crt->sig_pk) &&
	    mbedtls_md(md, crt->tbs.p, crt->tbs.len, digest) == 0 &&
	    mbedtls_pk_verify_ext(crt->sig_pk, crt->sig_opts, &key, crt->sig_md,
	        digest, mbedtls_md_get_size(md), crt->sig.p, crt->sig.len) == 0;
}

/* The end of one path: keep it if it is the best. */
static void
conclude(struct search *s, unsigned depth, uint32_t set, bool reached_root)
{
	bool better = reached_root != s->found ? reached_root
	                                       : count(set) < count(s->best);

	if (better || s->best == UINT32_MAX) {
		s->best = set;
		for (unsigned i = 0; i < depth; i++)
			s->result->path[i] = s->path[i];
		s->result->path_length = depth;
	}
	s->found |= reached_root;
}

static bool
done(const struct search *s)
{
	return s->found && s->best == 0;
}

static void climb(struct search *s, unsigned depth, uint32_t set);

/* `issuer` has the right name. True: it signed, and its paths were tried. */
static bool
try_issuer(struct search *s, unsigned depth, uint32_t set,
    const mbedtls_x509_crt *issuer, bool root)
{
	const mbedtls_x509_crt *child = s->path[depth - 1];

	if (s->signatures >= SIGNATURES_MAX) {
		conclude(s, depth, set | bit(VERIFY_TOO_LONG), false);
		return true;
	}
	s->signatures++;
	if (!signed_by(child, issuer))
		return false;
	set |= check_digest(child) | check_issuer(s, issuer, root, depth);
	s->path[depth] = issuer;
	if (is_own(s, issuer))
		conclude(s, depth + 1, set | bit(VERIFY_OWN_CA), true);
	else if (root)
		conclude(s, depth + 1, set, true);
	else
		climb(s, depth + 1, set);
	return true;
}

/* Tries the issuers in one list; *named tells whether any bore the name. */
static bool
try_list(struct search *s, unsigned depth, uint32_t set,
    const mbedtls_x509_crt *list, bool roots, bool *named)
{
	const mbedtls_x509_crt *child = s->path[depth - 1];
	bool signer = false;

	for (; list != NULL && !done(s); list = list->next) {
		if (!equal(&child->issuer_raw, &list->subject_raw) ||
		    in_path(s, depth, list))
			continue;
		*named = true;
		signer |= try_issuer(s, depth, set, list, roots);
	}
	return signer;
}

/* Goes on from path[depth - 1], with what is wrong so far in `set`. */
static void
climb(struct search *s, unsigned depth, uint32_t set)
{
	const mbedtls_x509_crt *top = s->path[depth - 1];
	bool named = false;

	if (depth == VERIFY_PATH_MAX) {
		conclude(s, depth, set | bit(VERIFY_TOO_LONG), false);
		return;
	}
	bool signer = try_list(s, depth, set, s->options->roots, true, &named);
	signer |= try_list(s, depth, set, s->presented->next, false, &named);
	for (unsigned i = 0; i < VERIFY_AT_HAND_MAX; i++)
		signer |= try_list(s, depth, set, s->options->at_hand[i], false, &named);
	if (signer)
		return;
	if (is_own(s, top))
		set |= bit(VERIFY_OWN_CA);
	else if (named)
		set |= bit(VERIFY_BAD_SIGNATURE);
	else if (depth == 1 && is_self_issued(top))
		set |= bit(VERIFY_SELF_SIGNED);
	else
		set |= bit(VERIFY_UNKNOWN_ROOT);
	conclude(s, depth, set, false);
}

static void
report(uint32_t set, struct verify_result *result)
{
	result->trusted = set == 0;
	result->failures = set;
	result->identifier = "ok";
	result->words = "the chain is good";
	for (unsigned i = 0; i < ARRAY_LENGTH(failures); i++) {
		if ((set & (uint32_t)1 << i) == 0)
			continue;
		result->identifier = failures[i].identifier;
		result->words = failures[i].words;
		return;
	}
}

void
verify_chain(const mbedtls_x509_crt *chain,
    const struct verify_options *options, struct verify_result *result)
{
	struct search s = {.options = options, .presented = chain,
	    .path = {chain}, .result = result, .comparisons = COMPARISONS_MAX,
	    .best = UINT32_MAX};
	uint32_t set = check_server(options, chain);

	*result = (struct verify_result){0};
	/* A certificate that is trusted itself needs no issuer. */
	if (is_root(&s, chain))
		conclude(&s, 1, is_own(&s, chain) ? bit(VERIFY_OWN_CA) : 0, true);
	else
		climb(&s, 1, 0);
	report(set | s.best, result);
}

const char *
verify_identifier(enum verify_failure failure)
{
	return failures[failure].identifier;
}

const char *
verify_words(enum verify_failure failure)
{
	return failures[failure].words;
}
