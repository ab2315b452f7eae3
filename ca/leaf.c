/* SPDX-License-Identifier: ISC */
/*
 * The leaf's profile: which extensions it has and what they say. Signer, and
 * worker for the throwaway CA. It signs no key but on P-256 or of RSA, never the
 * CA's own, and nothing that could sign in its turn.
 */
#include "ca/leaf.h"

#include <stdlib.h>
#include <string.h>

#include <mbedtls/oid.h>

#include "base/err.h"
#include "ca/der.h"
#include "ca/issue.h"

/* RFC 5280 appendix A.1: ub-common-name. */
#define COMMON_NAME_BYTES_MAX 64
#define SUBJECT_BYTES 128
/* All the extensions but the SAN, and the SAN's own frame. */
#define FIXED_EXTENSION_BYTES 256
#define SAN_ENTRY_FRAME_BYTES 4
/* digitalSignature is bit 0 of one byte: seven bits are unused. */
static const uint8_t digital_signature[] = {7, 0x80};

#define SAN_DNS (DER_CONTEXT + 2)
#define SAN_IP (DER_CONTEXT + 7)

/* A name that is too long for it leaves the subject empty. */
static bool
has_subject(const struct names *names)
{
	return names->items[0].kind != NAME_DNS ||
	    names->items[0].length <= COMMON_NAME_BYTES_MAX;
}

/* Some clients (kdig) take no certificate without a subject. An address is no common
 * name, which others (GnuTLS) would hold against name constraints as a host's. */
static void
write_subject(struct der *d, const struct names *names)
{
	const struct name *first = &names->items[0];
	const uint8_t *end = d->at;
	char text[NAME_TEXT_BYTES];

	name_text(first, text);
	if (has_subject(names))
		issue_rdn(d, first->kind == NAME_DNS ? MBEDTLS_OID_AT_CN
		                                     : MBEDTLS_OID_AT_ORGANIZATION,
		    text, strlen(text));
	der_wrap(d, DER_SEQUENCE, end);
}

/* RFC 5280 section 4.2.1.6: critical when the subject is empty. */
static void
write_san(struct der *d, const struct names *names)
{
	const uint8_t *end = d->at;

	for (size_t i = names->count; i-- > 0;) {
		const struct name *n = &names->items[i];

		der_value(d, n->kind == NAME_DNS ? SAN_DNS : SAN_IP, n->bytes,
		    n->length);
	}
	der_wrap(d, DER_SEQUENCE, end);
	issue_extension(d, MBEDTLS_OID_SUBJECT_ALT_NAME, !has_subject(names),
	    end);
}

static void
write_usage(struct der *d)
{
	const uint8_t *end = d->at;

	der_value(d, DER_OID, MBEDTLS_OID_SERVER_AUTH,
	    MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH));
	der_wrap(d, DER_SEQUENCE, end);
	issue_extension(d, MBEDTLS_OID_EXTENDED_KEY_USAGE, false, end);
	end = d->at;
	der_value(d, DER_BIT_STRING, digital_signature, sizeof(digital_signature));
	issue_extension(d, MBEDTLS_OID_KEY_USAGE, true, end);
	end = d->at;
	der_wrap(d, DER_SEQUENCE, end); /* cA is FALSE by default */
	issue_extension(d, MBEDTLS_OID_BASIC_CONSTRAINTS, true, end);
}

static void
write_key_ids(struct der *d, const struct ca *ca,
    const uint8_t key_id[ISSUE_KEY_ID_BYTES])
{
	const mbedtls_x509_buf *issuer = &ca->certificate.subject_key_id;
	const uint8_t *end = d->at;

	if (issuer->len > 0) {
		der_value(d, DER_CONTEXT + 0, issuer->p, issuer->len);
		der_wrap(d, DER_SEQUENCE, end);
		issue_extension(d, MBEDTLS_OID_AUTHORITY_KEY_IDENTIFIER, false, end);
		end = d->at;
	}
	der_value(d, DER_OCTET_STRING, key_id, ISSUE_KEY_ID_BYTES);
	issue_extension(d, MBEDTLS_OID_SUBJECT_KEY_IDENTIFIER, false, end);
}

static size_t
extension_bytes(const struct ca *ca, const struct names *names)
{
	size_t size = FIXED_EXTENSION_BYTES + ca->certificate.subject_key_id.len;

	for (size_t i = 0; i < names->count; i++)
		size += names->items[i].length + SAN_ENTRY_FRAME_BYTES;
	return size;
}

static int
check(const struct ca *ca, const struct leaf_request *request)
{
	const mbedtls_x509_buf *own = &ca->certificate.pk_raw;

	if (request->names->count == 0 || request->names->count > NAMES_MAX ||
	    issue_key_kind(request->public_key, request->public_key_length) ==
	        ISSUE_KEY_NONE)
		return E_RANGE;
	for (size_t i = 0; i < request->names->count; i++)
		if (!scope_permits(&ca->scope, &request->names->items[i]))
			return E_DENIED;
	if (own->len == request->public_key_length &&
	    memcmp(own->p, request->public_key, own->len) == 0)
		return E_RANGE;
	return 0;
}

static int
issue(const struct ca *ca, const struct leaf_request *request,
    const struct der *extensions, const uint8_t *end, struct buf *out)
{
	int64_t end_s = request->now_s + request->validity_s;
	uint8_t subject[SUBJECT_BYTES];
	struct der name;

	der_init(&name, subject, sizeof(subject));
	write_subject(&name, request->names);
	const struct issue_parts parts = {
	    .issuer = {ca->certificate.subject_raw.p,
	        ca->certificate.subject_raw.len},
	    .subject = {name.at, (size_t)(subject + sizeof(subject) - name.at)},
	    .public_key = {request->public_key, request->public_key_length},
	    .extensions = {extensions->at, (size_t)(end - extensions->at)},
	    .not_before_s = request->now_s - ISSUE_BACKDATE_S,
	    .not_after_s = end_s < ca->end_s ? end_s : ca->end_s,
	};
	/* Signing does not change the key, but mbedTLS has no const for it. */
	mbedtls_pk_context key = ca->key;
	return issue_certificate(&key, &parts, out);
}

int
leaf_mint(const struct ca *ca, const struct leaf_request *request,
    struct buf *out)
{
	uint8_t key_id[ISSUE_KEY_ID_BYTES];
	struct der d;

	int error = check(ca, request);
	if (error == 0)
		error = issue_key_id(request->public_key, request->public_key_length,
		    key_id);
	if (error != 0)
		return error;
	size_t size = extension_bytes(ca, request->names);
	uint8_t *scratch = malloc(size);
	if (scratch == NULL)
		return E_NOMEM;
	der_init(&d, scratch, size);
	write_san(&d, request->names);
	write_usage(&d);
	write_key_ids(&d, ca, key_id);
	error = der_result(&d);
	if (error == 0)
		error = issue(ca, request, &d, scratch + size, out);
	free(scratch);
	return error;
}
