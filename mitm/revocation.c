/* SPDX-License-Identifier: ISC */
/*
 * Lists kept with their serial numbers in order, so that one is found in a large
 * list without a walk. Pure; worker and CLI. It asks nobody: no distribution
 * point, no OCSP.
 */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS /* a list's signature has no getter */
#include "mitm/revocation.h"

#include <stdlib.h>
#include <string.h>

#include <mbedtls/asn1.h>
#include <mbedtls/error.h>
#include <mbedtls/md.h>
#include <mbedtls/x509_crl.h>

#include "base/err.h"
#include "mitm/certificate.h"
#include "mitm/extensions.h"

struct list {
	struct list *next;
	const mbedtls_x509_crl *crl; /* in its file's chain */
	struct der_span *serials; /* owned, in order */
	size_t count;
	uint8_t *signer; /* owned: SubjectPublicKeyInfo that signed it, or NULL */
	size_t signer_length;
};

struct file {
	struct file *next;
	mbedtls_x509_crl crls;
};

struct revocation {
	struct file *files;
	struct list *lists;
};

/* --- serial numbers --- */

static int
compare(const void *one, const void *other)
{
	const struct der_span *a = one, *b = other;

	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	return a->length == 0 ? 0 : memcmp(a->at, b->at, a->length);
}

static struct der_span
span(const mbedtls_x509_buf *buf)
{
	return (struct der_span){.at = buf->p, .length = buf->len};
}

static bool
names_serial(const struct list *l, const mbedtls_x509_buf *serial)
{
	struct der_span wanted = span(serial);

	return l->count > 0 && bsearch(&wanted, l->serials, l->count,
	                           sizeof(l->serials[0]), compare) != NULL;
}

/* The library keeps one entry where the list has none: without bytes. */
static size_t
count_entries(const mbedtls_x509_crl *crl)
{
	size_t count = 0;

	for (const mbedtls_x509_crl_entry *e = &crl->entry;
	    e != NULL && e->raw.p != NULL; e = e->next)
		count++;
	return count;
}

/* The library's length is that of the content, its pointer that of the head. */
static bool
has_critical(const mbedtls_x509_crl_entry *e)
{
	const uint8_t *at = e->entry_ext.p, *end = e->raw.p + e->raw.len;

	return at != NULL &&
	    extensions_any_critical((struct der_span){at, (size_t)(end - at)});
}

static int
index_serials(struct list *l)
{
	const mbedtls_x509_crl_entry *e = &l->crl->entry;

	l->count = count_entries(l->crl);
	if (l->count == 0)
		return 0;
	l->serials = calloc(l->count, sizeof(l->serials[0]));
	if (l->serials == NULL)
		return E_NOMEM;
	for (size_t i = 0; i < l->count; i++, e = e->next) {
		if (has_critical(e))
			return E_VERSION;
		l->serials[i] = span(&e->serial);
	}
	qsort(l->serials, l->count, sizeof(l->serials[0]), compare);
	return 0;
}

/* --- files --- */

static void
free_list(struct list *l)
{
	if (l == NULL)
		return;
	free(l->serials);
	free(l->signer);
	free(l);
}

static void
free_file(struct file *f)
{
	if (f == NULL)
		return;
	mbedtls_x509_crl_free(&f->crls);
	free(f);
}

struct revocation *
revocation_new(void)
{
	return calloc(1, sizeof(struct revocation));
}

void
revocation_free(struct revocation *r)
{
	if (r == NULL)
		return;
	for (struct list *l = r->lists, *next; l != NULL; l = next) {
		next = l->next;
		free_list(l);
	}
	for (struct file *f = r->files, *next; f != NULL; f = next) {
		next = f->next;
		free_file(f);
	}
	free(r);
}

static int
parse(struct file *f, const uint8_t *bytes, size_t length)
{
	int error;

	mbedtls_x509_crl_init(&f->crls);
	if (length > 0 && bytes[0] == MBEDTLS_ASN1_SEQUENCE + MBEDTLS_ASN1_CONSTRUCTED)
		error = mbedtls_x509_crl_parse_der(&f->crls, bytes, length);
	else
		error = mbedtls_x509_crl_parse(&f->crls, bytes, length + 1);
	if (error == MBEDTLS_ERR_X509_ALLOC_FAILED)
		return E_NOMEM;
	/* How the library says that an extension is critical. */
	if (error == MBEDTLS_ERR_X509_INVALID_EXTENSIONS +
	        MBEDTLS_ERR_ASN1_UNEXPECTED_TAG)
		return E_VERSION;
	return error == 0 && f->crls.version != 0 ? 0 : E_SYNTAX;
}

/* Puts one list of a file in front of r's. */
static int
add_list(struct revocation *r, const mbedtls_x509_crl *crl)
{
	struct list *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return E_NOMEM;
	l->crl = crl;
	int error = index_serials(l);
	if (error != 0) {
		free_list(l);
		return error;
	}
	l->next = r->lists;
	r->lists = l;
	return 0;
}

static void
take_back(struct revocation *r, int count)
{
	for (; count > 0; count--) {
		struct list *l = r->lists;
		r->lists = l->next;
		free_list(l);
	}
}

int
revocation_add(struct revocation *r, const uint8_t *bytes, size_t length)
{
	struct file *f = calloc(1, sizeof(*f));
	int count = 0;

	if (f == NULL)
		return E_NOMEM;
	int error = parse(f, bytes, length);
	for (const mbedtls_x509_crl *crl = &f->crls; error == 0 && crl != NULL;
	    crl = crl->next) {
		error = add_list(r, crl);
		count += error == 0;
	}
	if (error != 0) {
		take_back(r, count);
		free_file(f);
		return error;
	}
	f->next = r->files;
	r->files = f;
	return count;
}

/* --- judging --- */

/* RFC 5280 section 6.3.3 (f) and (g): with SHA-2, by a key that may sign lists. */
static bool
verify(const mbedtls_x509_crl *crl, const mbedtls_x509_crt *issuer)
{
	const mbedtls_md_info_t *md = mbedtls_md_info_from_type(crl->sig_md);
	uint8_t digest[MBEDTLS_MD_MAX_SIZE];
	/* The key's functions take it writable, and write nothing. */
	mbedtls_pk_context key = issuer->pk;

	if (md == NULL || mbedtls_md_get_size(md) < 32 ||
	    mbedtls_x509_crt_check_key_usage(issuer, MBEDTLS_X509_KU_CRL_SIGN) != 0)
		return false;
	return mbedtls_pk_can_do(&key, crl->sig_pk) &&
	    mbedtls_md(md, crl->tbs.p, crl->tbs.len, digest) == 0 &&
	    mbedtls_pk_verify_ext(crl->sig_pk, crl->sig_opts, &key, crl->sig_md,
	        digest, mbedtls_md_get_size(md), crl->sig.p, crl->sig.len) == 0;
}

static bool
is_signer(const struct list *l, const mbedtls_x509_crt *issuer)
{
	return l->signer != NULL && l->signer_length == issuer->pk_raw.len &&
	    memcmp(l->signer, issuer->pk_raw.p, issuer->pk_raw.len) == 0;
}

static bool
signed_by(struct list *l, const mbedtls_x509_crt *issuer, unsigned *signatures)
{
	if (is_signer(l, issuer))
		return mbedtls_x509_crt_check_key_usage(issuer,
		           MBEDTLS_X509_KU_CRL_SIGN) == 0;
	(*signatures)++;
	if (!verify(l->crl, issuer))
		return false;
	uint8_t *signer = malloc(issuer->pk_raw.len);
	if (signer != NULL) {
		memcpy(signer, issuer->pk_raw.p, issuer->pk_raw.len);
		free(l->signer);
		l->signer = signer;
		l->signer_length = issuer->pk_raw.len;
	}
	return true;
}

bool
revocation_names(struct revocation *r, const mbedtls_x509_crt *crt,
    const mbedtls_x509_crt *issuer, unsigned *signatures)
{
	for (struct list *l = r->lists; l != NULL; l = l->next) {
		/* The number first: a signature is checked only if it matters. */
		if (der_equal(span(&l->crl->issuer_raw), span(&crt->issuer_raw)) &&
		    names_serial(l, &crt->serial) &&
		    signed_by(l, issuer, signatures))
			return true;
	}
	return false;
}

size_t
revocation_expired(const struct revocation *r, int64_t now_s)
{
	size_t count = 0;

	for (const struct list *l = r->lists; l != NULL; l = l->next) {
		const mbedtls_x509_time *until = &l->crl->next_update;
		count += until->year != 0 && now_s > (int64_t)certificate_seconds(until);
	}
	return count;
}
