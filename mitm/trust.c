/* SPDX-License-Identifier: ISC */
/*
 * Certificates from bytes into lists, and the lists into a verdict's options.
 * Worker and CLI. Nothing here is believed by itself: verify.c judges.
 */
#include "mitm/trust.h"

#include <stdbool.h>
#include <string.h>

#include <mbedtls/pem.h>

#include "base/err.h"
#include "mitm/certificate_read.h"
#include "mitm/der_read.h"

#define PEM_BEGIN "-----BEGIN CERTIFICATE-----"
#define PEM_END "-----END CERTIFICATE-----"

void
trust_init(struct trust *t)
{
	*t = (struct trust){0};
	mbedtls_x509_crt_init(&t->roots);
	mbedtls_x509_crt_init(&t->intermediates);
	mbedtls_x509_crt_init(&t->seen);
}

static void
clear(mbedtls_x509_crt *list)
{
	mbedtls_x509_crt_free(list);
	mbedtls_x509_crt_init(list);
}

void
trust_free(struct trust *t)
{
	clear(&t->roots);
	clear(&t->intermediates);
	clear(&t->seen);
	revocation_free(t->crls);
	revocation_free(t->new_crls);
	t->crls = t->new_crls = NULL;
	distrust_free(&t->distrust);
}

/* --- reading --- */

static bool
add(mbedtls_x509_crt *list, const uint8_t *der, size_t length)
{
	return certificate_read(list, der, length) == 0;
}

static size_t
read_pem(mbedtls_x509_crt *list, const char *text, size_t *bad)
{
	size_t count = 0, used;

	while ((text = strstr(text, PEM_BEGIN)) != NULL) {
		mbedtls_pem_context pem;

		mbedtls_pem_init(&pem);
		if (mbedtls_pem_read_buffer(&pem, PEM_BEGIN, PEM_END,
		        (const unsigned char *)text, NULL, 0, &used) != 0) {
			*bad += 1;
			used = sizeof(PEM_BEGIN) - 1;
		} else {
			size_t length;
			const unsigned char *der = mbedtls_pem_get_buffer(&pem, &length);
			*bad += !add(list, der, length);
		}
		mbedtls_pem_free(&pem);
		text += used;
		count++;
	}
	return count;
}

static size_t
read_der(mbedtls_x509_crt *list, struct der_span bytes, size_t *bad)
{
	size_t count = 0;

	for (; bytes.length > 0; count++) {
		struct der_span content;
		const uint8_t *from = bytes.at;

		if (!der_read_tag(&bytes, DER_READ_SEQUENCE, &content)) {
			*bad += 1;
			return count + 1;
		}
		*bad += !add(list, from, (size_t)(bytes.at - from));
	}
	return count;
}

size_t
trust_read(mbedtls_x509_crt *list, const uint8_t *bytes, size_t length,
    size_t *bad)
{
	*bad = 0;
	if (length > 0 && bytes[0] == DER_READ_SEQUENCE)
		return read_der(list, (struct der_span){bytes, length}, bad);
	return read_pem(list, (const char *)bytes, bad);
}

static bool
equal(const mbedtls_x509_buf *a, const mbedtls_x509_buf *b)
{
	return a->len == b->len && memcmp(a->p, b->p, a->len) == 0;
}

static bool
has_issuer(const mbedtls_x509_crt *list, const mbedtls_x509_crt *crt)
{
	for (; list != NULL && list->raw.p != NULL; list = list->next)
		if (list != crt && equal(&list->subject_raw, &crt->issuer_raw))
			return true;
	return false;
}

size_t
trust_set_roots(struct trust *t, const uint8_t *bytes, size_t length,
    size_t *bad)
{
	mbedtls_x509_crt all;

	mbedtls_x509_crt_init(&all);
	size_t count = trust_read(&all, bytes, length, bad);
	clear(&t->roots);
	clear(&t->intermediates);
	clear(&t->seen);
	t->seen_count = 0;
	trust_changed(t);
	for (const mbedtls_x509_crt *crt = &all; crt != NULL && crt->raw.p != NULL;
	    crt = crt->next) {
		bool root = equal(&crt->issuer_raw, &crt->subject_raw) ||
		    !has_issuer(&all, crt);
		*bad += !add(root ? &t->roots : &t->intermediates, crt->raw.p,
		    crt->raw.len);
	}
	mbedtls_x509_crt_free(&all);
	return count;
}

/* --- revocation --- */

int
trust_add_crls(struct trust *t, const uint8_t *bytes, size_t length)
{
	if (t->new_crls == NULL)
		t->new_crls = revocation_new();
	return t->new_crls == NULL ? E_NOMEM
	                           : revocation_add(t->new_crls, bytes, length);
}

void
trust_use_crls(struct trust *t)
{
	revocation_free(t->crls);
	t->crls = t->new_crls;
	t->new_crls = NULL;
	trust_changed(t);
}

/* --- verdicts --- */

void
trust_changed(struct trust *t)
{
	t->generation++;
}

static const mbedtls_x509_crt *
unless_empty(const mbedtls_x509_crt *list)
{
	return list->raw.p != NULL ? list : NULL;
}

void
trust_options(const struct trust *t, struct verify_options *options)
{
	options->roots = unless_empty(&t->roots);
	options->at_hand[0] = unless_empty(&t->intermediates);
	options->at_hand[1] = unless_empty(&t->seen);
	options->crls = t->crls;
	options->distrust = &t->distrust;
}

static bool
is_in(const mbedtls_x509_crt *list, const mbedtls_x509_crt *crt)
{
	for (; list != NULL && list->raw.p != NULL; list = list->next)
		if (equal(&list->raw, &crt->raw))
			return true;
	return false;
}

static bool
is_new(const struct trust *t, const mbedtls_x509_crt *crt)
{
	return crt->raw.len <= TRUST_SEEN_BYTES_MAX &&
	    !is_in(&t->intermediates, crt) && !is_in(&t->seen, crt);
}

void
trust_remember(struct trust *t, const struct verify_result *result)
{
	const mbedtls_x509_crt *fresh[VERIFY_PATH_MAX];
	size_t count = 0;

	if (!result->trusted)
		return;
	for (unsigned i = 1; i + 1 < result->path_length; i++)
		if (is_new(t, result->path[i]))
			fresh[count++] = result->path[i];
	if (t->seen_count + count > TRUST_SEEN_MAX) {
		/* Others of the path may be in the list that goes. */
		clear(&t->seen);
		t->seen_count = 0;
		return;
	}
	for (size_t i = 0; i < count; i++)
		t->seen_count += add(&t->seen, fresh[i]->raw.p, fresh[i]->raw.len);
}
