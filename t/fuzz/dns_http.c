/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target of mitm/dns_http: the first byte chooses GET or POST, the second is the
 * length of the target or of the query, and the rest is the answer. What is told is a
 * query, with an answer or a reason. Runs in the fuzzer and in the unit suite.
 */
#include "mitm/dns_http.h"

#include <stdlib.h>
#include <string.h>

#include "t/fuzz/target.h"

static struct bytes
text_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static void
check(const struct dns_transaction *t)
{
	must(t->query != NULL && !t->query->is_response);
	must((t->response == NULL) == (t->incomplete != NULL));
	must(t->response == NULL || t->response->is_response);
	must(t->asked_us <= t->answered_us);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const struct http_field type = {text_of("Content-Type"),
	    text_of("application/dns-message")};
	struct dns_http dns;

	if (length < 2)
		return 0;
	size_t asked = bytes[1] < length - 2 ? bytes[1] : length - 2;
	const struct bytes query = {bytes + 2, asked};
	struct http_exchange e = {.method = text_of(bytes[0] % 2 ? "GET" : "POST"),
	    .request = {.fields = &type, .field_count = 1, .body = {.content = query},
	        .first_us = 1, .last_us = 2},
	    .response = {.fields = &type, .field_count = 1,
	        .body = {.content = {bytes + 2 + asked, length - 2 - asked}}}};

	if (dns_http_read(&e, query, &dns))
		check(&dns.transaction);
	dns_http_free(&dns);
	return 0;
}
