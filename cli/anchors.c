/* SPDX-License-Identifier: ISC */
/* Which certificates are roots, and what they are called. CLI. */
#include "cli/anchors.h"

#include <stdio.h>
#include <string.h>

#include <mbedtls/pem.h>

#include "base/digits.h"
#include "base/err.h"
#include "ca/key.h"

#define PEM_BYTES_MAX (16u * 1024)

static int
name(const mbedtls_x509_crt *crt, char out[ANCHOR_NAME_BYTES])
{
	uint8_t digest[CA_DIGEST_BYTES];

	int error = ca_digest(crt, digest);
	if (error != 0)
		return error;
	(void)snprintf(out, ANCHOR_NAME_BYTES, ANCHOR_PREFIX);
	for (size_t i = 0; i < ANCHOR_DIGITS / 2; i++)
		(void)snprintf(out + strlen(out), 3, "%02x", digest[i]);
	return 0;
}

static int
write_pem(const mbedtls_x509_crt *crt, struct buf *out)
{
	uint8_t *room;
	size_t length;

	buf_init(out, PEM_BYTES_MAX);
	int error = buf_reserve(out, PEM_BYTES_MAX, &room);
	if (error != 0)
		return error;
	if (mbedtls_pem_write_buffer("-----BEGIN CERTIFICATE-----\n",
	        "-----END CERTIFICATE-----\n", crt->raw.p, crt->raw.len, room,
	        PEM_BYTES_MAX, &length) != 0)
		return E_LIMIT;
	buf_commit(out, length - 1); /* the NUL */
	return 0;
}

int
anchors_take(struct anchors *a, const mbedtls_x509_crt *certificates)
{
	int error = 0;

	a->count = 0;
	for (const mbedtls_x509_crt *crt = certificates; error == 0 && crt != NULL;
	    crt = crt->next) {
		if (!ca_is_self_issued(crt))
			continue;
		if (a->count == ANCHORS_MAX)
			return E_FULL;
		struct anchor *one = &a->items[a->count++];
		error = write_pem(crt, &one->pem);
		if (error == 0)
			error = name(crt, one->name);
	}
	return error == 0 && a->count == 0 ? E_NOTFOUND : error;
}

void
anchors_free(struct anchors *a)
{
	for (size_t i = 0; i < a->count; i++)
		buf_free(&a->items[i].pem);
	a->count = 0;
}

bool
anchor_is_name(const char *text, size_t length)
{
	size_t prefix = strlen(ANCHOR_PREFIX);

	if (length != prefix + ANCHOR_DIGITS || memcmp(text, ANCHOR_PREFIX, prefix) != 0)
		return false;
	for (size_t i = prefix; i < length; i++) {
		if (digit_hex((uint8_t)text[i]) < 0)
			return false;
	}
	return true;
}
