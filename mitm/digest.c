/* SPDX-License-Identifier: ISC */
/* Values into one digest. Pure; worker only. */
#include "mitm/digest.h"

#include <string.h>

#include "base/err.h"

void
digest_begin(struct digest *d)
{
	mbedtls_sha256_init(&d->sha);
	d->error = mbedtls_sha256_starts(&d->sha, 0);
}

static void
update(struct digest *d, const void *bytes, size_t length)
{
	if (d->error == 0)
		d->error = mbedtls_sha256_update(&d->sha, bytes, length);
}

void
digest_number(struct digest *d, uint64_t number)
{
	update(d, &number, sizeof(number));
}

void
digest_bytes(struct digest *d, const void *bytes, size_t length)
{
	digest_number(d, length);
	if (length > 0)
		update(d, bytes, length);
}

void
digest_text(struct digest *d, const char *text)
{
	if (text == NULL)
		digest_number(d, UINT64_MAX);
	else
		digest_bytes(d, text, strlen(text));
}

int
digest_end(struct digest *d, uint8_t out[DIGEST_SHA256_BYTES])
{
	if (d->error == 0)
		d->error = mbedtls_sha256_finish(&d->sha, out);
	mbedtls_sha256_free(&d->sha);
	return d->error == 0 ? 0 : E_CRYPTO;
}
