/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/fingerprint and mitm/offer, which read the same hellos: a
 * fingerprint has its shape and depends on nothing but the hello; what is
 * mirrored is of the client's offers or of our own, nothing twice. Runs in the
 * fuzzer and in the unit suites.
 */
#include "mitm/fingerprint.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "mitm/offer.h"
#include "t/fuzz/target.h"

static bool
is_hex(const char *text, size_t length)
{
	return strlen(text) == length &&
	    strspn(text, "0123456789abcdef") == length;
}

static void
check_text(const struct fingerprint_text *t)
{
	must(t->length < sizeof(t->bytes) && strlen(t->bytes) == t->length);
}

static void
check_fingerprints(const struct hello *h)
{
	struct fingerprint_text text;
	char ja3[33], ja4[37], again[37];

	fingerprint_ja3_text(h, &text);
	check_text(&text);
	fingerprint_ja4_text(h, &text);
	check_text(&text);
	int error = fingerprint_ja3(h, ja3);
	must(error == (h->offers_cut ? E_LIMIT : 0));
	must(error != 0 || is_hex(ja3, 32));
	must(fingerprint_ja4(h, ja4) == error);
	if (error != 0)
		return;
	must(strlen(ja4) == 36 && ja4[0] == 't' && ja4[10] == '_');
	must(ja4[23] == '_' && is_hex(ja4 + 24, 12));
	must(fingerprint_ja4(h, again) == 0 && strcmp(ja4, again) == 0);
}

static bool
was_offered(const struct hello *h, const struct hello_list *list, unsigned value)
{
	for (size_t i = 0; i < list->count; i++)
		if (hello_values(h, list)[i] == value)
			return true;
	return false;
}

static bool
is_among(const int *suites, int suite)
{
	for (; *suites != 0; suites++)
		if (*suites == suite)
			return true;
	return false;
}

static void
check_offer(const struct hello *h, bool cbc)
{
	struct offer own, strict, mirrored;
	bool client_only = true, own_only = true;
	size_t count = 0;

	offer_own(true, &own);
	offer_own(false, &strict);
	offer_mirror(h, cbc, &mirrored);
	for (; mirrored.suites[count] != 0; count++) {
		int suite = mirrored.suites[count];
		must(count < OFFER_SUITES_MAX);
		must(is_among(cbc ? own.suites : strict.suites, suite));
		must(!is_among(mirrored.suites + count + 1, suite));
		client_only &= was_offered(h, &h->suites, (unsigned)suite);
		own_only &= is_among(strict.suites, suite);
	}
	must(count > 0 && (client_only || own_only));
	must(mirrored.groups[0] != 0 && mirrored.schemes[0] != 0);
}

static void
check_server(const uint8_t *bytes, size_t length)
{
	struct fingerprint_text text;
	struct server_hello h;
	char ja3s[33];

	if (server_hello_parse(bytes, length, &h) != 0)
		return;
	fingerprint_ja3s_text(&h, &text);
	check_text(&text);
	must(fingerprint_ja3s(&h, ja3s) == (h.extensions_cut ? E_LIMIT : 0));
	must(h.extensions_cut || is_hex(ja3s, 32));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct hello h;

	if (hello_parse(bytes, length, &h) > 0) {
		check_fingerprints(&h);
		check_offer(&h, true);
		check_offer(&h, false);
	}
	if (length > 9)
		check_server(bytes + 9, length - 9);
	return 0;
}
