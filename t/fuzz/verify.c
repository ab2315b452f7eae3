/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/verify and what it reads with: the first byte says what the
 * rest is: a chain of certificates (DER or PEM) whose last one is the root, a list
 * of extensions, name constraints over the names of a certificate behind them,
 * a revocation list, or the body of a Certificate message of TLS 1.2 or 1.3. A
 * verdict is the same twice, agrees with its failures,
 * and trusts nothing without a root. Runs in the fuzzer and in the unit suite.
 */
#include "mitm/verify.h"

#include <stdlib.h>
#include <string.h>

#include <psa/crypto.h>

#include "base/err.h"
#include "mitm/certificate_read.h"
#include "mitm/constraints.h"
#include "mitm/extensions.h"
#include "mitm/trust.h"
#include "t/fuzz/target.h"

#define NOW_S 1800000000 /* 2027-01-15T08:00:00Z */

static void
judge(const mbedtls_x509_crt *chain, struct trust *t)
{
	struct verify_options options = {.now_s = NOW_S, .host = "www.example.com"};
	struct verify_result first, second;

	trust_options(t, &options);
	verify_chain(chain, &options, &first);
	verify_chain(chain, &options, &second);
	must(first.failures == second.failures);
	must(first.trusted == (first.failures == 0));
	must(first.trusted == (strcmp(first.identifier, "ok") == 0));
	must(first.path_length >= 1 && first.path_length <= VERIFY_PATH_MAX);
	must(first.path[0] == chain);
	trust_remember(t, &first);
	options.roots = NULL;
	verify_chain(chain, &options, &second);
	must(!second.trusted);
}

/* What is read is judged with the last of it for a root. */
static void
from_chain(const uint8_t *text, size_t length)
{
	mbedtls_x509_crt chain;
	struct trust t;
	size_t bad, again;

	trust_init(&t);
	mbedtls_x509_crt_init(&chain);
	size_t count = trust_read(&chain, text, length, &bad);
	must(bad <= count);
	if (chain.raw.p != NULL) {
		const mbedtls_x509_crt *last = &chain;
		while (last->next != NULL && last->next->raw.p != NULL)
			last = last->next;
		/* A DER behind which there is no NUL: it is not looked for. */
		(void)trust_set_roots(&t, last->raw.p, last->raw.len, &again);
		judge(&chain, &t);
	}
	mbedtls_x509_crt_free(&chain);
	trust_free(&t);
}

static bool
lies_in(struct der_span inner, const uint8_t *bytes, size_t length)
{
	return inner.at == NULL ||
	    (inner.at >= bytes && inner.length <= length &&
	        (size_t)(inner.at - bytes) <= length - inner.length);
}

static void
from_extensions(const uint8_t *bytes, size_t length)
{
	struct der_span all = {bytes, length};
	struct extensions e;

	extensions_read(all, &e);
	must(e.path_length >= -1 && e.path_length <= 255);
	must(lies_in(e.name_constraints, bytes, length));
	must(!e.unknown_critical || length > 0);
	must(extensions_any_critical(all) || !e.unknown_critical);
}

/* One element is the constraints, the next the certificate that they meet. */
static void
from_constraints(const uint8_t *bytes, size_t length)
{
	struct der_span rest = {bytes, length}, content;
	mbedtls_x509_crt crt;
	unsigned budget = 1000;
	size_t bad;

	mbedtls_x509_crt_init(&crt);
	if (der_read_tag(&rest, DER_READ_SEQUENCE, &content)) {
		struct der_span value = {bytes, length - rest.length};
		(void)trust_read(&crt, rest.at, rest.length, &bad);
		enum constraints_outcome outcome =
		    constraints_check(value, &crt, &budget);
		must(budget <= 1000);
		must(outcome != CONSTRAINTS_TOO_MANY || budget == 0);
	}
	mbedtls_x509_crt_free(&crt);
}

static void
from_list(const uint8_t *text, size_t length)
{
	struct revocation *r = revocation_new();

	if (r == NULL)
		return;
	int count = revocation_add(r, text, length);
	must(count > 0 || count == E_SYNTAX || count == E_VERSION ||
	    count == E_NOMEM);
	must(count < 0 || revocation_expired(r, INT64_MAX) <= (size_t)count);
	revocation_free(r);
}

static void
from_message(const uint8_t *body, size_t length, bool tls13)
{
	mbedtls_x509_crt list;

	mbedtls_x509_crt_init(&list);
	int error = certificate_message_read(&list, body, length, tls13);
	must(error == 0 || error == E_SYNTAX || error == E_VERSION ||
	    error == E_NOMEM);
	must(list.raw.p == NULL || list.raw.len < length);
	mbedtls_x509_crt_free(&list);
}

static void
from_message_12(const uint8_t *body, size_t length)
{
	from_message(body, length, false);
}

static void
from_message_13(const uint8_t *body, size_t length)
{
	from_message(body, length, true);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static void (*const ways[])(const uint8_t *, size_t) = {from_chain,
	    from_extensions, from_constraints, from_list, from_message_12,
	    from_message_13};

	if (length < 1 || psa_crypto_init() != PSA_SUCCESS)
		return 0;
	/* Files are handed over with a NUL behind them. */
	uint8_t *copy = calloc(1, length);
	if (copy == NULL)
		return 0;
	memcpy(copy, bytes + 1, length - 1);
	ways[bytes[0] % ARRAY_LENGTH(ways)](copy, length - 1);
	free(copy);
	return 0;
}
