/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of ca/names. The first byte says what the rest is: a message for
 * names_read, a certificate whose SAN is read, or a text. Whatever comes in by
 * any of the ways goes out as a message and comes back the same, and every name
 * but a wildcard is one that the list speaks for. Runs in the fuzzer and in the
 * unit suite.
 */
#include "ca/names.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "t/fuzz/target.h"

#define TEXT_BYTES 512u
#define MESSAGE_BYTES_MAX (64u * 1024)

static void
speaks_for_its_own(const struct names *n, const struct name *name)
{
	char text[INET6_ADDRSTRLEN + 256] = "";

	if (name->kind == NAME_DNS)
		memcpy(text, name->bytes, name->length);
	else
		must(inet_ntop(name->kind == NAME_IP4 ? AF_INET : AF_INET6, name->bytes,
		    text, sizeof(text)) != NULL);
	must(strlen(text) > 0);
	must(names_match(n, text) == (text[0] != '*'));
}

static void
comes_back(const struct names *n)
{
	static struct names again;
	struct buf message;

	buf_init(&message, MESSAGE_BYTES_MAX);
	must(names_write(n, &message) == 0);
	must(names_read(&again, buf_data(&message), buf_length(&message)) ==
	    (int)buf_length(&message));
	must(again.count == n->count &&
	    memcmp(again.items, n->items, n->count * sizeof(n->items[0])) == 0);
	buf_free(&message);
	for (size_t i = 0; i < n->count; i++)
		speaks_for_its_own(n, &n->items[i]);
}

static void
from_message(struct names *n, const uint8_t *bytes, size_t length)
{
	int used = names_read(n, bytes, length);

	must(used == E_CORRUPT || (used > 0 && (size_t)used <= length));
	if (used == E_CORRUPT)
		n->count = 0;
}

static void
from_certificate(struct names *n, const uint8_t *bytes, size_t length)
{
	mbedtls_x509_crt crt;

	mbedtls_x509_crt_init(&crt);
	if (mbedtls_x509_crt_parse_der(&crt, bytes, length) == 0) {
		must(names_add_certificate(n, &crt) >= n->count);
		must(names_match(n, "www.example.com") ==
		        names_match_certificate(&crt, "www.example.com") ||
		    n->count == NAMES_MAX);
	}
	mbedtls_x509_crt_free(&crt);
}

static void
from_text(struct names *n, const uint8_t *bytes, size_t length)
{
	char text[TEXT_BYTES] = "";

	memcpy(text, bytes, length < sizeof(text) ? length : sizeof(text) - 1);
	int error = names_add(n, text);
	must(error == E_SYNTAX ? n->count == 0 : error == 0 && n->count == 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static struct names n;

	n.count = 0;
	if (length < 1)
		return 0;
	switch (bytes[0] % 3) {
	case 0:
		from_message(&n, bytes + 1, length - 1);
		break;
	case 1:
		from_certificate(&n, bytes + 1, length - 1);
		break;
	default:
		from_text(&n, bytes + 1, length - 1);
		break;
	}
	comes_back(&n);
	return 0;
}
